package story_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winnow.org/winnow/internal/id"
)

// caller is a program that knows the Matrix API and tries everything.
type caller struct {
	*house
	token string
}

func (h *house) caller(name string) *caller {
	h.Helper()
	c := &caller{house: h}
	code, said := c.call("POST", "v3/login", `{"type":"m.login.password","identifier":{"type":"m.id.user","user":"`+name+`"},"password":"`+password+`"}`)
	var in struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(said), &in); err != nil || code != http.StatusOK {
		h.Fatalf("%s cannot sign in: %d %s", name, code, said)
	}
	c.token = in.Token
	return c
}

func (c *caller) call(method, what, body string) (int, string) {
	c.Helper()
	req, err := http.NewRequest(method, c.url+"/_matrix/client/"+what, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.Fatalf("%s %s: %v", method, what, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// stream reads the stream of a conversation's page for a moment.
func (v *visitor) stream(chat string) string {
	v.Helper()
	ctx, stop := context.WithTimeout(v.Context(), 400*time.Millisecond)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, "GET", v.url+chat+"/events?from=0", nil)
	if err != nil {
		v.Fatal(err)
	}
	req.Header.Set("Cookie", v.cookie)
	req.Header.Set("Last-Event-ID", "1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(bufio.NewReader(resp.Body)) // it ends with the time that we have for it
	return string(b)
}

// secrets is a conversation of amara and priya with all kinds of words in it, and what nobody else may learn of it.
type secrets struct {
	room          id.Room
	chat          string // its page
	first, second id.Event
	words         []string // said in it
	note          string   // address of a note of it
}

func (h *house) secrets() secrets {
	h.Helper()
	amara, priya := h.visitor("amara"), h.visitor("priya")
	s := secrets{words: []string{word(), word(), word(), word(), word(), word()}}
	made := amara.does("POST", "/chat/new", fields("do", "create", "name", s.words[0], "person", string(h.who("priya"))), nil)
	s.chat = made.to
	name, err := url.PathUnescape(strings.TrimPrefix(s.chat, "/chat/"))
	if err != nil || made.code != http.StatusSeeOther {
		h.Fatalf("%d %s", made.code, made.text)
	}
	s.room = id.Room(name)
	amara.sends(s.chat, fields("text", "First "+s.words[1], "record", "on"))
	s.first = h.last(s.room)
	priya.sends(s.chat, fields("text", "Second "+s.words[2], "reply_to", string(s.first)))
	s.second = h.last(s.room)
	priya.sends(s.chat, fields("text", "Anew "+s.words[3], "edit", string(s.second)))
	filed := amara.does("POST", s.chat+"/end", fields("step", "both", "do", "file", "title", "Title "+s.words[4], "summary", s.words[5], "quote", string(s.first)), nil)
	s.note, _, _ = strings.Cut(filed.to, "?")
	if !strings.HasPrefix(s.note, "/notes/N-") {
		h.Fatalf("%d %s", filed.code, filed.text)
	}
	priya.does("POST", s.chat+"/messages/"+url.PathEscape(string(s.second))+"/react", fields("key", "👍"), nil)
	return s
}

func (v *visitor) sends(chat, form string) {
	v.Helper()
	if p := v.does("POST", chat+"/messages", form, nil); p.code != http.StatusSeeOther {
		v.Fatalf("%d %s", p.code, p.text)
	}
}

func (h *house) last(r id.Room) id.Event {
	h.Helper()
	view, err := h.Sessions.Look(context.Background(), h.who("amara"), r)
	if err != nil {
		h.Fatal(err)
	}
	return view.Lines[len(view.Lines)-1].Event.ID
}

// says fails the test if an answer holds a word that its reader may not learn.
func (s secrets) says(t *testing.T, who, what, answer string, but ...int) {
	t.Helper()
	for i, w := range s.words {
		if strings.Contains(answer, w) && !slices.Contains(but, i) {
			t.Errorf("%s: %s tells word %d", who, what, i)
		}
	}
}

// TestStrangers: nobody but who is in a conversation learns a word of it, or changes it, by any address.
func TestStrangers(t *testing.T) {
	h := openHouse(t)
	s := h.secrets()
	// sian was in the conversation and has left; dougal never was; nobody is not even signed in.
	if err := h.Rooms.Add(t.Context(), h.who("amara"), s.room, h.who("sian"), 0); err != nil {
		t.Fatal(err)
	}
	sian := h.visitor("sian")
	sian.does("POST", s.chat+"/people", fields("do", "leave"), nil)
	view := func() (int64, int) {
		v, err := h.Sessions.Look(t.Context(), h.who("amara"), s.room)
		if err != nil || v == nil {
			t.Fatal("the session is over:", err)
		}
		return v.Version, len(v.Lines)
	}
	version, lines := view()
	first, second := url.PathEscape(string(s.first)), url.PathEscape(string(s.second))
	session := string(s.first)[1 : len(s.first)-2]
	pages := []string{"", "/events?from=0", "/messages/" + first, "/messages/" + second, "/end", "/end?step=write", "/people"}
	posts := map[string]string{"/messages": fields("text", "I was here"), "/messages/" + first + "/mark": "", "/messages/" + first + "/unmark": "", "/messages/" + first + "/withdraw": "",
		"/messages/" + second + "/react": fields("key", "👍"), "/typing": fields("on", "1"), "/read": fields("event", string(s.second)), "/end-session": "", "/keep-open": "", "/nothing": "",
		"/end": fields("step", "both", "do", "file", "title", "Mine", "quote", string(s.first)), "/people": fields("person", string(h.who("dougal"))), "/join": ""}
	for who, v := range map[string]*visitor{"a stranger": {house: h}, "somebody who is not in it": h.visitor("dougal"), "somebody who left": sian} {
		for _, header := range []map[string]string{nil, {"Winnow-Live": "1"}} {
			for _, p := range pages {
				a := v.does("GET", s.chat+p, "", header)
				if a.code == http.StatusOK {
					t.Errorf("%s gets %s: %.200s", who, p, a.text)
				}
				s.says(t, who, p, a.raw+a.to)
			}
			for p, form := range posts {
				a := v.does("POST", s.chat+p, form, header)
				if a.code < 400 && a.to != "/sign-in" {
					t.Errorf("%s may post to %s: %d %.200s", who, p, a.code, a.text)
				}
				s.says(t, who, p, a.raw+a.to)
			}
			for _, p := range []string{"/chat", "/find?q=Title", "/notes", "/notes?q=Title", "/people", "/transparency", "/certificates", "/sessions/" + session, "/certificates/" + session,
				"/log/checkpoint", "/log/key", "/log/tile/entries/000.p/1", "/log/tile/entries/000.p/2", "/log/tile/entries/000.p/3", "/chat/new?person=" + url.QueryEscape(string(h.who("amara")))} {
				a := v.does("GET", p, "", header)
				s.says(t, who, p, a.raw+a.to)
				if strings.Contains(a.raw+a.to, string(s.room)) && p != "/sign-in" {
					t.Errorf("%s: %s names the conversation", who, p)
				}
			}
			if who == "somebody who left" { // before the note was filed they had not been in it
				continue
			}
			for _, ext := range []string{"", ".docx", ".eml", ".json"} {
				if a := v.does("GET", s.note+ext, "", header); a.code == http.StatusOK {
					t.Errorf("%s gets the note%s", who, ext)
				} else {
					s.says(t, who, "the note"+ext, a.raw)
				}
			}
		}
	}
	room, me := "rooms/"+url.PathEscape(string(s.room)), "%40dougal%3Alocalhost"
	calls := [][3]string{{"GET", "v3/" + room + "/messages?dir=b", ""}, {"GET", "v3/" + room + "/event/" + first, ""}, {"GET", "v3/" + room + "/context/" + first, ""}, {"GET", "v1/" + room + "/relations/" + second, ""},
		{"GET", "v3/" + room + "/state", ""}, {"GET", "v3/" + room + "/state/m.room.name", ""}, {"GET", "v3/" + room + "/members", ""}, {"GET", "v3/" + room + "/joined_members", ""}, {"GET", "v3/" + room + "/aliases", ""},
		{"PUT", "v3/" + room + "/send/m.room.message/x1", `{"msgtype":"m.text","body":"I was here"}`}, {"PUT", "v3/" + room + "/redact/" + first + "/x2", `{}`}, {"POST", "v3/" + room + "/receipt/m.read/" + first, `{}`},
		{"PUT", "v3/" + room + "/typing/" + me, `{"typing":true}`}, {"PUT", "v3/" + room + "/state/m.room.name", `{"name":"Mine"}`}, {"POST", "v3/" + room + "/invite", `{"user_id":"@dougal:localhost"}`},
		{"POST", "v3/" + room + "/kick", `{"user_id":"@priya:localhost"}`}, {"POST", "v3/" + room + "/ban", `{"user_id":"@priya:localhost"}`}, {"POST", "v3/" + room + "/join", `{}`}, {"POST", "v3/join/" + url.PathEscape(string(s.room)), `{}`},
		{"PUT", "v3/" + room + "/state/org.winnow.folder", `{"folder":"Mine"}`}, {"PUT", "v3/user/" + me + "/" + room + "/tags/u.x", `{}`}, {"GET", "v3/user/%40amara%3Alocalhost/account_data/m.direct", ""}}
	for who, c := range map[string]*caller{"a stranger": {house: h}, "dougal": h.caller("dougal"), "sian": h.caller("sian")} {
		for _, call := range calls {
			code, said := c.call(call[0], call[1], call[2])
			if code < 400 {
				t.Errorf("%s: %s %s: %d %.200s", who, call[0], call[1], code, said)
			}
			s.says(t, who, call[1], said)
		}
		for _, what := range []string{"v3/sync?timeout=0", "v3/sync?timeout=0&since=s1&full_state=true", "v3/joined_rooms", "v3/publicRooms"} {
			_, said := c.call("GET", what, "")
			s.says(t, who, what, said)
		}
	}
	if v, l := view(); v != version || l != lines {
		t.Errorf("somebody changed the session: version %d, was %d; %d messages, were %d", v, version, l, lines)
	}
}

// TestLater: who joins later sees what is said from then on, and can neither read nor use what was said before.
func TestLater(t *testing.T) {
	h := openHouse(t)
	s := h.secrets()
	if err := h.Rooms.Add(t.Context(), h.who("amara"), s.room, h.who("marek"), -1); err != nil {
		t.Fatal(err)
	}
	amara, marek := h.visitor("amara"), h.visitor("marek")
	amara.sends(s.chat, fields("text", "Welcome, Marek", "reply_to", string(s.second)))
	answer := h.last(s.room)
	amara.sends(s.chat, fields("text", "Firstly, again", "edit", string(answer)))
	first, second := url.PathEscape(string(s.first)), url.PathEscape(string(s.second))
	const name, quoted, title, summary = 0, 1, 4, 5 // the conversation's name, and the note of it that everybody in it may read
	for _, header := range []map[string]string{nil, {"Winnow-Live": "1"}} {
		for _, p := range []string{"", "?reply=" + first, "?edit=" + second, "/end", "/end?step=write", "/end?show=marked", "/people", "/messages/" + first, "/messages/" + second, "/messages/" + url.PathEscape(string(answer))} {
			a := marek.does("GET", s.chat+p, "", header)
			s.says(t, "marek", p, a.raw, name)
		}
		for _, p := range []string{"/chat", "/find?q=" + s.words[0]} {
			s.says(t, "marek", p, marek.does("GET", p, "", header).raw, name, title)
		}
		for p, form := range map[string]string{"/messages/" + first + "/mark": "", "/messages/" + first + "/withdraw": "", "/messages/" + second + "/react": fields("key", "👍"),
			"/messages": fields("text", "Me too", "reply_to", string(s.first)), "/end": fields("step", "both", "do", "file", "title", "Mine", "summary", "Mine", "quote", string(s.first))} {
			a := marek.does("POST", s.chat+p, form, header)
			if a.code < 400 {
				t.Errorf("marek may use %s: %d %.200s", p, a.code, a.text)
			}
			s.says(t, "marek", p, a.raw, name)
		}
		a := marek.does("POST", s.chat+"/messages/"+first+"/unmark", "", header)
		s.says(t, "marek", "unmark", a.raw, name)
		if a.code != http.StatusNotFound {
			t.Errorf("marek learns that the first message is marked: %d %s", a.code, a.text)
		}
	}
	if p := marek.does("GET", s.chat, "", nil); !strings.Contains(p.text, "Firstly, again") || !strings.Contains(p.text, "2 earlier messages are not shown") {
		t.Errorf("marek does not see what he may: %s", p.text)
	}
	s.says(t, "marek", "stream", marek.stream(s.chat), name)
	c, room := h.caller("marek"), "rooms/"+url.PathEscape(string(s.room))
	for _, what := range []string{"v3/" + room + "/messages?dir=b&limit=100", "v3/" + room + "/messages?dir=f&limit=100&from=s0", "v3/" + room + "/event/" + first, "v3/" + room + "/context/" + first, "v1/" + room + "/relations/" + first,
		"v1/" + room + "/relations/" + second, "v3/" + room + "/context/" + url.PathEscape(string(answer)) + "?limit=100", "v3/sync?timeout=0", "v3/sync?timeout=0&since=s1"} {
		code, said := c.call("GET", what, "")
		s.says(t, "marek", what, said, name, title)
		if direct := strings.HasSuffix(what, first) || strings.HasSuffix(what, second); direct == (code == http.StatusOK) {
			t.Errorf("%s: %d", what, code)
		}
	}
	for _, body := range []string{`{"m.relates_to":{"rel_type":"m.annotation","event_id":"` + string(s.first) + `","key":"📌"}}`, `{"m.relates_to":{"rel_type":"m.annotation","event_id":"` + string(s.second) + `","key":"x"}}`} {
		if code, said := c.call("PUT", "v3/"+room+"/send/m.reaction/"+word(), body); code < 400 {
			t.Errorf("marek reacts to what he cannot see: %d %s", code, said)
		}
	}
}

// hostile are names that would be markup, headers, paths or other people's words if anything took them as they are.
var hostile = []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><a href=javascript:alert(1)>`, `</title></textarea><iframe>`, `{{.You}} ${7*7}`, "\ue000deadbeefdeadbeefdeadbeef:0\ue001", `../../../etc/passwd`, `--></style><svg/onload=alert(1)>`}

// TestHostileNames: whatever people call themselves, conversations, folders and notes stays text on every page.
func TestHostileNames(t *testing.T) {
	h := openHouse(t)
	ctx := t.Context()
	visit := func(name string) map[string]string {
		t.Helper()
		if err := h.Accounts.SetName(ctx, h.who("amara"), name); err != nil {
			t.Logf("nobody can be called %q: %v", name, err)
			return nil
		}
		if err := h.Rooms.Rename(ctx, h.who("amara"), name); err != nil {
			t.Fatal(err)
		}
		amara := h.visitor("amara")
		made := amara.does("POST", "/chat/new", fields("do", "create", "name", name, "person", string(h.who("priya"))), nil)
		if made.code != http.StatusSeeOther {
			t.Fatalf("%d %s", made.code, made.text)
		}
		c, room := h.caller("amara"), strings.TrimPrefix(made.to, "/chat/")
		for _, state := range [][2]string{{"m.room.topic", object(map[string]string{"topic": name})}, {"org.winnow.folder", object(map[string]string{"folder": name})}} {
			c.call("PUT", "v3/rooms/"+url.PathEscape(room)+"/state/"+state[0], state[1])
		}
		amara.sends(made.to, fields("text", "Agreed "+name, "record", "on"))
		filed := amara.does("POST", made.to+"/end", fields("step", "both", "do", "file", "title", name, "summary", name, "decided_by", name, "authority", name, "action_what", name, "action_owner", name, "action_due", ""), nil)
		if filed.code != http.StatusSeeOther {
			filed = amara.does("POST", made.to+"/end", fields("step", "both", "do", "file", "title", "Tame", "summary", name), nil)
		}
		amara.sends(made.to, fields("text", "Again "+name))
		pages := map[string]string{}
		for _, page := range [][2]string{{"sheet", made.to + "/end"}, {"conversation", made.to}, {"people of it", made.to + "/people"}, {"list", "/chat"}, {"found", "/find?q=" + url.QueryEscape(name)}, {"directory", "/people?q=" + url.QueryEscape(name)},
			{"new", "/chat/new?name=" + url.QueryEscape(name) + "&q=" + url.QueryEscape(name)}, {"notes", "/notes?q=" + url.QueryEscape(name)}, {"note", strings.Split(filed.to, "?")[0]}} {
			what, p := page[0], page[1]
			a := amara.does("GET", p, "", nil)
			if a.code != http.StatusOK {
				t.Errorf("%s with %q: %d %s", what, name, a.code, a.text)
			}
			pages[what] = elements(t, a.raw)
		}
		for _, ext := range []string{".docx", ".eml", ".json"} {
			resp := amara.ask("GET", strings.Split(filed.to, "?")[0]+ext, "", nil)
			resp.Body.Close()
			if d := resp.Header.Get("Content-Disposition"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(d, "attachment;") || strings.ContainsAny(d, "\r\n<>/") {
				t.Errorf("note%s with %q: %d %q", ext, name, resp.StatusCode, d)
			}
		}
		stream := amara.stream(made.to)
		for line := range strings.SplitSeq(stream, "\n") {
			if field, _, ok := strings.Cut(line, ":"); line != "" && (!ok || !slices.Contains([]string{"event", "id", "data", ""}, field)) {
				t.Errorf("%q breaks out of the stream: %q", name, line)
			}
		}
		return pages
	}
	plain := visit("Tame Name") // what each page is made of when all names are tame
	for _, name := range hostile {
		for what, now := range visit(name) {
			for kind := range strings.FieldsSeq(now) {
				if !strings.Contains(plain[what], kind+" ") {
					t.Errorf("%s has a new element or attribute with %q: %s", what, name, kind)
				}
			}
		}
	}
}

// elements are the kinds of element of a page with their attributes' names: "a.href ".
func elements(t *testing.T, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		kinds[n.Data] = true
		for _, a := range n.Attr {
			kinds[n.Data+"."+a.Key] = true
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") {
				kinds[n.Data+"."+a.Key+"="+a.Val] = true
			}
		}
	}
	all := ""
	for k := range kinds {
		all += strings.ReplaceAll(k, " ", "_") + " "
	}
	return all
}

// TestTricks: forms from other sites, addresses that lead elsewhere, and paths that climb.
func TestTricks(t *testing.T) {
	h := openHouse(t)
	amara := h.visitor("amara")
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}} {
		for _, p := range []string{"/chat/new", "/sign-out", "/settings", "/sign-in"} {
			if a := amara.does("POST", p, fields("do", "create", "name", "Mine", "person", string(h.who("priya"))), header); a.code != http.StatusForbidden {
				t.Errorf("a form from elsewhere, %v, to %s: %d", header, p, a.code)
			}
		}
	}
	elsewhere := []string{"//evil.example", "https://evil.example/", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "javascript:alert(1)", "/%2f/evil.example", "/%5cevil.example", "///evil.example", "/x//evil", "http:evil.example", "/..//evil.example", "/%09/evil.example", "evil"}
	for _, next := range append(elsewhere, "/notes", "/chat/!room") {
		resp := (&visitor{house: h}).ask("POST", "/sign-in", fields("username", "priya", "password", password, "next", next), nil)
		resp.Body.Close()
		to, err := url.Parse(resp.Header.Get("Location"))
		if err != nil || to.Host != "" || to.Scheme != "" || strings.HasPrefix(resp.Header.Get("Location"), "//") || strings.HasPrefix(to.Path, `/\`) || strings.ContainsAny(resp.Header.Get("Location"), "\t\\") {
			t.Errorf("next %q leads to %q", next, resp.Header.Get("Location"))
		}
		if !slices.Contains(elsewhere, next) && to.Path != next {
			t.Errorf("next %q leads to %q", next, to)
		}
	}
	for _, p := range []string{"/static/../../go.mod", "/static/%2e%2e/%2e%2e/go.mod", "/static/..%2f..%2fgo.mod", "/static/manifest.json", "/static/", "/notes/..%2f..%2fwinnow.db", "/notes/%2e%2e%2fledger.key", "/notes/N-2026-0001%2f..%2fx.docx", "/log/../ledger.key",
		"/log/%2e%2e/ledger.key", "/log/..%2fledger.key", "/log/tile/entries/../../key2", "/certificates/..%2f..%2fx", "/transparency/..%2fx", "/sessions/%2e%2e"} {
		resp := amara.ask("GET", p, "", nil)
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusTemporaryRedirect && resp.StatusCode != http.StatusMovedPermanently || strings.Contains(string(b), "PRIVATE") {
			t.Errorf("%s: %d %.100s", p, resp.StatusCode, b)
		}
	}
	// Whatever a client calls the server, the pages do not repeat it.
	req, err := http.NewRequest("GET", h.url+"/transparency", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "evil.example"
	req.Header.Set("X-Forwarded-Host", "evil.example")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if strings.Contains(string(b), "evil") {
		t.Error("a page repeats the Host header")
	}
	for _, c := range resp.Cookies() {
		t.Error("a public page sets the cookie", c.Name)
	}
}

// TestSignedOut: a stream that is open says nothing more to whoever is signed out, whatever is said next.
func TestSignedOut(t *testing.T) {
	h := openHouse(t)
	s := h.secrets()
	amara, priya := h.visitor("amara"), h.visitor("priya")
	resp := priya.ask("GET", s.chat+"/events?from=0", "", map[string]string{"Last-Event-ID": "1"})
	defer resp.Body.Close()
	lines, heard := bufio.NewScanner(resp.Body), word()
	lines.Buffer(nil, 1<<20)
	amara.sends(s.chat, fields("text", heard))
	for lines.Scan() && !strings.Contains(lines.Text(), heard) {
	}
	if lines.Err() != nil || !strings.Contains(lines.Text(), heard) {
		t.Fatal("the stream does not say what is said:", lines.Err())
	}
	if p := priya.does("POST", "/sign-out", "", nil); p.code != http.StatusSeeOther {
		t.Fatalf("%d %s", p.code, p.text)
	}
	late := word()
	amara.sends(s.chat, fields("text", late))
	for lines.Scan() { // until it ends
		if strings.Contains(lines.Text(), late) {
			t.Error("somebody who is signed out hears what is said")
		}
	}
}

// TestBadDraft: a form that could not be shown again is not kept, and the draft from before is still there.
func TestBadDraft(t *testing.T) {
	h := openHouse(t)
	s := h.secrets()
	priya := h.visitor("priya")
	if p := priya.does("POST", s.chat+"/end", fields("step", "write", "do", "autosave", "title", "The good one"), nil); p.code != http.StatusOK {
		t.Fatalf("%d %s", p.code, p.text)
	}
	for what, form := range map[string]string{"too many actions": "step=both&do=add-action&" + strings.Repeat("action_what=&", 2000), "too many quotes": "step=choose&do=next&" + strings.Repeat("quote=x&", 1001),
		"not a form": "step=both&do=autosave&title=%zz", "cut short": "step=both&do=autosave&title=x%4", "too long": "step=both&do=add-action&summary=" + strings.Repeat("x", 99_000)} {
		if p := priya.does("POST", s.chat+"/end", form, nil); p.code != http.StatusBadRequest && p.code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %.200s", what, p.code, p.text)
		}
		if p := priya.does("GET", s.chat+"/end?step=write", "", nil); p.code != http.StatusOK || p.boxes["title"] != "The good one" {
			t.Errorf("after %s: %d %q", what, p.code, p.boxes["title"])
		}
	}
	// As long as it may be, to the byte: adding an action must not make a copy elsewhere, nor lose a word.
	for room := 30; room < 50; room++ {
		form := "step=both&do=add-action&title=T&summary="
		form += strings.Repeat("x", 96<<10-len(form)-room)
		if p := priya.does("POST", s.chat+"/end", form, nil); p.code >= 500 {
			t.Errorf("%d bytes short of the end: %d %.200s", room, p.code, p.text)
		}
	}
}
