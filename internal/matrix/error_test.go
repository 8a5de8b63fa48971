package matrix_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/winnowtest/stage"
)

// Bad input gets a clear error and changes nothing.
func TestErrors(t *testing.T) {
	r := sqlite(t)
	ann, dan := r.signIn(stage.Ann), r.signIn(stage.Dan)
	in := "/rooms/" + esc(r.Room)
	m := ann.say(r.Room, "hello")
	members := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	gone := r.signIn(stage.Bob)
	gone.post("/logout", nil).ok()
	before := r.Rooms.Order.Stable()

	for _, s := range []struct {
		name         string
		who          *client
		method, path string
		body         any
		status       int
		code         string
	}{
		{"unknown call", ann, "GET", "/nothing", nil, 404, "M_UNRECOGNIZED"},
		{"unknown version", ann, "GET", "/_matrix/client/v9/sync", nil, 404, "M_UNRECOGNIZED"},
		{"path that is not clean", ann, "GET", "/rooms//state", nil, 404, "M_UNRECOGNIZED"},
		{"path with dots", ann, "GET", "/rooms/%2e%2e/../state", nil, 404, "M_UNRECOGNIZED"},
		{"wrong method", ann, "DELETE", "/sync", nil, 405, "M_UNRECOGNIZED"},
		{"no token", nil, "GET", "/sync", nil, 401, "M_MISSING_TOKEN"},
		{"foreign token", &client{token: "wt_no"}, "GET", "/sync", nil, 401, "M_UNKNOWN_TOKEN"},
		{"signed out", gone, "GET", "/sync", nil, 401, "M_UNKNOWN_TOKEN"},
		{"signed out, by query", nil, "GET", "/sync?access_token=" + gone.token, nil, 401, "M_UNKNOWN_TOKEN"},

		{"login: not JSON", nil, "POST", "/login", `{"type":`, 400, "M_NOT_JSON"},
		{"login: not UTF-8", nil, "POST", "/login", "{\"type\":\"\xff\"}", 400, "M_NOT_JSON"},
		{"login: not an object", nil, "POST", "/login", `[]`, 400, "M_BAD_JSON"},
		{"login: wrong type", nil, "POST", "/login", `{"type":1}`, 400, "M_BAD_JSON"},
		{"login: other flow", nil, "POST", "/login", `{"type":"m.login.token","token":"x"}`, 400, "M_UNKNOWN"},
		{"login: nobody named", nil, "POST", "/login", `{"type":"m.login.password","password":"x"}`, 400, "M_MISSING_PARAM"},
		{"login: wrong password", nil, "POST", "/login", `{"type":"m.login.password","password":"x","user":"ann"}`, 403, "M_FORBIDDEN"},
		{"login: nobody", nil, "POST", "/login", `{"type":"m.login.password","password":"x","user":"nobody"}`, 403, "M_FORBIDDEN"},
		{"login: other server", nil, "POST", "/login", `{"type":"m.login.password","password":"x","user":"@ann:other.example"}`, 403, "M_FORBIDDEN"},
		{"login: e-mail", nil, "POST", "/login", `{"type":"m.login.password","password":"x","identifier":{"type":"m.id.thirdparty"}}`, 400, "M_UNKNOWN"},
		{"login: too large", nil, "POST", "/login", `{"type":"` + strings.Repeat("x", 300<<10) + `"}`, 413, "M_TOO_LARGE"},
		{"register: closed", nil, "POST", "/register", `{"username":"eve","password":"correct horse battery"}`, 403, "M_FORBIDDEN"},
		{"register: guest", nil, "POST", "/register?kind=guest", `{}`, 403, "M_GUEST_ACCESS_FORBIDDEN"},
		{"register: available", nil, "GET", "/register/available?username=eve", nil, 403, "M_FORBIDDEN"},

		{"sync: since", ann, "GET", "/sync?since=yesterday", nil, 400, "M_INVALID_PARAM"},
		{"sync: timeout", ann, "GET", "/sync?timeout=soon", nil, 400, "M_INVALID_PARAM"},
		{"sync: filter", ann, "GET", "/sync?filter=%7B", nil, 400, "M_BAD_JSON"},
		{"sync: no such filter", ann, "GET", "/sync?filter=none", nil, 404, "M_NOT_FOUND"},
		{"filter: of somebody else", ann, "POST", "/user/" + esc(stage.Bob) + "/filter", `{}`, 403, "M_FORBIDDEN"},
		{"filter: wrong type", ann, "POST", "/user/" + esc(stage.Ann) + "/filter", `{"room":{"timeline":{"limit":"x"}}}`, 400, "M_BAD_JSON"},
		{"data: of somebody else", ann, "GET", "/user/" + esc(stage.Bob) + "/account_data/m.direct", nil, 403, "M_FORBIDDEN"},
		{"data: none", ann, "GET", "/user/" + esc(stage.Ann) + "/account_data/m.direct", nil, 404, "M_NOT_FOUND"},
		{"data: the server's", ann, "PUT", "/user/" + esc(stage.Ann) + "/account_data/m.push_rules", `{}`, 405, "M_BAD_JSON"},
		{"data: too large", ann, "PUT", "/user/" + esc(stage.Ann) + "/account_data/x", `{"x":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "M_TOO_LARGE"},
		{"data: other room", dan, "PUT", "/user/" + esc(stage.Dan) + in + "/account_data/x", `{}`, 403, "M_FORBIDDEN"},

		{"create: version", ann, "POST", "/createRoom", `{"room_version":"10"}`, 400, "M_UNSUPPORTED_ROOM_VERSION"},
		{"create: alias", ann, "POST", "/createRoom", `{"room_alias_name":"x"}`, 400, "M_INVALID_PARAM"},
		{"create: preset", ann, "POST", "/createRoom", `{"preset":"x"}`, 400, "M_INVALID_PARAM"},
		{"create: encrypted", ann, "POST", "/createRoom", `{"initial_state":[{"type":"m.room.encryption","state_key":"","content":{"algorithm":"m.megolm.v1.aes-sha2"}}]}`, 403, "M_FORBIDDEN"},
		{"create: invite nobody", ann, "POST", "/createRoom", `{"invite":["@nobody:chat.example.org"]}`, 404, "M_NOT_FOUND"},
		{"create: invite from afar", ann, "POST", "/createRoom", `{"invite":["@ann:other.example"]}`, 404, "M_NOT_FOUND"},
		{"create: wrong type", ann, "POST", "/createRoom", `{"invite":"@bob:chat.example.org"}`, 400, "M_BAD_JSON"},
		{"join: unknown", ann, "POST", "/join/" + esc("!none"), nil, 403, "M_FORBIDDEN"},
		{"join: alias", ann, "POST", "/join/" + esc("#x:chat.example.org"), nil, 404, "M_NOT_FOUND"},
		{"join: not invited", dan, "POST", in + "/join", nil, 403, "M_FORBIDDEN"},
		{"alias", ann, "GET", "/directory/room/" + esc("#x:chat.example.org"), nil, 404, "M_NOT_FOUND"},
		{"invite: nobody named", ann, "POST", in + "/invite", `{}`, 400, "M_MISSING_PARAM"},
		{"invite: already there", ann, "POST", in + "/invite", fmt.Sprintf(`{"user_id":%q}`, stage.Bob), 403, "M_FORBIDDEN"},
		{"invite: other room", dan, "POST", in + "/invite", fmt.Sprintf(`{"user_id":%q}`, stage.Dan), 403, "M_FORBIDDEN"},
		{"forget: joined", ann, "POST", in + "/forget", nil, 400, "M_UNKNOWN"},
		{"state: other room", dan, "GET", in + "/state", nil, 403, "M_FORBIDDEN"},
		{"state: none", ann, "GET", in + "/state/m.room.avatar", nil, 404, "M_NOT_FOUND"},
		{"state: encryption", ann, "PUT", in + "/state/m.room.encryption", `{"algorithm":"m.megolm.v1.aes-sha2"}`, 403, "M_FORBIDDEN"},
		{"state: a message", ann, "PUT", in + "/state/m.room.message", `{}`, 403, "M_FORBIDDEN"},
		{"state: the server's", ann, "PUT", in + "/state/org.winnow.session", `{}`, 403, "M_FORBIDDEN"},
		{"state: somebody else's key", ann, "PUT", in + "/state/x/" + esc(stage.Bob), `{}`, 403, "M_FORBIDDEN"},
		{"state: wrong type", ann, "PUT", in + "/state/m.room.power_levels", `{"users":7}`, 400, "M_BAD_JSON"},
		{"state: not JSON", ann, "PUT", in + "/state/m.room.topic", `topic`, 400, "M_NOT_JSON"},
		{"members: other room", dan, "GET", in + "/members", nil, 403, "M_FORBIDDEN"},

		{"send: other room", dan, "PUT", in + "/send/m.room.message/1", `{"body":"x"}`, 403, "M_FORBIDDEN"},
		{"send: unknown room", ann, "PUT", "/rooms/" + esc("!none") + "/send/m.room.message/1", `{"body":"x"}`, 403, "M_FORBIDDEN"},
		{"send: room with a slash", ann, "PUT", "/rooms/" + esc("!a/b//c") + "/send/m.room.message/1", `{"body":"x"}`, 403, "M_FORBIDDEN"},
		{"send: not JSON", ann, "PUT", in + "/send/m.room.message/1", `{"body":"x"`, 400, "M_BAD_JSON"},
		{"send: empty", ann, "PUT", in + "/send/m.room.message/1", nil, 400, "M_BAD_JSON"},
		{"send: not an object", ann, "PUT", in + "/send/m.room.message/1", `[]`, 400, "M_BAD_JSON"},
		{"send: not UTF-8", ann, "PUT", in + "/send/m.room.message/1", "{\"body\":\"\xff\"}", 400, "M_BAD_JSON"},
		{"send: a fraction", ann, "PUT", in + "/send/m.room.message/1", `{"n":1.5}`, 400, "M_BAD_JSON"},
		{"send: too deep", ann, "PUT", in + "/send/m.room.message/1", members, 400, "M_BAD_JSON"},
		{"send: twice the same", ann, "PUT", in + "/send/m.room.message/1", `{"body":"x","body":"y"}`, 400, "M_BAD_JSON"},
		{"send: too long", ann, "PUT", in + "/send/m.room.message/1", `{"body":"` + strings.Repeat("x", 64_000) + `"}`, 413, "M_TOO_LARGE"},
		{"send: far too long", ann, "PUT", in + "/send/m.room.message/1", `{"body":"` + strings.Repeat("x", 200_000) + `"}`, 413, "M_TOO_LARGE"},
		{"send: SECRET", ann, "PUT", in + "/send/m.room.message/1", `{"msgtype":"m.text","body":"SECRET\nthe plan"}`, 403, "M_FORBIDDEN"},
		{"send: encrypted", ann, "PUT", in + "/send/m.room.encrypted/1", `{}`, 403, "M_FORBIDDEN"},
		{"send: a redaction", ann, "PUT", in + "/send/m.room.redaction/1", `{}`, 400, "M_BAD_JSON"},
		{"send: edit of nothing", ann, "PUT", in + "/send/m.room.message/1", `{"body":"x","m.relates_to":{"rel_type":"m.replace","event_id":"$none"}}`, 404, "M_NOT_FOUND"},
		{"redact: nothing", ann, "PUT", in + "/redact/" + esc("$none") + "/1", `{}`, 404, "M_NOT_FOUND"},
		{"redact: other room", dan, "PUT", in + "/redact/" + esc(m) + "/1", `{}`, 403, "M_FORBIDDEN"},
		{"receipt: kind", ann, "POST", in + "/receipt/m.seen/" + esc(m), `{}`, 400, "M_INVALID_PARAM"},
		{"receipt: other room", dan, "POST", in + "/receipt/m.read/" + esc(m), `{}`, 403, "M_FORBIDDEN"},
		{"typing: nothing said", ann, "PUT", in + "/typing/" + esc(stage.Ann), `{}`, 400, "M_MISSING_PARAM"},
		{"typing: other room", dan, "PUT", in + "/typing/" + esc(stage.Dan), `{"typing":true}`, 403, "M_FORBIDDEN"},
		{"messages: other room", dan, "GET", in + "/messages?dir=b", nil, 403, "M_FORBIDDEN"},
		{"messages: direction", ann, "GET", in + "/messages", nil, 400, "M_INVALID_PARAM"},
		{"messages: from", ann, "GET", in + "/messages?dir=b&from=s-1", nil, 400, "M_INVALID_PARAM"},
		{"messages: limit", ann, "GET", in + "/messages?dir=b&limit=-1", nil, 400, "M_INVALID_PARAM"},
		{"event: none", ann, "GET", in + "/event/" + esc("$none"), nil, 404, "M_NOT_FOUND"},
		{"context: other room", dan, "GET", in + "/context/" + esc(m), nil, 403, "M_FORBIDDEN"},

		{"profile: nobody", ann, "GET", "/profile/" + esc("@nobody:chat.example.org"), nil, 404, "M_NOT_FOUND"},
		{"profile: somebody else", ann, "PUT", "/profile/" + esc(stage.Bob) + "/displayname", `{"displayname":"x"}`, 403, "M_FORBIDDEN"},
		{"profile: bad name", ann, "PUT", "/profile/" + esc(stage.Ann) + "/displayname", `{"displayname":"a\nb"}`, 400, "M_INVALID_PARAM"},
		{"avatar", ann, "GET", "/profile/" + esc(stage.Ann) + "/avatar_url", nil, 404, "M_NOT_FOUND"},
		{"device: none", ann, "GET", "/devices/NONE", nil, 404, "M_NOT_FOUND"},
		{"presence: not one", ann, "PUT", "/presence/" + esc(stage.Ann) + "/status", `{"presence":"asleep"}`, 400, "M_BAD_JSON"},
		{"to-device", ann, "PUT", "/sendToDevice/m.x/1", `{}`, 403, "M_FORBIDDEN"},
	} {
		t.Run(s.name, func(t *testing.T) {
			token := ""
			if s.who != nil {
				token = s.who.token
			}
			a := r.call(token, s.method, s.path, s.body)
			a.t = t
			a.refused(s.status, s.code)
			if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("headers %v", a.header)
			}
		})
	}
	if after := r.Rooms.Order.Stable(); after != before {
		t.Errorf("%d positions were taken by requests that were refused", after-before)
	}
	if got := said(ann.get("%s/messages?dir=b&limit=100", in).ok().list("chunk")); len(got) != 1 {
		t.Errorf("the room has %q", got)
	}
}

func TestTooManyTries(t *testing.T) {
	r := sqlite(t)
	var a answer
	for range 11 {
		a = r.call("", "POST", "/login", `{"type":"m.login.password","password":"x","user":"ann"}`)
	}
	a.refused(http.StatusTooManyRequests, "M_LIMIT_EXCEEDED")
	if a.at("retry_after_ms") != 60_000.0 || a.header.Get("Retry-After") != "60" {
		t.Errorf("%v %v", a.body, a.header)
	}
}

func TestCORS(t *testing.T) {
	r := sqlite(t)
	for _, path := range []string{"/sync", "/nothing", "/_matrix/client/versions"} {
		a := r.call("", "OPTIONS", path, nil)
		if a.status != http.StatusOK || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "DELETE") {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
}

// An error that is ours to mend is logged once, and neither the log nor the answer says what was sent.
func TestInternalError(t *testing.T) {
	r := sqlite(t)
	ann := r.signIn(stage.Ann)
	r.Store.Close()
	a := ann.put("/rooms/"+esc(r.Room)+"/send/m.room.message/t1", `{"body":"heron-4711"}`)
	if a.status < 500 || strings.Contains(fmt.Sprint(a.body), "sql") || !strings.HasSuffix(a.str("error"), "Try again in a few minutes") {
		t.Errorf("%d %v", a.status, a.body)
	}
	log := r.log.String()
	if strings.Count(log, "\n") != 1 || strings.Contains(log, "heron") || strings.Contains(log, ann.token) || !strings.Contains(log, "/send/{type}/{txn}") {
		t.Errorf("log: %s", log)
	}
	r.log.Reset()
}

// A token that has run out, and one that is revoked while its client waits for news.
func TestTokensEnd(t *testing.T) {
	r := sqlite(t)
	_, token, err := r.Accounts.SignInAs(t.Context(), stage.Bob, account.SignIn{For: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	r.call(token, "GET", "/account/whoami", nil).ok()
	r.Clock.Advance(time.Hour)
	r.call(token, "GET", "/account/whoami", nil).refused(401, "M_UNKNOWN_TOKEN")

	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	bob.sync()
	polled := make(chan answer)
	go func() { polled <- bob.get("/sync?timeout=30000&since=%s", bob.since) }()
	for r.Bell.Listening(stage.Bob) == 0 {
		time.Sleep(time.Millisecond) // until the request has come
	}
	if err := r.Accounts.SignOutAll(t.Context(), stage.Bob); err != nil {
		t.Fatal(err)
	}
	ann.say(r.Room, "not for a stolen telephone")
	(<-polled).refused(401, "M_UNKNOWN_TOKEN")
}

// A long poll ends with the first news, with its time, or with the server.
func TestLongPoll(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	bob.sync()
	since := bob.since
	polled := make(chan answer)
	go func() { polled <- bob.get("/sync?timeout=30000&since=%s", since) }()
	for r.Bell.Listening(stage.Bob) == 0 {
		time.Sleep(time.Millisecond)
	}
	ann.say(r.Room, "news")
	// The session's opening may come first, by itself.
	a := (<-polled).ok()
	for len(said(timeline(a, r.Room))) == 0 {
		a = bob.get("/sync?timeout=30000&since=%s", a.str("next_batch")).ok()
	}
	if got := said(timeline(a, r.Room)); got[0] != "news" {
		t.Errorf("got %q", got)
	}
	begin := time.Now()
	bob.since = a.str("next_batch")
	if a := bob.sync("timeout=50"); len(a.at("rooms", "join").(map[string]any)) != 0 || time.Since(begin) < 50*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(begin), a.body)
	}
	go func() { polled <- bob.get("/sync?timeout=30000&since=%s", bob.since) }()
	for r.Bell.Listening(stage.Bob) == 0 {
		time.Sleep(time.Millisecond)
	}
	r.stop()
	if a := <-polled; a.status != http.StatusOK {
		t.Errorf("when the server stops: %d %v", a.status, a.body)
	}
}
