package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/wire"
)

// visit is one request by somebody. Who is empty on public pages that nobody signed in for.
type visit struct {
	account.Person
	Device id.Device
	Theme  string
	Live   bool // from our script, which wants a fragment, or plain words when refused
}

func (v *visit) signedIn() bool { return v.ID != "" }

type handler func(w http.ResponseWriter, r *http.Request, v *visit) error

const (
	signInCookie = "winnow"
	themeCookie  = "winnow-theme"
)

// staff lets only people in who are signed in.
func (f *Face) staff(h handler) http.Handler {
	return f.public(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		if !v.signedIn() {
			return fault.New(fault.SignedOut, "You are signed out. Sign in to carry on")
		}
		return h(w, r, v)
	})
}

// public finds out who asks, and answers errors.
func (f *Face) public(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Live: r.Header.Get("Winnow-Live") != ""}
		err := f.who(r, v)
		if err == nil {
			err = h(w, r, v)
		}
		if err != nil {
			f.refuse(w, r, v, err)
		}
	})
}

func (f *Face) who(r *http.Request, v *visit) error {
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		v.Theme = c.Value
	}
	c, err := r.Cookie(signInCookie)
	if err != nil {
		return nil
	}
	d, err := f.Accounts.Authenticate(r.Context(), c.Value)
	if fault.Is(err, fault.SignedOut) {
		return nil
	}
	if err != nil {
		return err
	}
	v.Device = d.ID
	v.Person, err = f.Accounts.Get(r.Context(), d.Person)
	return err
}

// status is the HTTP status of a kind of error.
func status(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.SignedOut:
		return http.StatusUnauthorized
	case fault.Denied, fault.Held:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Gone:
		return http.StatusGone
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// refuse answers an error: in plain words to our script, else as a page that says what to do next.
func (f *Face) refuse(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	if r.Context().Err() != nil || errors.Is(err, wire.ErrGone) {
		return // nobody is there to read it
	}
	kind := fault.Of(err)
	if kind == fault.Internal {
		f.Log.Error("answer a page", "route", r.Pattern, "error", err)
	}
	code, words := status(kind), fault.Say(err)
	if v.Live || strings.HasSuffix(r.URL.Path, "/events") {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(code)
		w.Write([]byte(words))
		return
	}
	if kind == fault.SignedOut && (r.Method != http.MethodPost || r.URL.Path == "/sign-out") {
		to := "/sign-in"
		if r.Method == http.MethodGet && r.URL.Path != "/" {
			to += "?next=" + url.QueryEscape(r.URL.Path)
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	p := ErrorPage{Frame: f.frame(v, "Problem", ""), Status: code, Heading: heading(kind), Words: words + ".", Next: []Link{{"Go back to chat", "/chat"}}}
	switch {
	case kind == fault.SignedOut: // the browser can send the form again, so nothing that was written is lost
		p.Words = "Sign in again in another window. Then load this page again: your browser asks whether to send what you wrote once more."
		p.Next = []Link{{"Sign in", "/sign-in"}}
	case !v.signedIn():
		p.Next = []Link{{"How we use chat", "/transparency"}, {"Sign in", "/sign-in"}}
	}
	if err := f.page(w, r, code, "error", p, f.filling()); err != nil && !errors.Is(err, wire.ErrGone) {
		f.Log.Error("answer an error page", "error", err)
	}
}

func heading(k fault.Kind) string {
	switch k {
	case fault.SignedOut:
		return "You are signed out, so nothing was sent"
	case fault.NotFound:
		return "Page not found"
	case fault.Gone:
		return "This no longer exists"
	case fault.Denied, fault.Held:
		return "You cannot do this"
	case fault.Limited:
		return "Too many tries"
	case fault.Invalid, fault.TooLarge, fault.Conflict:
		return "There is a problem"
	}
	return "Sorry, there is a problem with the service"
}

// foreign refuses a form that another site made this browser send.
func (f *Face) foreign(w http.ResponseWriter, r *http.Request, v *visit) error {
	return fault.New(fault.Denied, "This came from another site, so nothing was done. Open chat here and do it from there")
}

func (f *Face) unknown(w http.ResponseWriter, r *http.Request, v *visit) error {
	return fault.New(fault.NotFound, "There is no page at this address. Check it, or start from chat")
}

// frame is the outer shell of a page.
func (f *Face) frame(v *visit, title, section string) Frame {
	fr := Frame{Organisation: f.Organisation, Title: title, Section: section, Theme: v.Theme}
	if v.signedIn() {
		fr.You = f.person(v.Person, v.ID)
	}
	return fr
}

// form reads a form without content: names, choices, a password. At most 64 KiB.
func (f *Face) form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := wire.AllowBody(w, r, 64<<10)
	if err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "The form could not be read. Go back and try again")
	}
	return values, nil
}

// done answers a form that did what it should: 204 to our script, else a redirect.
func done(w http.ResponseWriter, r *http.Request, v *visit, to string) error {
	if v.Live {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// asInvalid returns the words of an error that a form should show, or the error itself.
func asInvalid(err error) (words string, other error) {
	var e *fault.Error
	if errors.As(err, &e) && (e.Kind == fault.Invalid || e.Kind == fault.Denied || e.Kind == fault.Conflict || e.Kind == fault.NotFound || e.Kind == fault.Limited || e.Kind == fault.TooLarge) {
		return e.Words, nil
	}
	return "", err
}
