package session_test

import (
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/winnowtest/stage"
)

// redact withdraws an event for somebody.
func redact(s *stage.Stage, who id.Person, e id.Event) error {
	_, err := s.Sessions.Redact(s.Context(), who, s.Room, e, session.Message{Content: []byte("{}")})
	return err
}

func edit(s *stage.Stage, who id.Person, e id.Event, words string) error {
	_, err := s.Post(who, stage.Edit(e, words))
	return err
}

// check compares the kind of an error; -1 is no error.
func check(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if want < 0 && err != nil || want >= 0 && !fault.Is(err, want) {
		t.Errorf("%s: error %v, want kind %d", what, err, want)
	}
}

const fine fault.Kind = -1

// Marks bind: who made one can take it off, nobody else, and what is marked stays as it is.
func TestMark(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		ctx := t.Context()
		m := s.Say(stage.Bob, "The cap is 400,000")
		s.Mark(stage.Ann, m)
		s.Mark(stage.Ann, m) // twice is once
		s.Mark(stage.Cat, m)
		if v := s.Look(stage.Bob); v.Marked != 1 || len(v.Lines[0].Marks) != 2 || v.Lines[0].Marks[0].Sender != stage.Ann {
			t.Fatalf("%d marked, marks %+v", v.Marked, v.Lines[0].Marks)
		}
		marks := s.Look(stage.Bob).Lines[0].Marks
		check(t, "the author edits", edit(s, stage.Bob, m, "The cap is 40"), fault.Denied)
		check(t, "the author withdraws", redact(s, stage.Bob, m), fault.Denied)
		check(t, "the room's creator withdraws", redact(s, stage.Ann, m), fault.Denied)
		check(t, "somebody unmarks who has not marked", s.Sessions.Unmark(ctx, stage.Bob, s.Room, m, ""), fault.Denied)
		check(t, "somebody withdraws another's mark", redact(s, stage.Bob, marks[0].ID), fault.Denied)
		check(t, "the room's creator withdraws another's mark", redact(s, stage.Ann, marks[1].ID), fault.Denied)
		check(t, "somebody outside marks", s.Sessions.Mark(ctx, stage.Dan, s.Room, m, ""), fault.Denied)
		check(t, "the marker unmarks", s.Sessions.Unmark(ctx, stage.Ann, s.Room, m, ""), fine)
		check(t, "the author edits while another mark is there", edit(s, stage.Bob, m, "The cap is 40"), fault.Denied)
		check(t, "the other marker withdraws the reaction", redact(s, stage.Cat, marks[1].ID), fine)
		check(t, "the author edits", edit(s, stage.Bob, m, "The cap is 40,000"), fine)
		if v := s.Look(stage.Bob); v.Marked != 0 || s.Words(v.Lines[0].Words) != "The cap is 40,000" || !v.Lines[0].Edited {
			t.Errorf("%d marked, words %q", v.Marked, s.Words(v.Lines[0].Words))
		}
		// The pin is a mark from any client, with and without the mark for colourful letters.
		for _, pin := range []string{"📌", "📌\ufe0f"} {
			n := s.Say(stage.Bob, "Noted")
			if _, err := s.Post(stage.Ann, stage.Reaction(n, pin)); err != nil {
				t.Fatal(err)
			}
			if v := s.Look(stage.Bob); len(v.Lines[len(v.Lines)-1].Marks) != 1 {
				t.Errorf("%q is no mark", pin)
			}
		}
	})
}

func TestEditAndWithdraw(t *testing.T) {
	s := stage.SQLite(t)
	m := s.Say(stage.Bob, "Tusday")
	check(t, "somebody else edits", edit(s, stage.Cat, m, "Monday"), fault.Denied)
	check(t, "the room's creator edits", edit(s, stage.Ann, m, "Monday"), fault.Denied)
	check(t, "the author edits", edit(s, stage.Bob, m, "Tuesday"), fine)
	check(t, "an edit of an edit", edit(s, stage.Bob, s.Sessions.Events(stage.Bob, s.Snapshot(), 0, 1<<60, 9, true)[1].ID, "Wednesday"), fault.Invalid)
	_, err := s.Sessions.Send(t.Context(), stage.Bob, s.Room, session.Message{Type: "m.sticker", Content: stage.Edit(m, "x")})
	check(t, "an edit of another type", err, fault.Invalid)
	s.Pass(15 * time.Minute)
	check(t, "15 minutes later", edit(s, stage.Bob, m, "On Tuesday"), fine)
	v := s.Look(stage.Cat)
	if len(v.Lines) != 1 || s.Words(v.Lines[0].Words) != "On Tuesday" || !v.Lines[0].Edited || v.Messages != 1 {
		t.Fatalf("lines %+v", v.Lines)
	}
	s.Pass(time.Millisecond)
	check(t, "later still", edit(s, stage.Bob, m, "On Tuesday, perhaps"), fault.Denied)
	check(t, "later still", redact(s, stage.Bob, m), fault.Denied)

	m = s.Say(stage.Bob, "I hate it")
	check(t, "the author edits", edit(s, stage.Bob, m, "I really hate it"), fine)
	check(t, "somebody else withdraws", redact(s, stage.Cat, m), fault.Denied)
	events := s.Sessions.Events(stage.Cat, s.Snapshot(), 0, 1<<60, 99, true)
	check(t, "the author withdraws", redact(s, stage.Bob, m), fine)
	for _, e := range events {
		if w := s.Words(e); strings.Contains(w, "hate") {
			t.Errorf("withdrawn words can be opened: %q", w)
		}
	}
	check(t, "again", redact(s, stage.Bob, m), fine)
	check(t, "an edit of what was withdrawn", edit(s, stage.Bob, m, "x"), fault.NotFound)
	check(t, "a mark on what was withdrawn", s.Sessions.Mark(t.Context(), stage.Ann, s.Room, m, ""), fault.NotFound)
	check(t, "something that is not there", redact(s, stage.Bob, "$nothing-1"), fault.NotFound)
	m = s.Say(stage.Bob, "Spam")
	s.Pass(16 * time.Minute)
	check(t, "the room's creator withdraws, at any time", redact(s, stage.Ann, m), fine)
	s.Seen()
	s.Pass(time.Hour)
	if r := s.Past(); r.Messages != 3 || r.Withdrawn != 2 || r.Edits != 3 {
		t.Errorf("record %+v", r)
	}
	check(t, "after the end", redact(s, stage.Bob, m), fault.NotFound)
	check(t, "a mark after the end", s.Sessions.Mark(t.Context(), stage.Ann, s.Room, m, ""), fault.NotFound)
	check(t, "an edit after the end", edit(s, stage.Bob, m, "x"), fault.NotFound)
	if s.Look(stage.Ann) != nil {
		t.Error("an edit opened a session")
	}
}

func TestReactAndReply(t *testing.T) {
	s := stage.SQLite(t)
	ctx := t.Context()
	m := s.Say(stage.Ann, "Is the room free?")
	thumb := []byte("👍")
	for i, want := range []int{1, 0, 1} {
		check(t, "react", s.Sessions.React(ctx, stage.Bob, s.Room, m, thumb, ""), fine)
		if l := s.Look(stage.Ann).Lines[0]; len(l.Reactions) != want {
			t.Fatalf("after %d times there are %d reactions, want %d", i+1, len(l.Reactions), want)
		}
	}
	check(t, "another reacts the same", s.Sessions.React(ctx, stage.Cat, s.Room, m, thumb, ""), fine)
	check(t, "reacts otherwise", s.Sessions.React(ctx, stage.Cat, s.Room, m, []byte(`"\`), ""), fine)
	if l := s.Look(stage.Ann).Lines[0]; len(l.Reactions) != 3 {
		t.Errorf("%d reactions", len(l.Reactions))
	}
	check(t, "no reaction", s.Sessions.React(ctx, stage.Cat, s.Room, m, nil, ""), fault.Invalid)
	check(t, "a reaction to nothing", s.Sessions.React(ctx, stage.Cat, s.Room, "$no-1", thumb, ""), fault.NotFound)
	check(t, "taking back another's", redact(s, stage.Cat, s.Look(stage.Ann).Lines[0].Reactions[0].ID), fault.Denied)
	_, err := s.Post(stage.Bob, stage.Reply(m, "Yes"))
	check(t, "reply", err, fine)
	if l := s.Look(stage.Cat).Lines[1]; l.ReplyTo == nil || l.ReplyTo.ID != m {
		t.Errorf("reply to %+v", l.ReplyTo)
	}
	_, err = s.Post(stage.Bob, stage.Reply("$made-up", "Yes"))
	check(t, "a reply to nothing is a message", err, fine)
}

// Event IDs can be guessed. Whoever joined later must not reach what was said before.
func TestLatecomer(t *testing.T) {
	s := stage.SQLite(t)
	ctx := t.Context()
	old := s.Say(stage.Ann, "Between us")
	if err := s.Rooms.Add(ctx, stage.Ann, s.Room, stage.Dan, -1); err != nil {
		t.Fatal(err)
	}
	fresh := s.Say(stage.Ann, "Welcome")
	v := s.Look(stage.Dan)
	if len(v.Lines) != 1 || v.Lines[0].Event.ID != fresh || v.Hidden != 1 {
		t.Errorf("sees %d lines, %d hidden", len(v.Lines), v.Hidden)
	}
	_, err := s.Sessions.Event(ctx, stage.Dan, s.Room, old)
	check(t, "reads it", err, fault.NotFound)
	_, err = s.Post(stage.Dan, stage.Reaction(old, "👍"))
	check(t, "reacts to it", err, fault.NotFound)
	check(t, "marks it", s.Sessions.Mark(ctx, stage.Dan, s.Room, old, ""), fault.NotFound)
	_, err = s.Sessions.Material(ctx, stage.Dan, s.Room, []id.Event{old})
	check(t, "quotes it", err, fault.NotFound)
	if e, err := s.Post(stage.Dan, stage.Reply(old, "What?")); err != nil || e.ReplyTo != "" {
		t.Errorf("replies to it: %+v, %v", e, err)
	}
	if err := s.Rooms.Leave(ctx, stage.Dan, s.Room); err != nil {
		t.Fatal(err)
	}
	_, err = s.Sessions.Look(ctx, stage.Dan, s.Room)
	check(t, "looks after leaving", err, fault.Denied)
	pos, _ := s.Sessions.Start(s.Room)
	if err := s.Rooms.Add(ctx, stage.Ann, s.Room, stage.Dan, pos); err != nil {
		t.Fatal(err)
	}
	if v := s.Look(stage.Dan); len(v.Lines) != 3 || v.Hidden != 0 {
		t.Errorf("shown the session so far: %d lines, %d hidden", len(v.Lines), v.Hidden)
	}
}

// What is refused changes nothing: no session opens, and nothing of it is kept.
func TestRefused(t *testing.T) {
	s := stage.SQLite(t)
	text := func(body string) session.Message {
		return session.Message{Type: "m.room.message", Content: stage.Text(body)}
	}
	stories := []struct {
		name string
		who  id.Person
		m    session.Message
		want fault.Kind
	}{
		{"secret", stage.Ann, text("SECRET"), fault.Denied},
		{"secret in a heading", stage.Ann, text("Plan B\n** TOP SECRET: UK EYES ONLY **"), fault.Denied},
		{"secret in brackets", stage.Ann, text("[SECRET] the plan"), fault.Denied},
		{"somebody outside", stage.Dan, text("Hello"), fault.Denied},
		{"encrypted", stage.Ann, session.Message{Type: "m.room.encrypted", Content: []byte("{}")}, fault.Denied},
		{"a redaction", stage.Ann, session.Message{Type: "m.room.redaction", Content: []byte("{}")}, fault.Invalid},
		{"no type", stage.Ann, session.Message{Content: []byte("{}")}, fault.Invalid},
		{"a type that no record can hold", stage.Ann, session.Message{Type: "a\nb", Content: []byte("{}")}, fault.Invalid},
		{"a type that is no text", stage.Ann, session.Message{Type: "a\xff", Content: []byte("{}")}, fault.Invalid},
		{"no content", stage.Ann, session.Message{Type: "m.room.message"}, fault.Invalid},
		{"a list", stage.Ann, session.Message{Type: "m.room.message", Content: []byte("[]")}, fault.Invalid},
		{"a bad escape", stage.Ann, session.Message{Type: "m.room.message", Content: []byte(`{"body":"\q"}`)}, fault.Invalid},
		{"a body twice", stage.Ann, session.Message{Type: "m.room.message", Content: []byte(`{"body":"SECRET","body":"fine"}`)}, fault.Invalid},
		{"too long", stage.Ann, text(strings.Repeat("x", session.MaxContent)), fault.TooLarge},
		{"an edit of nothing", stage.Ann, session.Message{Type: "m.room.message", Content: stage.Edit("$x-1", "SECRET\nplan")}, fault.Denied},
		{"a reaction to nothing", stage.Ann, session.Message{Type: "m.reaction", Content: stage.Reaction("$x-1", "👍")}, fault.NotFound},
	}
	for _, st := range stories {
		_, err := s.Sessions.Send(t.Context(), st.who, s.Room, st.m)
		check(t, st.name, err, st.want)
		if s.Look(stage.Ann) != nil {
			t.Fatalf("%s: it opened a session", st.name)
		}
	}
	for _, words := range []string{"It is no SECRET", "Secret Santa", "SECRETARY OF STATE", "OFFICIAL-SENSITIVE"} {
		if _, err := s.Post(stage.Ann, stage.Text(words)); err != nil {
			t.Errorf("%q: %v", words, err)
		}
	}
	before := s.Look(stage.Ann)
	_, err := s.Post(stage.Ann, stage.Text("SECRET"))
	check(t, "secret in an open session", err, fault.Denied)
	if after := s.Look(stage.Ann); after.Version != before.Version || after.Messages != before.Messages {
		t.Error("a refused message changed the session")
	}
}

// A device that sends again with the transaction ID of before gets the event of before.
func TestTransactions(t *testing.T) {
	s := stage.SQLite(t)
	send := func(who id.Person, dev id.Device, txn string) id.Event {
		t.Helper()
		e, err := s.Sessions.Send(t.Context(), who, s.Room, session.Message{Type: "m.room.message", Content: stage.Text("Hello"), Txn: txn, Device: dev})
		if err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	first := send(stage.Ann, "A", "1")
	if again := send(stage.Ann, "A", "1"); again != first {
		t.Error("the same transaction made another event")
	}
	for _, other := range []id.Event{send(stage.Ann, "B", "1"), send(stage.Ann, "A", "2"), send(stage.Bob, "A", "1"), send(stage.Ann, "A", "")} {
		if other == first {
			t.Error("another device's, person's or transaction's event is the same")
		}
	}
	if v := s.Look(stage.Ann); v.Messages != 5 {
		t.Errorf("%d messages", v.Messages)
	}
	withdraw := func() id.Event {
		e, err := s.Sessions.Redact(t.Context(), stage.Ann, s.Room, first, session.Message{Content: []byte("{}"), Txn: "3", Device: "A"})
		if err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	if a, b := withdraw(), withdraw(); a != b {
		t.Error("the same redaction made two events")
	}
}

// Who reads what: positions, unread counts, mentions, receipts.
func TestNews(t *testing.T) {
	s := stage.SQLite(t)
	ctx := t.Context()
	m := s.Say(stage.Ann, "One")
	if _, err := s.Post(stage.Ann, []byte(`{"msgtype":"m.text","body":"Two, Bob","m.mentions":{"user_ids":["@bob:chat.example.org","@nobody:x","@dan:chat.example.org"]}}`)); err != nil {
		t.Fatal(err)
	}
	news := func(who id.Person, from int64, limit int) session.News {
		t.Helper()
		n, err := s.Sessions.News(ctx, who, s.Snapshot(), from, s.Rooms.Order.Stable(), limit)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := news(stage.Bob, 0, 10)
	if len(n.Events) != 2 || n.Limited || n.Unread != 2 || n.Mentioned != 1 || s.Words(n.Events[1]) != "Two, Bob" {
		t.Errorf("news %+v", n)
	}
	if n := news(stage.Bob, 0, 1); !n.Limited || len(n.Events) != 1 || s.Words(n.Events[0]) != "Two, Bob" {
		t.Errorf("limited news %+v", n)
	}
	if n := news(stage.Bob, n.Events[0].Pos, 10); len(n.Events) != 1 {
		t.Errorf("news since the first: %d", len(n.Events))
	}
	from := s.Rooms.Order.Stable()
	if err := s.Sessions.Read(ctx, stage.Bob, s.Room, m, false); err != nil {
		t.Fatal(err)
	}
	if err := s.Sessions.Read(ctx, stage.Cat, s.Room, m, true); err != nil {
		t.Fatal(err)
	}
	if n := news(stage.Ann, from, 10); len(n.Receipts) != 1 || n.Receipts[stage.Bob].Event != m {
		t.Errorf("Ann sees receipts %+v", n.Receipts)
	}
	if n := news(stage.Bob, from, 10); n.Unread != 1 || n.Mentioned != 1 {
		t.Errorf("Bob has %d unread, %d mentions", n.Unread, n.Mentioned)
	}
	if err := s.Sessions.Typing(ctx, stage.Cat, s.Room, time.Minute); err != nil {
		t.Fatal(err)
	}
	if n := news(stage.Ann, from, 10); !n.Typed || len(n.Typing) != 1 || n.Typing[0] != stage.Cat {
		t.Errorf("typing %v", n.Typing)
	}
	from = s.Rooms.Order.Stable()
	s.Pass(30 * time.Second)
	if n := news(stage.Ann, from, 10); !n.Typed || len(n.Typing) != 0 {
		t.Errorf("after 30 seconds typing %v", n.Typing)
	}
}

// When a session ends, clients are told to forget each of its events, at positions of their own.
func TestForgotten(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		m := s.Say(stage.Ann, "One")
		s.Say(stage.Ann, "Two")
		if _, err := s.Post(stage.Bob, stage.Reaction(m, "👍")); err != nil {
			t.Fatal(err)
		}
		s.Seen()
		from := s.Rooms.Order.Stable()
		s.Pass(time.Hour)
		to := s.Rooms.Order.Stable()
		seen := map[int]int{}
		for pos := from; pos < to; pos++ { // a reader who gets one position at a time
			n, err := s.Sessions.News(t.Context(), stage.Cat, s.Snapshot(), pos, pos+1, 10)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range n.Forgotten {
				first, last := r.Forget(pos, pos+1)
				for i := first; i <= last; i++ {
					seen[i]++
				}
			}
		}
		if len(seen) != 3 || seen[1] != 1 || seen[2] != 1 || seen[3] != 1 {
			t.Errorf("told to forget %v", seen)
		}
		n, err := s.Sessions.News(t.Context(), stage.Cat, s.Snapshot(), from, to, 10)
		if err != nil || len(n.Events) != 0 || len(n.Forgotten) != 1 {
			t.Fatalf("news %+v, %v", n, err)
		}
		if first, last := n.Forgotten[0].Forget(from, to); first != 1 || last != 3 {
			t.Errorf("at once: %d to %d", first, last)
		}
	})
}
