package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/wire"
)

// public is a handler for anybody, personal one for somebody who is signed in: you is their device.
type (
	public   func(w http.ResponseWriter, r *http.Request) error
	personal func(w http.ResponseWriter, r *http.Request, you account.Device) error
)

// signedIn finds who asks (Matrix client-server API, "Using access tokens").
func (f *Face) signedIn(h personal) public {
	return func(w http.ResponseWriter, r *http.Request) error {
		you, err := f.Accounts.Authenticate(r.Context(), token(r))
		if err != nil {
			return err
		}
		return h(w, r, you)
	}
}

func token(r *http.Request) string {
	if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return t
	}
	return r.URL.Query().Get("access_token")
}

// answers is how a kind of error is answered, unless the error itself names a code.
var answers = map[fault.Kind]struct {
	status int
	code   string
}{
	fault.Internal:    {http.StatusInternalServerError, "M_UNKNOWN"},
	fault.Invalid:     {http.StatusBadRequest, "M_INVALID_PARAM"},
	fault.SignedOut:   {http.StatusUnauthorized, "M_UNKNOWN_TOKEN"},
	fault.Denied:      {http.StatusForbidden, "M_FORBIDDEN"},
	fault.NotFound:    {http.StatusNotFound, "M_NOT_FOUND"},
	fault.Conflict:    {http.StatusBadRequest, "M_UNKNOWN"}, // what is in conflict has a code of its own, and 400, in the specification
	fault.Gone:        {http.StatusNotFound, "M_NOT_FOUND"},
	fault.TooLarge:    {http.StatusRequestEntityTooLarge, "M_TOO_LARGE"},
	fault.Limited:     {http.StatusTooManyRequests, "M_LIMIT_EXCEEDED"},
	fault.Held:        {http.StatusForbidden, "M_FORBIDDEN"},
	fault.Unavailable: {http.StatusServiceUnavailable, "M_UNKNOWN"},
}

// fail answers an error (Matrix client-server API, "Standard error response"). Only a fault's words leave the server; what
// is ours to mend is logged, once, and without anything of the request but its route.
func (f *Face) fail(w http.ResponseWriter, r *http.Request, route string, err error) {
	if errors.Is(err, wire.ErrGone) || errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is there any more
	}
	kind := fault.Of(err)
	a := answers[kind]
	body := map[string]any{"errcode": a.code, "error": fault.Say(err)}
	if code := fault.Code(err); code != "" {
		body["errcode"] = code
	}
	var e *fault.Error
	if errors.As(err, &e) && e.Retry > 0 {
		body["retry_after_ms"] = e.Retry.Milliseconds()
		w.Header().Set("Retry-After", strconv.Itoa(int((e.Retry+time.Second-1)/time.Second)))
	}
	switch kind {
	case fault.Internal:
		f.Log.Error("answer a Matrix request", "method", r.Method, "route", route, "error", err)
	case fault.Unavailable:
		f.Log.Warn("answer a Matrix request", "method", r.Method, "route", route, "error", err)
	}
	write(w, a.status, body)
}

// Refuse answers a request that package wire does not pass on, in Matrix's form: for wire.Config.
func Refuse(w http.ResponseWriter, _ *http.Request, status int, err error) {
	code := "M_UNKNOWN"
	if status == http.StatusRequestEntityTooLarge {
		code = "M_TOO_LARGE"
	}
	cors(w)
	write(w, status, map[string]any{"errcode": code, "error": fault.Say(err)})
}

// unrecognized answers what is not in Handler's list: 404 for an unknown path, 405 for a known one with another method.
func unrecognized(w http.ResponseWriter, status int) {
	write(w, status, map[string]any{"errcode": "M_UNRECOGNIZED", "error": "This server does not offer this call of the Matrix API"})
}

// cors lets web clients of any origin in (Matrix client-server API, "Web Browser Clients").
func cors(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "X-Requested-With, Content-Type, Authorization")
}

// write answers with JSON that is no content.
func write(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(b) // an error here means that the peer has gone
	return nil
}

type fields map[string]any

// reply answers 200 with JSON that is no content.
func reply(w http.ResponseWriter, v any) error { return write(w, http.StatusOK, v) }

// send answers 200 with JSON that may hold content.
func send(w http.ResponseWriter, r *http.Request, fill func(*wire.Out) error) error {
	return wire.Send(w, r, http.StatusOK, "application/json", fill)
}

// maxBody is how large a body without content may be, in bytes.
const maxBody = 256 << 10

// object reads a body that is one JSON object and holds no content. An empty body is an empty object.
func object(w http.ResponseWriter, r *http.Request) (json.RawMessage, error) {
	b, err := wire.AllowBody(w, r, maxBody)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return json.RawMessage("{}"), nil
	}
	if !utf8.Valid(b) || !json.Valid(b) {
		return nil, fault.New(fault.Invalid, "The request is not JSON in UTF-8").WithCode("M_NOT_JSON")
	}
	if bytes.TrimSpace(b)[0] != '{' {
		return nil, badJSON()
	}
	return b, nil
}

// read is object into a struct.
func read(w http.ResponseWriter, r *http.Request, into any) error {
	b, err := object(w, r)
	if err != nil {
		return err
	}
	if json.Unmarshal(b, into) != nil {
		return badJSON()
	}
	return nil
}

func badJSON() error {
	return fault.New(fault.Invalid, "The request is JSON, but not of the form that this call needs").WithCode("M_BAD_JSON")
}

func missing(name string) error {
	return fault.New(fault.Invalid, "The request needs %s", name).WithCode("M_MISSING_PARAM")
}

func invalid(name string) error {
	return fault.New(fault.Invalid, "The parameter %s is not valid", name)
}

// part returns a part of the path, decoded once: Handler has matched the path as it was sent.
func part(r *http.Request, name string) string {
	s, err := url.PathUnescape(r.PathValue(name))
	if err != nil || !utf8.ValidString(s) {
		return "\x00" // no identifier has it
	}
	return s
}

func roomOf(r *http.Request) id.Room   { return id.Room(part(r, "room")) }
func eventOf(r *http.Request) id.Event { return id.Event(part(r, "event")) }

// yourself refuses calls that a person can make for their own user ID only.
func yourself(r *http.Request, you account.Device) error {
	if part(r, "user") != string(you.Person) {
		return fault.New(fault.Denied, "You can do this for yourself only")
	}
	return nil
}

// number reads a number from the query: fallback if it is not there, at most most.
func number(r *http.Request, name string, fallback, most int) (int, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, invalid(name)
	}
	return min(n, most), nil
}
