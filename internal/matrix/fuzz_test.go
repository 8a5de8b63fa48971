package matrix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"winnow.org/winnow/internal/matrix"
	"winnow.org/winnow/internal/winnowtest/stage"
)

// Whatever is sent as content is either refused with an error of the specification's form, or comes back as it was.
func FuzzContent(f *testing.F) {
	for _, seed := range []string{`{}`, `{"body":"x"}`, ` {"a":[1,{"b":null}],"c":"\ud83d\ude00\u0000\"\\"} `, `{"body":1e3}`, `{"a":1}{`, "{\"\xc3\":1}", `{"redacts":"$x"}`,
		`{"m.relates_to":{"rel_type":"m.annotation","event_id":"$none","key":"x"}}`, `[]`, `"x"`, ``, "\x00", `{"body":"` + strings.Repeat("é", 20_000) + `"}`} {
		f.Add([]byte(seed))
	}
	r := newRig(f, stage.SQLite(f))
	ann := r.signIn(stage.Ann)
	n := 0
	f.Fuzz(func(t *testing.T, raw []byte) {
		n++
		ann := ann.in(t)
		a := ann.put(fmt.Sprintf("/rooms/%s/send/org.example.any/f%d", esc(r.Room), n), string(raw))
		if a.status != http.StatusOK {
			if a.status >= 500 || a.str("errcode") == "" || a.str("error") == "" {
				t.Fatalf("%d %v", a.status, a.body)
			}
			return
		}
		var sent any
		d := json.NewDecoder(bytes.NewReader(raw))
		if err := d.Decode(&sent); err != nil {
			t.Fatalf("accepted, though not JSON: %v", err)
		}
		back := ann.get("/rooms/%s/event/%s", esc(r.Room), esc(a.str("event_id"))).ok()
		if !reflect.DeepEqual(back.at("content"), sent) {
			t.Errorf("%q comes back as %v", raw, back.at("content"))
		}
		// A redaction's content is put together from what was sent.
		gone := ann.put(fmt.Sprintf("/rooms/%s/redact/%s/r%d", esc(r.Room), esc(a.str("event_id")), n), string(raw)).ok()
		back = ann.get("/rooms/%s/event/%s", esc(r.Room), esc(gone.str("event_id"))).ok()
		want := sent.(map[string]any)
		want["redacts"] = a.str("event_id")
		if !reflect.DeepEqual(back.at("content"), sent) || back.str("redacts") != a.str("event_id") {
			t.Errorf("%q withdraws as %v", raw, back.body)
		}
	})
}

// Whatever is asked is answered in JSON, and never with an error of ours.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ method, path, body string }{
		{"GET", "sync?since=s9999999999999999999&filter={}", ""}, {"GET", "sync?filter={\"room\":{\"timeline\":{\"limit\":-1,\"types\":[\"*\"]}}}", ""},
		{"GET", "rooms/%00/messages?dir=b", ""}, {"GET", "rooms/ROOM/messages?dir=f&from=s5&to=s2&limit=0", ""}, {"PUT", "rooms/ROOM/state/a/b%2Fc%2F%2F", `{}`},
		{"PUT", "rooms/ROOM/state/%FF", `{}`}, {"POST", "createRoom", `{"initial_state":[{"type":"x"}],"power_level_content_override":[]}`},
		{"POST", "rooms/ROOM/invite", `{"user_id":"\u0000"}`}, {"POST", "createRoom", `{"creation_content":{"additional_creators":7},"name":"\u0000"}`},
		{"PUT", "user/@ann:chat.example.org/account_data/%00", `{}`}, {"GET", "rooms/ROOM/event/%00", ""}, {"PUT", "devices/x", `{"display_name":"\u0000"}`},
		{"POST", "user_directory/search", `{"search_term":"\u0000","limit":99999999}`}, {"GET", "user/@ann:chat.example.org/filter/%00", ""},
		{"PUT", "rooms/ROOM/state/m.room.power_levels", `{"users":{"@ann:chat.example.org":9007199254740993}}`}, {"POST", "rooms/ROOM/receipt/m.fully_read/%FF", `{}`},
		{"POST", "login", `{"type":"m.login.password","user":"\u0000","password":"x"}`}, {"POST", "join/%23", ""}, {"GET", "profile/%00", ""},
	} {
		f.Add(seed.method, seed.path, seed.body)
	}
	r := newRig(f, stage.SQLite(f))
	ann := r.signIn(stage.Ann)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		path = "/_matrix/client/v3/" + strings.ReplaceAll(path, "ROOM", string(r.Room))
		if method != "GET" && method != "PUT" && method != "POST" || strings.Contains(path, "timeout") || strings.Contains(path, "logout") {
			return
		}
		if _, err := http.NewRequest(method, r.url+path, nil); err != nil {
			return
		}
		ann := ann.in(t)
		a := ann.call(ann.token, method, path, body)
		if a.status >= 500 || a.status != 200 && a.str("errcode") == "" && a.str("session") == "" {
			t.Errorf("%s %q %q: %d %v", method, path, body, a.status, a.body)
		}
	})
}

func FuzzMatches(f *testing.F) {
	for _, seed := range [][2]string{{"m.room.*", "m.room.name"}, {"*", ""}, {"a*b*c", "aXbXbc"}, {"a*a", "a"}, {"", ""}, {"**", "x"}, {"*.x*.x", ".x.x"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, typ string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(typ) {
			return
		}
		oracle := regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`) + `$`)
		if got, want := matrix.Matches(pattern, typ), oracle.MatchString(typ); got != want {
			t.Errorf("matches(%q, %q) = %v", pattern, typ, got)
		}
	})
}

func FuzzToken(f *testing.F) {
	for _, seed := range []string{"s0", "s123", "s-1", "s+1", "s", "", "t5", "s9223372036854775808", "s007"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pos, ok := matrix.ParseToken(s)
		if !ok {
			return
		}
		if again, ok := matrix.ParseToken(matrix.TokenAt(pos)); !ok || again != pos || pos < 0 {
			t.Errorf("%q is %d, which is %d", s, pos, again)
		}
	})
}
