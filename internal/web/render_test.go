package web_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	. "winnow.org/winnow/internal/web"
)

// How a token of a slot begins and ends.
const slotOpen, slotClose = "\ue000", "\ue001"

// parsed is a page as a browser would see it.
type parsed struct {
	*testing.T
	root *html.Node
}

func parse(t *testing.T, page []byte) parsed {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return parsed{t, root}
}

// all are the elements that match in document order.
func (p parsed) all(match func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for n := range p.root.Descendants() {
		if n.Type == html.ElementNode && match(n) && !inTemplate(n) {
			found = append(found, n)
		}
	}
	return found
}

// inTemplate reports whether n only serves script as a pattern to copy.
func inTemplate(n *html.Node) bool {
	for a := range n.Ancestors() {
		if a.Data == "template" {
			return true
		}
	}
	return false
}

// the is the only element with an id.
func (p parsed) the(id string) *html.Node {
	p.Helper()
	found := p.all(func(n *html.Node) bool { return attr(n, "id") == id })
	if len(found) != 1 {
		p.Fatalf("%d elements have the id %q", len(found), id)
	}
	return found[0]
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func class(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return slices.Contains(strings.Fields(attr(n, "class")), name) }
}

func named(key, value string) func(*html.Node) bool {
	return func(n *html.Node) bool { return has(n, key) && attr(n, key) == value }
}

// TestPages holds every page to the rules that the content security policy and assistive technology set.
func TestPages(t *testing.T) {
	ts := templates(t)
	f := newFake(t)
	for _, s := range samples(f) {
		t.Run(s.name, func(t *testing.T) {
			p := parse(t, f.page(t, ts, s.page, s.data))
			ids := map[string]bool{}
			for _, n := range p.all(func(*html.Node) bool { return true }) {
				if id := attr(n, "id"); id != "" {
					if ids[id] {
						t.Errorf("two elements have the id %q", id)
					}
					ids[id] = true
				}
				for _, a := range n.Attr {
					if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
						t.Errorf("<%s %s=%q>: the policy forbids it", n.Data, a.Key, a.Val)
					}
					if strings.Contains(a.Val, "ZgotmplZ") || strings.Contains(a.Val, "<no value>") || strings.Contains(a.Val, slotOpen) {
						t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
					}
				}
				if n.Data == "style" || n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil) {
					t.Errorf("<%s> inside the page: the policy forbids it", n.Data)
				}
				if n.Data == "title" && strings.Contains(words(n), slotOpen) {
					t.Error("the title has a slot")
				}
			}
			for _, n := range p.all(func(n *html.Node) bool { return n.Data == "label" && has(n, "for") }) {
				if !ids[attr(n, "for")] {
					t.Errorf("a label is for %q, which is not there", attr(n, "for"))
				}
			}
			for _, one := range []string{"main", "h1", "title"} {
				if n := p.all(func(n *html.Node) bool { return n.Data == one && n.Namespace == "" }); len(n) != 1 {
					t.Errorf("%d <%s>, want one", len(n), one)
				}
			}
			if strings.Contains(words(p.root), slotOpen) {
				t.Error("a slot was not filled")
			}
		})
	}
}

// TestContentStaysOutOfTheShell: with words in place of slots the shell would hold them; with slots it never does.
func TestContentStaysOutOfTheShell(t *testing.T) {
	ts := templates(t)
	f := newFake(t)
	canary := 0
	mark := func() Slot { canary++; return f.slot(fmt.Sprintf("canary number %d", canary)) }
	m := Message{Conversation: harbour, ID: "$1", From: priya, First: true, Text: mark(), Reply: &Reply{ID: "$0", Name: "Idris", Text: mark()},
		File: &File{Name: mark(), URL: "/f"}, Reactions: []Reaction{{Other: mark(), Name: "Reaction", Count: 1}}}
	page := ConversationPage{Frame: staff("Chat", "chat"), Conversation: harbourFund(), List: List{Open: []Row{{Conversation: "!a", Name: "A", Preview: mark()}}},
		Entries: []Entry{{Message: &m}}, Composer: Composer{Conversation: harbour, Edit: "$1", Text: mark(), Reply: &Reply{ID: "$1", Name: "X", Text: mark()}},
		Panel: Panel{Session: &Terms{}, Kept: []Kept{{ID: "$1", Text: mark()}}}}
	var shell bytes.Buffer
	if err := ts.Shell(&shell, "conversation", page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(shell.String(), "canary") {
		t.Error("the shell holds content")
	}
	out := string(f.assemble(shell.Bytes()))
	for n := 1; n <= canary; n++ {
		if !strings.Contains(out, fmt.Sprintf("canary number %d", n)) {
			t.Errorf("canary %d is not on the page", n)
		}
	}
}

// TestHostileWords puts markup, quotes and token look-alikes wherever people can write.
func TestHostileWords(t *testing.T) {
	ts := templates(t)
	for _, evil := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</textarea><script>alert(1)</script>`,
		`</title><h1>x</h1>`, "line one\nline two", "\n\nbegins with lines", `{{.You.Name}}`, `&lt;b&gt; &amp;`, slotOpen + "0123456789abcdef01234567:0" + slotClose, `javascript:alert(1)`,
	} {
		t.Run(evil, func(t *testing.T) {
			f := newFake(t)
			m := Message{Conversation: harbour, ID: "$1", From: Person{Avatar: AvatarOf("x", evil, false), Name: evil, Role: evil}, First: true, Time: "9am", Text: f.slot(evil),
				Reactions: []Reaction{{Other: f.slot(evil), Name: "Reaction", Count: 1}}, MarkedBy: evil}
			conv := harbourFund()
			conv.Name = evil
			page := ConversationPage{Frame: staff(evil, "chat"), Conversation: conv, Entries: []Entry{{Message: &m}}, Composer: Composer{Conversation: harbour, Hint: evil, Text: f.slot(evil)},
				List: List{Query: evil, Open: []Row{{Conversation: "!a", Name: evil, Preview: f.slot(evil)}}}, Typing: evil}
			p := parse(t, f.page(t, ts, "conversation", page))
			for _, n := range p.all(func(n *html.Node) bool { return true }) {
				if n.Data == "script" && attr(n, "src") == "" || n.Data == "img" {
					t.Errorf("<%s> came through", n.Data)
				}
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "action") && strings.HasPrefix(a.Val, "javascript") {
						t.Errorf("%s=%q came through", a.Key, a.Val)
					}
				}
			}
			text := p.all(class("text"))
			if len(text) == 0 || text[0].FirstChild == nil || text[0].FirstChild.Data != evil {
				t.Errorf("the message reads %q, want %q", words(text[0]), evil)
			}
			if box := p.the("m"); box.FirstChild == nil || box.FirstChild.Data != evil {
				t.Errorf("the message box does not hold %q", evil)
			}
			if b := p.all(class("react")); len(b) != 1 || attr(b[0], "value") != evil {
				t.Error("the reaction's value is not what was typed")
			}
			if h := p.all(func(n *html.Node) bool { return n.Data == "h1" }); len(h) != 1 || words(h[0]) != strings.Join(strings.Fields(evil), " ") {
				t.Error("the heading is not the conversation's name")
			}
		})
	}
}

func TestMessage(t *testing.T) {
	ts := templates(t)
	f := newFake(t)
	own := said(f, "2", amara, "9:11am", "Own words")
	own.Receipt, own.CanEdit, own.Txn = "Read by 7", true, "t1"
	marked := said(f, "3", priya, "9:24am", "Marked words")
	marked.MarkedBy, marked.MarkMine = "you", true
	gone := Message{Conversation: harbour, ID: "$g", From: priya, First: true, Time: "9:30am", Withdrawn: true}
	for _, c := range []struct {
		name  string
		m     Message
		label string
		check func(t *testing.T, p parsed)
	}{
		{"own", own, "You, 9:11am", func(t *testing.T, p parsed) {
			li := p.the("m-" + own.ID)
			if attr(li, "data-txn") != "t1" || !has(li, "data-edit") {
				t.Error("script cannot tell that it is one's own, or that it may be edited")
			}
			if len(p.all(class("msg__who"))) != 0 {
				t.Error("one's own name is shown")
			}
		}},
		{"marked by you", marked, "Priya Raman, private secretary, 9:24am, for the record, marked by you", func(t *testing.T, p parsed) {
			if r := p.all(class("recordline")); len(r) != 1 || words(r[0]) != "For the record, marked by you" {
				t.Error("the mark is not said in words")
			}
			if attr(p.the("m-"+marked.ID), "data-mark") != "mine" {
				t.Error("script cannot tell whose mark it is")
			}
		}},
		{"withdrawn", gone, "Priya Raman, private secretary, 9:30am", func(t *testing.T, p parsed) {
			if b := p.all(class("bubble")); words(b[0]) != "Priya withdrew a message" {
				t.Errorf("it reads %q", words(b[0]))
			}
			if len(p.all(class("act"))) != 0 {
				t.Error("a withdrawn message still has actions")
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, f.page(t, ts, "message", c.m))
			if a := p.all(func(n *html.Node) bool { return n.Data == "article" }); len(a) != 1 || attr(a[0], "aria-label") != c.label {
				t.Errorf("its name is %q, want %q", attr(a[0], "aria-label"), c.label)
			}
			c.check(t, p)
		})
	}
}

// TestEvent: the data of a server-sent event is one line, whatever people wrote.
func TestEvent(t *testing.T) {
	ts := templates(t)
	f := newFake(t)
	m := said(f, "1", priya, "9:24am", "one\ntwo\r\nthree")
	for name, data := range map[string]any{"message": m, "entry": Entry{Message: &m, New: true}, "panel": panel(f), "dock": Dock{State: "ending", Minutes: 8}, "past": past(f).Past, "row": list(f, "", "").Open[1], "banner": Banner{Kind: "hold", Heading: "H"}, "composer": Composer{Hint: "Message 8 people"}, "typing": "Rhys is typing"} {
		var w bytes.Buffer
		if err := ts.Event(&w, name, data); err != nil {
			t.Fatal(err)
		}
		if out := f.assemble(w.Bytes()); bytes.ContainsAny(out, "\n\r") {
			t.Errorf("%s has a line break", name)
		}
	}
	var w bytes.Buffer
	if err := ts.Event(&w, "message", m); err != nil {
		t.Fatal(err)
	}
	p := parse(t, f.assemble(w.Bytes()))
	if text := p.all(class("text")); text[0].FirstChild.Data != "one\ntwo\r\nthree" {
		t.Errorf("the message reads %q", text[0].FirstChild.Data)
	}
}

func TestUnknownPage(t *testing.T) {
	var w bytes.Buffer
	if err := templates(t).Shell(&w, "no-such-page", nil); err == nil {
		t.Error("a page that does not exist was rendered")
	}
}
