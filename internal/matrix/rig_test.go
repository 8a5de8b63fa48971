package matrix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/matrix"
	"winnow.org/winnow/internal/winnowtest/stage"
	"winnow.org/winnow/internal/wire"
)

// rig is a stage with the Matrix face before it, on a real listener.
type rig struct {
	*stage.Stage
	face *matrix.Face
	url  string
	log  *bytes.Buffer
	stop func() // says that the server stops
	t    testing.TB
}

func each(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	stage.Each(t, func(t *testing.T, s *stage.Stage) { test(t, newRig(t, s)) })
}

func sqlite(t *testing.T) *rig {
	t.Helper()
	return newRig(t, stage.SQLite(t))
}

func newRig(t testing.TB, s *stage.Stage) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Stage: s, url: "http://" + l.Addr().String(), log: new(bytes.Buffer), t: t}
	stopping := make(chan struct{})
	r.stop = sync.OnceFunc(func() { close(stopping) })
	r.face = &matrix.Face{Accounts: s.Accounts, Rooms: s.Rooms, Sessions: s.Sessions, Bell: s.Bell, Arena: s.Arena, Server: stage.Host,
		BaseURL: r.url, Now: s.Clock.Now, Log: slog.New(slog.NewTextHandler(r.log, nil)), Stopping: stopping}
	srv := wire.NewServer(r.face.Handler(), wire.Config{Arena: s.Arena, Refuse: matrix.Refuse})
	go srv.Serve(l)
	t.Cleanup(func() {
		r.stop()
		srv.Close()
		if strings.Contains(r.log.String(), "level=ERROR") {
			t.Errorf("the log has errors:\n%s", r.log)
		}
	})
	return r
}

// answer is what the server answered.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   any
}

// client is a device of a person.
type client struct {
	*rig
	who   id.Person
	token string
	since string
	txn   int
}

// in is the client within another test, such as one input of a fuzz test.
func (c *client) in(t testing.TB) *client {
	r, again := *c.rig, *c
	r.t, again.rig = t, &r
	return &again
}

// call makes a request. body may be nil, a string that is sent as it is, or something to be encoded.
func (r *rig) call(token, method, path string, body any) answer {
	r.t.Helper()
	var send io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		send = strings.NewReader(b)
	default:
		enc, err := json.Marshal(b)
		if err != nil {
			r.t.Fatal(err)
		}
		send = bytes.NewReader(enc)
	}
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/_matrix") && !strings.HasPrefix(path, "/.well-known") {
		path = "/_matrix/client/v3" + path
	}
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, send)
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	a := answer{t: r.t, what: method + " " + path, status: res.StatusCode, header: res.Header}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			r.t.Fatalf("%s %s: %d, not JSON: %q", method, path, res.StatusCode, raw)
		}
	}
	return a
}

func (c *client) get(path string, args ...any) answer {
	c.t.Helper()
	return c.call(c.token, "GET", fmt.Sprintf(path, args...), nil)
}

func (c *client) put(path string, body any) answer {
	c.t.Helper()
	return c.call(c.token, "PUT", path, body)
}

func (c *client) post(path string, body any) answer {
	c.t.Helper()
	return c.call(c.token, "POST", path, body)
}

// ok expects 200.
func (a answer) ok() answer {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("%s: %d %v", a.what, a.status, a.body)
	}
	return a
}

// refused expects an error.
func (a answer) refused(status int, code string) {
	a.t.Helper()
	if got := a.str("errcode"); a.status != status || got != code || a.str("error") == "" {
		a.t.Errorf("%s: %d %v, want %d %s", a.what, a.status, a.body, status, code)
	}
}

// at follows a path of members and, in lists, numbers; nil if it leads nowhere.
func (a answer) at(path ...any) any { return at(a.body, path...) }

func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p < 0 {
				p += len(l)
			}
			if p < 0 || p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

func (a answer) str(path ...any) string {
	s, _ := a.at(path...).(string)
	return s
}

func (a answer) list(path ...any) []any {
	l, _ := a.at(path...).([]any)
	return l
}

// signIn signs a person in over the API.
func (r *rig) signIn(who id.Person) *client {
	r.t.Helper()
	a := r.call("", "POST", "/login", map[string]any{"type": "m.login.password", "password": stage.Password,
		"identifier": map[string]any{"type": "m.id.user", "user": who.Localpart()}, "initial_device_display_name": "Test"}).ok()
	return &client{rig: r, who: who, token: a.str("access_token")}
}

// send sends an event and returns its ID.
func (c *client) send(room id.Room, typ string, content any) string {
	c.t.Helper()
	c.txn++
	return c.put(fmt.Sprintf("/rooms/%s/send/%s/t%d", esc(room), typ, c.txn), content).ok().str("event_id")
}

func (c *client) say(room id.Room, words string) string {
	c.t.Helper()
	return c.send(room, "m.room.message", map[string]any{"msgtype": "m.text", "body": words})
}

func (c *client) react(room id.Room, event, key string) string {
	c.t.Helper()
	return c.send(room, "m.reaction", map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": event, "key": key}})
}

func (c *client) redact(room id.Room, event string) answer {
	c.t.Helper()
	c.txn++
	return c.put(fmt.Sprintf("/rooms/%s/redact/%s/t%d", esc(room), esc(event), c.txn), map[string]any{"reason": "a slip"})
}

// sync syncs from where the last one ended.
func (c *client) sync(query ...string) answer {
	c.t.Helper()
	q := strings.Join(query, "&")
	if c.since != "" {
		q += "&since=" + c.since
	}
	a := c.get("/sync?%s", q).ok()
	c.since = a.str("next_batch")
	return a
}

func esc[T ~string](s T) string { return url.PathEscape(string(s)) }

// texts returns what the events of a list say: the body, or the type and what it is about.
func texts(events []any) (all []string) {
	for _, e := range events {
		typ, _ := at(e, "type").(string)
		body, _ := at(e, "content", "body").(string)
		switch {
		case typ == "m.room.message" && body != "":
			all = append(all, body)
		case typ == "m.room.redaction":
			all = append(all, "redaction")
		default:
			all = append(all, typ)
		}
	}
	return all
}

func timeline(a answer, room id.Room) []any {
	return a.list("rooms", "join", string(room), "timeline", "events")
}

// said is texts without state and the service's notices.
func said(events []any) (all []string) {
	for _, e := range events {
		if at(e, "state_key") == nil && at(e, "content", "msgtype") != "m.notice" {
			all = append(all, texts([]any{e})...)
		}
	}
	return all
}
