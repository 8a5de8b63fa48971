package session_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/winnowtest"
	"winnow.org/winnow/internal/winnowtest/stage"
	"winnow.org/winnow/verify"
)

// life is two sessions in which every kind of durable write happens. What fails is tried again, as people and clients do.
type life struct {
	*stage.Stage
	t    *testing.T
	held []*session.Event // of the session that goes on
}

// insist does something until it succeeds.
func (l *life) insist(what string, do func() error) {
	l.t.Helper()
	var err error
	for range 3 {
		if err = do(); err == nil {
			return
		}
		l.Pass(time.Second)
	}
	l.t.Fatalf("%s fails again and again: %v", what, err)
}

func (l *life) say(who id.Person, txn, words string) id.Event {
	l.t.Helper()
	var e *session.Event
	l.insist("send", func() (err error) {
		e, err = l.Sessions.Send(l.Context(), who, l.Room, session.Message{Type: "m.room.message", Content: stage.Text(words), Txn: txn, Device: "D"})
		return err
	})
	l.held = append(l.held, e)
	return e.ID
}

// pass lets time pass and sees to it that nothing is destroyed before its decision is in the ledger.
func (l *life) pass(d time.Duration) {
	l.t.Helper()
	l.Pass(d)
	decided := false
	for _, e := range l.Entries() {
		decided = decided || e.Kind == verify.KindDecided && e.Decided.Session == string(l.held[0].Session)
	}
	for _, e := range l.held {
		if l.Words(e) == "" && !decided {
			l.t.Errorf("message %d is destroyed, and nothing in the ledger decided so", e.N)
		}
	}
}

func (l *life) live() {
	one, two := l.say(stage.Ann, "1", "First"), l.say(stage.Bob, "2", "Second")
	l.say(stage.Bob, "3", "Third")
	for who, m := range map[id.Person]id.Event{stage.Ann: one, stage.Bob: two} {
		l.insist("mark", func() error { return l.Sessions.Mark(l.Context(), who, l.Room, m, "D") })
	}
	l.insist("file", func() error {
		_, err := l.Notes.Write(l.Context(), stage.Ann, l.Room, note.Draft{Title: "One", Quotes: []id.Event{one}})
		return err
	})
	for _, who := range []id.Person{stage.Ann, stage.Bob, stage.Cat} {
		l.insist("read", func() error { return l.Sessions.Read(l.Context(), who, l.Room, l.held[2].ID, false) })
	}
	l.pass(44 * time.Minute)
	l.insist("keep open", func() error { return l.Sessions.KeepOpen(l.Context(), stage.Cat, l.Room) })
	l.pass(45 * time.Minute)
	for range 4 {
		l.pass(5 * time.Minute)
	}
	l.held = nil
	l.say(stage.Cat, "4", "Another day")
	l.insist("ask", func() error { return l.Sessions.End(l.Context(), stage.Cat, l.Room) })
	l.insist("answer", func() error {
		err := l.Sessions.Nothing(l.Context(), stage.Cat, l.Room)
		if l.Look(stage.Ann) == nil {
			err = nil
		}
		return err
	})
	for range 4 {
		l.pass(time.Minute)
	}
}

// TestLifeWithFaults breaks each durable write in turn, once so that nothing was written, and once so that all was and nobody heard
// of it. Nothing acknowledged is lost, nothing is destroyed without a decision, and nothing happens twice.
func TestLifeWithFaults(t *testing.T) {
	for _, point := range []string{store.Unpersisted, store.Persisted} {
		for at := 1; ; at++ {
			writes := 0
			t.Run(fmt.Sprint(point, at), func(t *testing.T) {
				dsn := winnowtest.SQLite
				if at%5 == 0 {
					dsn = winnowtest.Postgres
				}
				l := &life{Stage: stage.New(t, dsn(t)), t: t}
				l.Store.Fault = func(p string) error {
					if p == point {
						if writes++; writes == at {
							return errors.New("the disk is gone for a moment")
						}
					}
					return nil
				}
				l.live()
				l.Store.Fault = nil
				l.checkLife()
			})
			if writes < at || t.Failed() {
				break
			}
		}
	}
}

// checkLife is what must be true after the life, whatever broke.
func (l *life) checkLife() {
	t := l.t
	past, err := l.Sessions.Past(l.Context(), l.Room, 9)
	if err != nil || len(past) != 2 || l.Look(stage.Ann) != nil {
		t.Fatalf("%d sessions are over: %+v, %v\n%s", len(past), past, err, l.Logs)
	}
	if r := past[1]; r.Messages != 3 || r.Quoted != 2 || r.Disposition != "noted" || r.State != session.StateCompleted {
		t.Errorf("first session: %+v", r)
	}
	if r := past[0]; r.Messages != 1 || r.Reason != "answered" || r.State != session.StateCompleted {
		t.Errorf("second session: %+v", r)
	}
	if kinds := l.Kinds(); kinds != "policy note note decided completed decided completed" {
		t.Errorf("ledger: %s", kinds)
	}
	notes, err := l.Notes.OfSession(l.Context(), past[1].ID)
	if err != nil || len(notes) != 2 {
		t.Fatalf("notes %+v, %v", notes, err)
	}
	words := ""
	for _, n := range notes {
		w, err := verify.ParseNote(n.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range verify.Check(w, n.Manifest) {
			t.Error(p)
		}
		for _, q := range w.Quotes {
			words += q.Text + " "
		}
	}
	if words != "First Second " {
		t.Errorf("the notes quote %q", words)
	}
	if waiting, err := l.Notes.Waiting(l.Context()); err != nil || waiting != 0 {
		t.Errorf("%d files wait, %v", waiting, err)
	}
	if l.State("state") != "ended" {
		t.Errorf("state %v", l.State("state"))
	}
	if since := l.Sessions.Broken(); !since.IsZero() {
		t.Errorf("still broken since %v", since)
	}
	ended := 0
	for _, n := range l.Notices() {
		if strings.HasPrefix(n, "Session ended") {
			ended++
		}
	}
	if ended != 2 {
		t.Errorf("notices %q", l.Notices())
	}
	if again := l.Crash(); again.Lost != 0 { // a record with no session behind it
		t.Errorf("%d sessions would be certified as lost", again.Lost)
	}
}

// The note of marked messages is committed and nobody hears of it; before the next try one more message is marked. Each is filed
// once.
func TestMarkBetweenTries(t *testing.T) {
	s := stage.SQLite(t)
	s.Mark(stage.Ann, s.Say(stage.Ann, "First"))
	s.Seen()
	s.Pass(45 * time.Minute)
	broken := false
	s.Store.Fault = func(point string) error {
		if point == store.Persisted && !broken {
			broken = true
			return errors.New("the disk is gone for a moment")
		}
		return nil
	}
	s.Pass(15 * time.Minute)
	s.Mark(stage.Bob, s.Say(stage.Bob, "Second"))
	s.Seen()
	s.Pass(45 * time.Minute)
	s.Pass(15 * time.Minute)
	if r := s.Past(); !broken || r.Quoted != 2 || r.Messages != 2 {
		t.Errorf("record %+v", r)
	}
	words := ""
	for _, n := range checkNotes(t, s) {
		w, err := verify.ParseNote(n.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range w.Quotes {
			words += q.Text + " "
		}
	}
	if words != "First Second " {
		t.Errorf("the notes quote %q", words)
	}
	if kinds := s.Kinds(); kinds != "policy note note decided completed" {
		t.Errorf("ledger: %s", kinds)
	}
}
