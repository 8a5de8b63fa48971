package web_test

import (
	"bytes"
	"html"
	"strings"
	"testing"

	. "winnow.org/winnow/internal/web"
)

// fake stands for the assembler: it makes slots for texts and puts the escaped texts in their places.
type fake struct {
	slots *Slots
	texts []string
}

func newFake(t testing.TB) *fake {
	t.Helper()
	s, err := NewSlots(strings.NewReader(strings.Repeat("nonce of a test ", 4)))
	if err != nil {
		t.Fatal(err)
	}
	return &fake{slots: s}
}

func (f *fake) slot(text string) Slot {
	f.texts = append(f.texts, text)
	return f.slots.New()
}

var lineBreaks = strings.NewReplacer("\n", "&#10;", "\r", "&#13;")

func (f *fake) assemble(shell []byte) []byte {
	var out bytes.Buffer
	for literal, n := range f.slots.Split(shell) {
		out.Write(literal)
		if n >= 0 {
			out.WriteString(lineBreaks.Replace(html.EscapeString(f.texts[n])))
		}
	}
	return out.Bytes()
}

func templates(t testing.TB) *Templates {
	t.Helper()
	ts, err := NewTemplates(Pages(), func(name string) string { return "/static/" + name })
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// page renders and assembles.
func (f *fake) page(t testing.TB, ts *Templates, name string, data any) []byte {
	t.Helper()
	var shell bytes.Buffer
	if err := ts.Shell(&shell, name, data); err != nil {
		t.Fatal(err)
	}
	return f.assemble(shell.Bytes())
}

// What follows is the invented Department for Coasts and Waterways.

func pal(id, name, role string, colour int, presence string) Person {
	return Person{Avatar: Avatar{Initials: AvatarOf(id, name, false).Initials, Colour: colour, Presence: presence}, ID: "@" + id + ":dcw.example", Name: name, Role: role, Unit: "Harbours"}
}

var (
	amara  = pal("amara", "Amara Nwosu", "Senior policy adviser", 1, "on")
	rhys   = pal("rhys", "Rhys Pembrey", "Deputy director", 4, "on")
	priya  = pal("priya", "Priya Raman", "Private secretary", 2, "on")
	idris  = pal("idris", "Idris Vale", "Special adviser", 3, "away")
	marek  = pal("marek", "Marek Zielny", "Economist", 6, "on")
	sian   = pal("sian", "Siân Prosser", "Press officer", 5, "on")
	dougal = pal("dougal", "Dougal Innes", "Finance partner", 1, "off")
	beth   = pal("beth", "Beth Halloran", "Grants lead", 4, "off")
)

func still(p Person) Person { p.Presence = ""; return p }

func staff(title, section string) Frame {
	me := amara
	me.Presence = ""
	return Frame{Organisation: "Department for Coasts and Waterways", Title: title, Section: section, You: me, Unread: 7}
}

func public(title, section string) Frame {
	return Frame{Organisation: "Department for Coasts and Waterways", Title: title, Section: section}
}

const harbour = "!uRk2pHarbourFundRound2"

func list(f *fake, current string, line string) List {
	group := func(initials string, colour int) Avatar {
		return Avatar{Initials: initials, Colour: colour, Group: true}
	}
	one := func(initials string, colour int, presence string) Avatar {
		return Avatar{Initials: initials, Colour: colour, Presence: presence}
	}
	open := []Row{
		{Avatar: group("HR", 1), Conversation: harbour, Name: "Harbour resilience fund, round 2", Line: line, Time: "9:33am"},
		{Avatar: one("PR", 2, "on"), Conversation: "!priya", Name: "Priya Raman", Preview: f.slot("Box closes at 5:30pm today, not 6"), Time: "9:30am", Unread: 2, Mentioned: true},
		{Avatar: group("HT", 4), Conversation: "!team", Name: "Harbours team", From: "Marek", Preview: f.slot("Room 3.14 is free until 11"), Time: "9:28am", Unread: 5},
		{Avatar: group("NQ", 6), Conversation: "!quay", Name: "North Quay response cell", From: "Dougal", Preview: f.slot("Diver report due at noon"), Time: "9:17am", Held: true},
		{Avatar: one("SP", 5, "on"), Conversation: "!sian", Name: "Siân Prosser", From: "You", Preview: f.slot("Thanks, that reads well"), Time: "8:54am"},
	}
	quiet := []Row{
		{Avatar: one("MZ", 6, "on"), Conversation: "!marek", Name: "Marek Zielny", Line: "Ended yesterday. Nothing for the record"},
		{Avatar: one("BH", 4, "off"), Conversation: "!beth", Name: "Beth Halloran", Line: "Ended 6 November. 1 note filed"},
		{Avatar: group("PO", 2), Conversation: "!desk", Name: "Private office desk", Line: "Ended yesterday. 2 notes filed"},
		{Avatar: group("W2", 1), Conversation: "!wardens", Name: "Floor 2 wardens", Line: "Ended 3 November. Nothing for the record"},
		{Avatar: one("JT", 3, "away"), Conversation: "!joanna", Name: "Joanna Tresk", Line: "Ended 2 November. Nothing for the record"},
	}
	for i := range open {
		open[i].Open, open[i].Current = true, open[i].Conversation == current
	}
	return List{Open: open, Quiet: quiet}
}

func harbourFund() Conversation {
	return Conversation{Avatar: Avatar{Initials: "HR", Colour: 1, Group: true}, ID: harbour, Name: "Harbour resilience fund, round 2", People: 8, Marking: "OFFICIAL", Started: "9:02am"}
}

func said(f *fake, n string, from Person, at, text string) Message {
	return Message{Conversation: harbour, ID: "$7q4k2mxd-" + n, From: still(from), Mine: from.ID == amara.ID, First: true, Time: at, Text: f.slot(text)}
}

func entries(f *fake) []Entry {
	m1 := said(f, "1", marek, "9:05am", "Small-harbour numbers are final: 41 eligible, 27 under 50 berths.")
	m1.File = &File{URL: "/files/1", Name: f.slot("Round 2 allocations v4.xlsx"), Words: "84 KB, in Shared drive"}
	m1.Reactions = []Reaction{{Key: "👍", Name: "Thumbs up", Count: 3, Mine: true}}
	m2 := said(f, "2", amara, "9:11am", "Raising the cap to £400,000 costs £3.2 million more over 2 years.")
	m2.MarkedBy, m2.Marker, m2.Receipt = "Rhys", "Rhys", "Read by 7"
	m3 := said(f, "3", priya, "9:24am", "The Minister has read the draft. She is content to raise the small-harbour cap to £400,000, subject to Treasury agreement.")
	m3.MarkedBy, m3.MarkMine = "you", true
	m4 := said(f, "4", idris, "9:26am", "Good. Can the lines say “up to £400,000”?")
	m4.Reply = &Reply{ID: m3.ID, Name: "Priya Raman", Text: f.slot("She is content to raise the small-harbour cap…")}
	m5 := said(f, "5", sian, "9:31am", "Yes. Lines by noon. @Amara Nwosu can you check the names?")
	m5.MentionsYou = true
	m6 := said(f, "6", sian, "9:32am", "Draft is in the drive.\nSecond line here.")
	m6.First, m6.Edited = false, true
	return []Entry{
		{Start: &Start{Session: "7q4k2mxd", Time: "9:02am", By: "Rhys Pembrey"}},
		{Message: &m1}, {Message: &m2}, {Message: &m3}, {Message: &m4}, {Message: &m5, New: true}, {Message: &m6},
	}
}

func panel(f *fake) Panel {
	you := amara
	you.You = true
	return Panel{Conversation: harbour, Session: &Terms{Started: "9:02am by Rhys Pembrey", Ends: "After 60 minutes of quiet, or at 7:02pm", Policy: 4}, Marked: 2,
		Kept: []Kept{
			{ID: "$7q4k2mxd-3", Text: f.slot("The Minister has read the draft. She is content to raise the small-harbour cap to £400,000, subject to Treasury agreement."), From: "Priya Raman", Time: "9:24am", By: "you"},
			{ID: "$7q4k2mxd-2", Text: f.slot("Raising the cap to £400,000 costs £3.2 million more over 2 years."), From: "You", Time: "9:11am", By: "Rhys Pembrey"},
		}, People: []Person{you, rhys, priya, idris, marek}, Total: 8}
}

func conversation(f *fake) ConversationPage {
	return ConversationPage{
		Frame: staff("Harbour resilience fund, round 2 - Chat", "chat"), List: list(f, harbour, "Rhys is typing"), Conversation: harbourFund(),
		From: "1204", Entries: entries(f), Typing: "Rhys is typing",
		Dock:     Dock{Conversation: harbour, State: "open", Line: "Open since 9:02am. History off"},
		Composer: Composer{Conversation: harbour, Hint: "Message 8 people"}, Panel: panel(f),
	}
}

func ending(f *fake, d Dock) ConversationPage {
	p := conversation(f)
	p.List.Open[0].Line, p.Typing = "Session ends in 8 minutes", ""
	d.Conversation, d.Line = harbour, "Quiet for 52 minutes"
	p.Dock = d
	return p
}

func past(f *fake) ConversationPage {
	p := conversation(f)
	p.Entries, p.Typing, p.Panel.Session, p.Panel.Kept = nil, "", nil, nil
	p.Conversation.Started = ""
	p.Dock = Dock{Conversation: harbour, State: "none"}
	p.Composer.Hint = "Message 8 people to start a session"
	p.Past = Past{Conversation: harbour, Older: "?older=1", Receipts: []Receipt{
		{Session: "7q4k2mxd", Ended: "11:14am", When: "Today, lasted 2 hours 12 minutes", Latest: true, Outcome: "noted", Messages: 38, Kept: 4, Deleted: 34, People: 8, Notes: []NoteLink{{Ref: "N-2026-0417"}}, Certificate: "DC-2026-018232", Files: "Files: 1, already in the drive"},
		{Session: "b", Ended: "4:52pm", When: "6 November, lasted 41 minutes", Outcome: "routine", Messages: 12, Deleted: 12, People: 4, Certificate: "DC-2026-018102", Answers: "4 of 4 people answered"},
		{Session: "c", Ended: "12:41pm", When: "5 November, lasted 3 hours 35 minutes", Outcome: "held", Messages: 46, Kept: 46, People: 6, Hold: "H-2026-011"},
		{Session: "d", Ended: "5:20pm", When: "4 November, lasted 1 hour", Outcome: "undecided", Messages: 1204, Deleted: 1204, People: 6, Certificate: "DC-2026-018001", Answers: "0 of 6 people answered"},
	}}
	return p
}

func sheet(f *fake, step string) Sheet {
	text := func(s string) Slot { return f.slot(s) }
	return Sheet{Conversation: harbourFund(), Step: step, Minutes: 8, Paused: true, Total: 38, Marked: 3, Until: "11:59am",
		Picks: []Pick{
			{ID: "$1", From: "Marek Zielny", Time: "9:05am", Extra: "1 file, already in the drive", Text: text("Small-harbour numbers are final: 41 eligible, 27 under 50 berths.")},
			{ID: "$2", From: "Amara Nwosu", Time: "9:11am", Text: text("Raising the cap to £400,000 costs £3.2 million more over 2 years."), Chosen: true, Marked: true, Locked: true, Mark: "Marked by Rhys. Only Rhys can take this mark off"},
			{ID: "$3", From: "Priya Raman", Time: "9:24am", Text: text("The Minister has read the draft. She is content to raise the small-harbour cap to £400,000, subject to Treasury agreement."), Chosen: true, Marked: true, Mark: "Marked by you"},
			{ID: "$4", From: "Idris Vale", Time: "9:26am", Text: text("Good. Can the lines say “up to £400,000”?"), Chosen: true},
			{ID: "$5", From: "Rhys Pembrey", Time: "10:04am", Text: text("Agreed then: submission goes up with the £400,000 cap, and the second dredging call moves to April. Dougal clears it with Treasury by Thursday."), Chosen: true, Marked: true, Mark: "Marked by you"},
			{ID: "$6", From: "Dougal Innes", Time: "10:06am", Text: text("Clear. I have 30 minutes with them on Wednesday at 2pm.")},
		},
		Title: text("Small-harbour cap raised to £400,000"), Summary: text("The Minister agreed to raise the round 2 small-harbour cap to £400,000, subject to Treasury agreement. Cost: £3.2 million over 2 years, met by moving the second dredging call to April 2027."),
		DecidedBy: text("Minister for Coasts"), Authority: text("Round 2 submission, 3 November"),
		Actions: []Action{{What: text("Clear the cap with Treasury"), Owner: text("Dougal Innes"), Due: text("Thursday")}},
		Folder:  "Round 2 › Decisions", Folders: []string{"Round 2 › Decisions", "Round 2 › Advice"}, Marking: "OFFICIAL", Markings: []string{"OFFICIAL", "OFFICIAL-SENSITIVE"},
		EmailTo: "the private office mailbox", Email: true, Saved: "10:59am",
		Answers: []Tag{{"record", "You: writing a note"}, {"", "Rhys: nothing to add"}, {"", "Priya: nothing to add"}, {"line", "5 have not answered"}}}
}
