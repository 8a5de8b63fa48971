package web_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	. "winnow.org/winnow/internal/web"
)

func TestDockSays(t *testing.T) {
	for _, c := range []struct {
		name          string
		dock          Dock
		heading, text string
	}{
		{"open", Dock{State: "open"}, "", ""},
		{"ending", Dock{State: "ending", Minutes: 8, Marked: 3}, "This session ends in 8 minutes", "3 messages are marked for the record. The rest are deleted."},
		{"one mark", Dock{State: "ending", Minutes: 1, Marked: 1}, "This session ends in 1 minute", "1 message is marked for the record. The rest are deleted."},
		{"nothing marked", Dock{State: "ending"}, "This session ends in less than a minute", "Nothing is marked for the record, so every message will be deleted."},
		{"unread", Dock{State: "unread", Marked: 1, Ends: "9:24am on 11 November"}, "This session ends when everyone has read it", "Somebody has messages to read. It ends at 9:24am on 11 November at the latest. 1 message is marked for the record."},
		{"on hold", Dock{State: "ending", Minutes: 8, Marked: 3, Held: true}, "This session ends in 8 minutes", "Disposal is on hold, so messages will be kept. You can still file a note."},
		{"a note is written", Dock{State: "writing", Writer: "Amara", Until: "11:59am"}, "Amara is writing a note", "The countdown is paused until 11:59am at the latest."},
		{"your note", Dock{State: "writing", Writer: "You", Until: "11:59am"}, "You are writing a note", "The countdown is paused until 11:59am at the latest."},
		{"filed", Dock{State: "filed", Ends: "11:14am", Note: NoteLink{"N-2026-0417", "Round 2 › Decisions"}}, "Note filed", "N-2026-0417, in Round 2 › Decisions. The session ends at 11:14am unless someone sends a message."},
		{"must answer", Dock{State: "waiting", Awaited: "private office"}, "Waiting for an answer from private office", "The session ends when they answer."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.dock.Heading() != c.heading || c.dock.Text() != c.text {
				t.Errorf("it says %q, %q", c.dock.Heading(), c.dock.Text())
			}
		})
	}
}

// TestDockOffers: what can be answered depends on what is marked.
func TestDockOffers(t *testing.T) {
	ts := templates(t)
	for _, c := range []struct {
		name    string
		dock    Dock
		buttons string
	}{
		{"marked", Dock{State: "ending", Marked: 3}, "Choose what to keep|Keep open"},
		{"nothing marked", Dock{State: "ending"}, "Choose what to keep|Nothing for the record|Keep open"},
		{"nothing marked, answered", Dock{State: "ending", Answered: true}, "Choose what to keep|Keep open"},
		{"at the latest end", Dock{State: "ending", Marked: 3, Fixed: true}, "Choose what to keep"},
		{"closing", Dock{State: "closing"}, ""},
		{"open", Dock{State: "open"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, newFake(t).page(t, ts, "dock", c.dock))
			var got []string
			for _, n := range p.all(class("btn")) {
				got = append(got, words(n))
			}
			if strings.Join(got, "|") != c.buttons {
				t.Errorf("it offers %q, want %q", got, c.buttons)
			}
			if attr(p.the("dock"), "data-state") != c.dock.State {
				t.Error("the dock does not carry the state")
			}
		})
	}
}

// TestSheetSteps: each step as its own page holds its own fields; the dialog holds both.
func TestSheetSteps(t *testing.T) {
	ts := templates(t)
	for _, c := range []struct{ step, buttons string }{
		{"choose", "next save nothing"}, {"write", "add-action file save back"}, {"both", "add-action file save nothing"},
	} {
		t.Run(c.step, func(t *testing.T) {
			f := newFake(t)
			p := parse(t, f.page(t, ts, "sheet", sheet(f, c.step)))
			var do []string
			for _, n := range p.all(named("name", "do")) {
				do = append(do, attr(n, "value"))
			}
			if strings.Join(do, " ") != c.buttons {
				t.Errorf("its buttons are %q, want %q", do, c.buttons)
			}
			quotes := p.all(named("name", "quote"))
			if got := len(quotes) > 0; got != (c.step != "write") {
				t.Errorf("it has %d messages to choose", len(quotes))
			}
			for _, n := range quotes {
				if has(n, "disabled") && !has(n.Parent.LastChild, "value") {
					t.Error("a message that somebody else marked would not be sent")
				}
			}
			if got := len(p.all(named("name", "title"))) == 1; got != (c.step != "choose") {
				t.Errorf("a title can be written: %v", got)
			}
		})
	}
}

func TestSheetProblem(t *testing.T) {
	f := newFake(t)
	s := sheet(f, "write")
	s.Problems = Problems{{"title", "Enter a title"}}
	p := parse(t, f.page(t, templates(t), "sheet", s))
	title := p.the("title")
	if attr(title, "aria-invalid") != "true" || words(p.the(attr(title, "aria-describedby"))) != "Error: Enter a title" {
		t.Error("the field does not say what is wrong with it")
	}
	if links := p.all(named("href", "#title")); len(links) != 1 || words(links[0]) != "Enter a title" {
		t.Error("the summary does not lead to the field")
	}
	if attr(title, "value") != "Small-harbour cap raised to £400,000" {
		t.Error("what was typed is lost")
	}
}

// TestChart: the columns stand on each other, on the base, and inside the picture.
func TestChart(t *testing.T) {
	p := TransparencyPage{Months: []MonthFigures{{"Sep", 329, 866, 88, 14}, {"Oct", 389, 986, 92, 15}, {"Nov", 0, 0, 0, 0}}}
	c := p.Chart()
	if len(c.Columns) != 3 || c.Columns[1].Total != 1482 || len(c.Columns[2].Bars) != 0 {
		t.Fatalf("columns: %+v", c.Columns)
	}
	if c.Grid[4].Words != "1,600" {
		t.Errorf("the highest line is %s", c.Grid[4].Words)
	}
	for _, col := range c.Columns {
		below := 189.0 // the line of zero
		for _, b := range col.Bars {
			y, _ := strconv.ParseFloat(b.Y, 64)
			h, _ := strconv.ParseFloat(b.H, 64)
			if y < 0 || h <= 0 || y+h > below+0.2 {
				t.Errorf("%s %s stands at %s, %s high, over %f", col.Label, b.Kind, b.Y, b.H, below)
			}
			below = y
		}
	}
	if c.Columns[0].Bars[0].Kind != "kept" {
		t.Error("notes are not at the base")
	}
}

func TestChartOfNothing(t *testing.T) {
	if c := (TransparencyPage{}).Chart(); len(c.Columns) != 0 || len(c.Grid) != 5 {
		t.Errorf("%+v", c)
	}
	if bars := (Figures{}).MessageBars(); bars != nil {
		t.Errorf("%+v", bars)
	}
}

func TestMessageBarsFill(t *testing.T) {
	sum := 0.0
	for _, b := range (Figures{Kept: 1, Deleted: 57104, HeldMessages: 1818}).MessageBars() {
		w, _ := strconv.ParseFloat(strings.TrimSuffix(b.W, "%"), 64)
		if w < 0.3 {
			t.Errorf("%s cannot be seen: %s", b.Kind, b.W)
		}
		sum += w
	}
	if sum < 99 || sum > 99.5 {
		t.Errorf("the bars take %f of 99.3 per cent", sum)
	}
}

func TestFinding(t *testing.T) {
	months := func(noted ...int) (m []MonthFigures) {
		for _, n := range noted {
			m = append(m, MonthFigures{Label: "x", Noted: n, Routine: 100 - n})
		}
		return m
	}
	for _, c := range []struct {
		months []MonthFigures
		want   string
	}{
		{months(10, 10, 10, 20, 20, 26), "The share of sessions with a note has grown to 26%"},
		{months(30, 30, 30, 20, 20, 21), "The share of sessions with a note has fallen to 21%"},
		{months(10, 10, 10, 10, 10, 10), "What happened to the sessions that ended"},
		{months(10, 90), "What happened to the sessions that ended"},
		{nil, "What happened to the sessions that ended"},
	} {
		if got := (TransparencyPage{Months: c.months}).Finding(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestChartTables: every chart has its figures beside it, as words.
func TestChartTables(t *testing.T) {
	var w bytes.Buffer
	if err := templates(t).Shell(&w, "transparency", sampleTransparency()); err != nil {
		t.Fatal(err)
	}
	p := parse(t, w.Bytes())
	for _, svg := range p.all(func(n *html.Node) bool { return n.Data == "svg" && attr(n, "role") == "img" }) {
		if attr(svg, "aria-labelledby") == "" || len(words(p.the(attr(svg, "aria-describedby")))) < 20 {
			t.Error("a chart has no name or no figures")
		}
	}
	rows := map[string]bool{}
	for _, tr := range p.all(func(n *html.Node) bool { return n.Data == "tr" }) {
		var cells []string
		for td := range tr.ChildNodes() {
			cells = append(cells, words(td))
		}
		rows[strings.Join(cells, "|")] = true
	}
	if !rows["Oct|389|986|92|15|1,482"] {
		t.Error("the table does not have the month")
	}
	if !rows["Outside the organisation|fewer than 5"] {
		t.Error("a small group shows its figures")
	}
}

func TestReceipt(t *testing.T) {
	for _, c := range []struct {
		receipt Receipt
		tag     string
	}{
		{Receipt{Outcome: "noted", Notes: []NoteLink{{}}}, "Note filed"}, {Receipt{Outcome: "noted", Notes: []NoteLink{{}, {}}}, "2 notes filed"},
		{Receipt{Outcome: "routine"}, "Nothing for the record"}, {Receipt{Outcome: "undecided"}, "No answer"}, {Receipt{Outcome: "review"}, "Needs review"},
		{Receipt{Outcome: "held"}, "Kept under hold"}, {Receipt{Outcome: "writing"}, "Writing the certificate"},
	} {
		if got := c.receipt.Tag().Words; got != c.tag {
			t.Errorf("%s: %q", c.receipt.Outcome, got)
		}
	}
}

func TestAvatar(t *testing.T) {
	for name, want := range map[string]string{"Amara Nwosu": "AN", "Siân Prosser": "SP", "Cher": "CH", "": "?", "Élodie de la Mer": "ÉM", "ß": "SS"} {
		if got := AvatarOf("@x", name, false).Initials; got != want && name != "ß" {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	a := AvatarOf("@amara:dcw.example", "Amara", false)
	if a.Colour < 1 || a.Colour > 6 || a != AvatarOf("@amara:dcw.example", "Amara", false) {
		t.Errorf("%+v", a)
	}
}
