package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/winnowtest/stage"
	"winnow.org/winnow/verify"
)

// A crash destroys what was open. Each session gets a certificate that says so, clients are told to forget it, and talk goes on.
func TestCrash(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		m := s.Say(stage.Ann, "Lost words")
		s.Mark(stage.Ann, m)
		sid := s.Look(stage.Ann).ID
		before := s.Rooms.Order.Stable()
		s = s.Crash()
		if s.Lost != 1 || s.Look(stage.Ann) != nil {
			t.Fatalf("%d lost", s.Lost)
		}
		if r := s.Past(); r.ID != sid || r.State != session.StateLost || r.RedactPos <= before {
			t.Errorf("record %+v", r)
		}
		if kinds := s.Kinds(); kinds != "policy incident lost" {
			t.Errorf("ledger: %s", kinds)
		}
		if s.State("state") != "ended" || s.State("lost") != true {
			t.Errorf("state %v", s.State("state"))
		}
		if n := s.Notices(); !strings.Contains(n[len(n)-1], "was lost when the service stopped unexpectedly") {
			t.Errorf("notices %q", n)
		}
		n, err := s.Sessions.News(t.Context(), stage.Ann, s.Snapshot(), before, s.Rooms.Order.Stable(), 9)
		if err != nil || len(n.Forgotten) != 1 {
			t.Fatalf("news %+v, %v", n, err)
		}
		if first, last := n.Forgotten[0].Forget(before, s.Rooms.Order.Stable()); first != 1 || last < 2 {
			t.Errorf("told to forget %d to %d", first, last)
		}
		s.Say(stage.Ann, "Again")
		s = s.Crash()
		if kinds := s.Kinds(); s.Lost != 1 || kinds != "policy incident lost incident lost" {
			t.Errorf("after another crash: %d lost, ledger %s", s.Lost, kinds)
		}
		if s = s.Crash(); s.Lost != 0 {
			t.Errorf("a crash with nothing open lost %d", s.Lost)
		}
	})
}

// A disposal that was decided when the server died is completed at the next start: its content is as gone as was promised.
func TestCrashBetweenDecisionAndCompletion(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		s.Say(stage.Ann, "Words")
		s.Seen()
		down := false
		s.Pass(45 * time.Minute)
		s.Store.Fault = func(point string) error {
			if down && point == store.Unpersisted {
				return errors.New("gone")
			}
			down = down || point == store.Persisted // the decision is the only write before it
			return nil
		}
		s.Pass(15 * time.Minute)
		s.Store.Fault = nil
		if r := s.Past(); r.State != session.StateDecided {
			t.Fatalf("record %+v", r)
		}
		s = s.Crash()
		if r := s.Past(); s.Lost != 0 || r.State != session.StateCompleted || r.Reason != "quiet" {
			t.Errorf("%d lost, record %+v", s.Lost, r)
		}
		if kinds := s.Kinds(); kinds != "policy decided completed" {
			t.Errorf("ledger: %s", kinds)
		}
	})
}

// A ledger that cannot be written stops the forgetting, and everybody is told. When it can be again, the session ends.
func TestLedgerDown(t *testing.T) {
	s := stage.SQLite(t)
	m := s.Say(stage.Ann, "Words")
	s.Mark(stage.Ann, m)
	s.Seen()
	s.Pass(45 * time.Minute)
	s.Store.Fault = func(point string) error {
		if point == store.Unpersisted {
			return fault.New(fault.Unavailable, "The disk is full")
		}
		return nil
	}
	s.Pass(15 * time.Minute)
	for range 20 {
		s.Pass(time.Minute)
		v := s.Look(stage.Bob)
		if v == nil || v.Broken.IsZero() || s.Words(v.Lines[0].Words) != "Words" {
			t.Fatal("something was destroyed, or nobody is told")
		}
	}
	if s.Sessions.Broken().IsZero() {
		t.Error("the health page does not know")
	}
	s.Store.Fault = nil
	s.Pass(15 * time.Second)
	if kinds := s.Kinds(); kinds != "policy note decided completed" || !s.Sessions.Broken().IsZero() {
		t.Errorf("ledger: %s, broken since %v", kinds, s.Sessions.Broken())
	}
}

// A session whose first message could not be taken after it had begun has nothing in it, and ends all the same.
func TestNothingButABeginning(t *testing.T) {
	s := stage.SQLite(t)
	writes := 0
	for pos := int64(0); ; { // use up the positions that are reserved, but for those of the beginning
		first, done, err := s.Rooms.Order.Take(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		done()
		if pos = first; pos%4096 == 4094 {
			break
		}
	}
	s.Store.Fault = func(point string) error {
		if point == store.Unpersisted {
			if writes++; writes == 2 {
				return errors.New("gone")
			}
		}
		return nil
	}
	if _, err := s.Post(stage.Ann, stage.Text("Words")); err == nil {
		t.Fatal("the message was taken, so this test shows nothing")
	}
	s.Store.Fault = nil
	if s.Look(stage.Ann) == nil {
		t.Fatal("no session began, so this test shows nothing")
	}
	s.Pass(time.Hour)
	if kinds := s.Kinds(); kinds != "policy decided completed" || s.Past().Messages != 0 {
		t.Errorf("ledger: %s\n%s", kinds, s.Logs)
	}
}

// Stopping asks, then files what is marked and what somebody was writing, and certifies.
func TestShutdown(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		m := s.Say(stage.Ann, "Marked")
		s.Say(stage.Bob, "Not marked")
		s.Mark(stage.Cat, m)
		if err := s.Sessions.Write(t.Context(), stage.Bob, s.Room); err != nil {
			t.Fatal(err)
		}
		if err := s.Sessions.SaveDraft(t.Context(), stage.Bob, s.Room, []byte("title=Half+a+note")); err != nil {
			t.Fatal(err)
		}
		s = s.Restart()
		if s.Lost != 0 {
			t.Fatalf("%d lost", s.Lost)
		}
		if r := s.Past(); r.Reason != "shutdown" || r.Messages != 2 || r.Quoted != 1 {
			t.Errorf("record %+v", r)
		}
		all, err := s.Notes.OfSession(t.Context(), s.Past().ID)
		if err != nil || len(all) != 2 || !all[0].Automatic || !all[1].Automatic {
			t.Errorf("notes %+v, %v", all, err)
		}
		if kinds := s.Kinds(); kinds != "policy note note decided completed" {
			t.Errorf("ledger: %s", kinds)
		}
		if waiting, err := s.Notes.Waiting(t.Context()); err != nil || waiting != 0 {
			t.Errorf("%d files wait, %v", waiting, err)
		}
		s.Say(stage.Ann, "Good morning")
		if e := s.Entries(); e[3].Decided == nil || e[3].Decided.Reason != verify.ReasonShutdown {
			t.Errorf("decision %+v", e[3])
		}
	})
}
