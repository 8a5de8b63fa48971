package story_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winnow.org/winnow/internal/id"
)

// visitor is a browser of the simplest kind: it has a cookie, sends forms, and reads pages.
type visitor struct {
	*house
	cookie string
}

// paper is what a visitor got.
type paper struct {
	code  int
	to    string            // where a redirect leads
	text  string            // the words of the page
	boxes map[string]string // what is in its text areas and inputs, by name
	raw   string
}

func (h *house) visitor(name string) *visitor {
	h.Helper()
	v := &visitor{house: h}
	resp := v.ask("POST", "/sign-in", url.Values{"username": {name}, "password": {password}}.Encode(), nil)
	defer resp.Body.Close()
	if len(resp.Cookies()) != 1 || resp.StatusCode != http.StatusSeeOther {
		h.Fatalf("%s cannot sign in: %d", name, resp.StatusCode)
	}
	v.cookie = resp.Cookies()[0].String()
	return v
}

func (v *visitor) ask(method, where, body string, header map[string]string) *http.Response {
	v.Helper()
	req, err := http.NewRequest(method, v.url+where, strings.NewReader(body))
	if err != nil {
		v.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Cookie", v.cookie)
	for k, s := range header {
		req.Header.Set(k, s)
	}
	c := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(req)
	if err != nil {
		v.Fatalf("%s %s: %v", method, where, err)
	}
	return resp
}

// does asks and reads the answer.
func (v *visitor) does(method, where, body string, header map[string]string) paper {
	v.Helper()
	resp := v.ask(method, where, body, header)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		v.Fatal(err)
	}
	p := paper{code: resp.StatusCode, to: resp.Header.Get("Location"), boxes: map[string]string{}, raw: string(b)}
	doc, err := html.Parse(strings.NewReader(string(b)))
	if err != nil {
		v.Fatal(err)
	}
	for n := range doc.Descendants() {
		switch {
		case n.Type == html.TextNode && (n.Parent == nil || n.Parent.Data != "script" && n.Parent.Data != "style"):
			p.text += n.Data + " "
		case n.Data == "textarea" && n.FirstChild != nil:
			p.boxes[attribute(n, "name")] = n.FirstChild.Data
		case n.Data == "input":
			p.boxes[attribute(n, "name")] = attribute(n, "value")
		}
	}
	p.text = strings.Join(strings.Fields(p.text), " ")
	return p
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func fields(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

// TestRefusals: whatever cannot be done is answered by a page that says what to do next, and changes nothing.
func TestRefusals(t *testing.T) {
	h := openHouse(t)
	amara, helen, nobody := h.visitor("amara"), h.visitor("helen"), &visitor{house: h}
	fund, team := "/chat/"+url.PathEscape(string(h.room(fund))), "/chat/"+url.PathEscape(string(h.room("Harbours team")))
	long := strings.Repeat("é", 4001)
	if p := amara.does("POST", team+"/messages", fields("text", "The team talks", "record", "on"), nil); p.code != http.StatusSeeOther {
		t.Fatalf("%d %s", p.code, p.text)
	}
	view, err := h.Sessions.Look(context.Background(), h.who("amara"), h.room("Harbours team"))
	if err != nil {
		t.Fatal(err)
	}
	theirs := view.Lines[0].Event.ID
	filed := amara.does("POST", team+"/end", fields("step", "both", "do", "file", "title", "Team note", "summary", "Talked."), nil)
	if filed.code != http.StatusSeeOther {
		t.Fatalf("%d %s", filed.code, filed.text)
	}
	note, _, _ := strings.Cut(filed.to, "?")

	for _, c := range []struct {
		name, method, where, body string
		by                        *visitor
		header                    map[string]string
		code                      int
		says                      string // on the page
		box                       string // what is in the message box afterwards
	}{
		{"too long", "POST", fund + "/messages", fields("text", long, "record", "on"), amara, nil, 400, "Messages can be up to 4,000 characters. Send this as a file or a note.", long},
		{"far too long", "POST", fund + "/messages", fields("text", strings.Repeat("x", 2<<20)), amara, nil, 413, "This is too large to be sent. Nothing was kept.", ""},
		{"longer than the server reads", "POST", fund + "/messages", fields("text", strings.Repeat("x", 65<<20)), amara, nil, 413, "This is too large to be sent. Nothing was kept", ""},
		{"empty", "POST", fund + "/messages", fields("text", " \n "), amara, nil, 400, "Write a message first.", ""},
		{"not UTF-8", "POST", fund + "/messages", "text=abc%ff%fe", amara, nil, 400, "The message has characters that are not valid.", "abc\ufffd\ufffd"},
		{"not a form", "POST", fund + "/messages", "text=%zz", amara, nil, 400, "The form could not be read. Go back and try again.", ""},
		{"too many fields", "POST", fund + "/messages", strings.Repeat("a=b&", 5000), amara, nil, 400, "The form could not be read. Go back and try again.", ""},
		{"an answer to what is not there", "POST", fund + "/messages", fields("text", "Yes", "reply_to", "$nothing"), amara, nil, 404, "no longer", "Yes"},
		{"marked SECRET", "POST", fund + "/messages", fields("text", "SECRET\nThe wall is weak"), amara, nil, 403, "This message says SECRET, so it was not sent and nothing of it is kept.", ""},
		{"no such conversation", "GET", "/chat/%21nothing", "", amara, nil, 403, "", ""},
		{"no such message", "GET", fund + "/messages/%24nothing", "", amara, nil, 404, "This message no longer exists.", ""},
		{"marking no message", "POST", fund + "/messages/%24nothing/mark", "", amara, nil, 404, "", ""},
		{"doing something unheard of", "POST", fund + "/messages/%24nothing/burn", "", amara, nil, 404, "There is no page at this address.", ""},
		{"ending no session", "POST", fund + "/end-session", "", amara, nil, 410, "", ""},
		{"the sheet of no session", "GET", fund + "/end", "", amara, nil, 410, "", ""},
		{"no such certificate", "GET", "/certificates/DC-2026-999999", "", nobody, nil, 404, "There is no certificate with this reference.", ""},
		{"a strange certificate", "GET", "/certificates/DC-x-%00", "", nobody, nil, 404, "There is no certificate with this reference.", ""},
		{"no such log file", "GET", "/log/tile/../../etc/passwd", "", nobody, nil, 307, "", ""},
		{"no such month", "GET", "/transparency/2026-99", "", nobody, nil, 404, "", ""},
		{"no such policy", "GET", "/transparency/policy/99", "", nobody, nil, 404, "", ""},

		{"another's conversation", "GET", team, "", helen, nil, 403, "You cannot do this", ""},
		{"writing there", "POST", team + "/messages", fields("text", "Let me in"), helen, nil, 403, "You cannot do this", ""},
		{"marking there", "POST", team + "/messages/" + string(theirs) + "/mark", "", helen, nil, 403, "", ""},
		{"listening there", "GET", team + "/events?from=0", "", helen, nil, 403, "", ""},
		{"ending it", "POST", team + "/end-session", "", helen, nil, 403, "", ""},
		{"its sheet", "GET", team + "/end", "", helen, nil, 403, "", ""},
		{"its people", "GET", team + "/people", "", helen, nil, 403, "", ""},
		{"adding oneself", "POST", team + "/people", fields("person", "@helen:localhost"), helen, nil, 403, "", ""},
		{"its note", "GET", note, "", helen, nil, 404, "", ""},
		{"its document", "GET", note + ".docx", "", helen, nil, 404, "", ""},

		{"out of the notes", "GET", "/notes/..%2f..%2fwinnow.db", "", amara, nil, 404, "", ""},
		{"out of the notes, plainly", "GET", "/notes/../../ledger.key", "", amara, nil, 307, "", ""},
		{"a kind that no note has", "GET", note + ".exe", "", amara, nil, 404, "", ""},
		{"an odd note", "GET", "/notes/N-2026-0001%00.docx", "", amara, nil, 400, "", ""},

		{"a form from another site", "POST", fund + "/messages", fields("text", "Forged"), amara, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "This came from another site, so nothing was done.", ""},
		{"the same, an older browser", "POST", fund + "/messages", fields("text", "Forged"), amara, map[string]string{"Origin": "https://evil.example"}, 403, "This came from another site, so nothing was done.", ""},
		{"a form from another site while signed out", "POST", "/sign-in", fields("username", "amara"), nobody, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "This came from another site", ""},
		{"a page while signed out", "GET", fund, "", nobody, nil, 303, "", ""},
		{"a message while signed out", "POST", fund + "/messages", fields("text", "Late"), nobody, nil, 401, "Sign in again in another window. Then load this page again", ""},
		{"the same for our script", "POST", fund + "/messages", fields("text", "Late"), nobody, map[string]string{"Winnow-Live": "1"}, 401, "You are signed out. Sign in to carry on", ""},
		{"a forged sign-in", "GET", "/chat", "", &visitor{house: h, cookie: "winnow=wt_" + strings.Repeat("A", 43)}, nil, 303, "", ""},
		{"a wrong password", "POST", "/sign-in", fields("username", "amara", "password", "no"), nobody, nil, 422, "There is a problem", ""},
		{"an open redirect", "POST", "/sign-in", fields("username", "amara", "password", password, "next", "//evil.example/"), nobody, nil, 303, "", ""},
		{"a wrong method", "DELETE", fund, "", amara, nil, 404, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := h.state()
			p := c.by.does(c.method, c.where, c.body, c.header)
			if p.code != c.code || p.code >= 500 || !strings.Contains(p.text, c.says) {
				t.Errorf("%d %.600s", p.code, p.text)
			}
			if strings.HasPrefix(p.to, "//") || strings.Contains(p.to, "evil") {
				t.Errorf("leads to %s", p.to)
			}
			if p.code >= 400 && (len(p.text) < 30 || !strings.Contains(p.raw, "<h1")) && c.header["Winnow-Live"] == "" && !strings.Contains(c.where, "/events") && !strings.HasPrefix(c.where, "/log/") && len(c.body) < 64<<20 {
				t.Errorf("says too little: %q", p.text)
			}
			if strings.Contains(p.raw, "The wall is weak") {
				t.Error("the page has words that must not be kept")
			}
			if c.box != "" && p.boxes["text"] != c.box {
				t.Errorf("the message box has %.80q", p.boxes["text"])
			}
			if c.name == "too long" && !strings.Contains(p.raw, `value="on" checked`) {
				t.Error("the tick is lost")
			}
			if now := h.state(); now != before && p.code >= 400 {
				t.Errorf("something changed: %s, before %s", now, before)
			}
		})
	}
}

// state is what a refused request must not change.
func (h *house) state() string {
	h.Helper()
	s := ""
	for _, name := range []string{fund, "Harbours team"} {
		v, err := h.Sessions.Look(context.Background(), h.who("amara"), h.room(name))
		if err != nil {
			h.Fatal(err)
		}
		if v == nil {
			s += name + ": none. "
			continue
		}
		s += fmt.Sprintf("%s: %d messages, %d marked, %d notes, %v. ", name, len(v.Lines), v.Marked, len(v.Notes), v.Verdict.Phase)
	}
	return s
}

// TestSignInExpires: after 12 hours a person signs in again, and goes on where they were.
func TestSignInExpires(t *testing.T) {
	h := openHouse(t)
	v := h.visitor("amara")
	if p := v.does("GET", "/chat", "", nil); p.code != 200 {
		t.Fatal(p.code)
	}
	h.clock.Advance(12*time.Hour + time.Second)
	if p := v.does("GET", "/notes", "", nil); p.code != 303 || p.to != "/sign-in?next=%2Fnotes" {
		t.Errorf("%d %s", p.code, p.to)
	}
	if p := v.does("GET", "/sign-in?next=%2Fnotes", "", nil); p.boxes["next"] != "/notes" {
		t.Errorf("%v", p.boxes)
	}
}

// TestDriveTrouble: a drive that cannot take a note delays it and loses nothing.
func TestDriveTrouble(t *testing.T) {
	h := openHouse(t)
	v := h.visitor("amara")
	blocked := filepath.Join(h.drive, "Private office")
	if err := os.WriteFile(blocked, []byte("a file where the folder should be"), 0o600); err != nil {
		t.Fatal(err)
	}
	chat := "/chat/" + url.PathEscape(string(id.Room(h.room("Priya Raman"))))
	if p := v.does("POST", chat+"/messages", fields("text", "The quay opens on Friday"), nil); p.code != 303 {
		t.Fatal(p.code, p.text)
	}
	p := v.does("POST", chat+"/end", fields("step", "both", "do", "file", "title", "Opening", "summary", "Friday."), nil)
	if p.code != 303 || !strings.HasSuffix(p.to, "?filed") {
		t.Fatalf("%d %s", p.code, p.text)
	}
	var note paper
	h.until("the page says what is the matter", func() bool {
		note = v.does("GET", p.to, "", nil)
		return strings.Contains(note.text, "Saved in Winnow, waiting to be saved to the drive. ")
	})
	for _, words := range []string{"Note filed", "Friday.", "Download as Word document"} {
		if !strings.Contains(note.text, words) {
			t.Errorf("the page does not say %q: %s", words, note.text)
		}
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	h.pass(time.Hour)
	if files, _ := filepath.Glob(blocked + "/*.docx"); len(files) != 1 {
		t.Errorf("the drive has %v", files)
	}
	if p := v.does("GET", p.to, "", nil); strings.Contains(p.text, "waiting to be saved") {
		t.Error("the page still says that it waits")
	}
}
