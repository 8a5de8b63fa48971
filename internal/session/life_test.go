package session_test

import (
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/winnowtest/stage"
)

func phase(s *stage.Stage) policy.Phase {
	v := s.Look(stage.Ann)
	if v == nil {
		return policy.Over
	}
	return v.Verdict.Phase
}

// The usual life of a session, with nothing on the record.
func TestQuietSession(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		if s.Look(stage.Ann) != nil {
			t.Fatal("a session is open before anybody wrote")
		}
		s.Say(stage.Ann, "Is the room free?")
		s.Pass(4 * time.Minute)
		s.Say(stage.Bob, "Yes")
		s.Seen()
		if got := s.State("state"); got != "open" {
			t.Errorf("state %v", got)
		}
		held := s.Look(stage.Ann).Lines
		s.Pass(44 * time.Minute)
		if phase(s) != policy.Open {
			t.Error("the notice period has begun before 45 quiet minutes")
		}
		s.Pass(time.Minute)
		if phase(s) != policy.Ending || s.State("state") != "ending" {
			t.Errorf("after 45 quiet minutes: phase %v, state %v", phase(s), s.State("state"))
		}
		s.Pass(15*time.Minute - time.Second)
		if phase(s) != policy.Ending {
			t.Error("it ended before 60 quiet minutes")
		}
		s.Pass(time.Second)
		if phase(s) != policy.Over {
			t.Fatal("it did not end after 60 quiet minutes")
		}
		for _, l := range held {
			if words := s.Words(l.Words); words != "" {
				t.Errorf("%q can still be opened", words)
			}
		}
		r := s.Past()
		if r.Reason != "quiet" || r.Disposition != policy.Undecided || r.Messages != 2 || r.Quoted != 0 || r.People != 2 || r.Unanswered != 2 || r.State != session.StateCompleted {
			t.Errorf("record %+v", r)
		}
		if s.State("state") != "ended" || s.State("messages") != 2.0 {
			t.Errorf("state %v, %v messages", s.State("state"), s.State("messages"))
		}
		notices := s.Notices()
		for i, want := range []string{"Session started 9:00am by Ann Able. History is off", "This session ends at 10:04am. Nothing is marked", "Session ended 10:04am. 2 messages: 0 kept in a note, 2 deleted."} {
			if i >= len(notices) || !strings.Contains(notices[i], want) {
				t.Errorf("notices %q, want one with %q at %d", notices, want, i)
			}
		}
		if kinds := s.Kinds(); kinds != "policy decided completed" {
			t.Errorf("ledger: %s", kinds)
		}
	})
}

// Commands do what they say from any client, and are not talk: they put no clock back and open no question again.
func TestCommands(t *testing.T) {
	t.Run("all answer", func(t *testing.T) {
		s := stage.SQLite(t)
		s.Say(stage.Ann, "Is the room free?")
		s.Say(stage.Bob, "Yes")
		s.Say(stage.Ann, "!end")
		if phase(s) != policy.Ending {
			t.Fatal("!end did not ask")
		}
		s.Say(stage.Ann, "!nothing")
		if phase(s) != policy.Ending {
			t.Fatalf("phase %v after the first answer", phase(s))
		}
		s.Say(stage.Bob, "!Nothing")
		if phase(s) != policy.Over {
			t.Fatal("it goes on although all have answered")
		}
		if r := s.Past(); r.Reason != "answered" || r.Disposition != policy.Routine || r.Answered != 2 || r.Unanswered != 0 {
			t.Errorf("record %+v", r)
		}
	})
	t.Run("note", func(t *testing.T) {
		s := stage.SQLite(t)
		m := s.Say(stage.Ann, "The cap is 400,000")
		s.Say(stage.Bob, "!note Cap raised")
		if n := s.Notices(); !strings.HasPrefix(n[len(n)-1], "Nothing is marked for the record.") {
			t.Errorf("notices %q", n)
		}
		s.Mark(stage.Ann, m)
		s.Say(stage.Bob, "!note")
		if n := s.Notices(); !strings.HasPrefix(n[len(n)-1], "Write a title after !note") {
			t.Errorf("notices %q", n)
		}
		s.Say(stage.Bob, "!note   Cap raised ")
		if n := s.Notices(); !strings.HasPrefix(n[len(n)-1], "Note filed by Bob Baker: N-2026-0001, in Harbours/Fund. https://chat.example.org/notes/N-2026-0001") {
			t.Errorf("notices %q", n)
		}
		if v := s.Look(stage.Ann); len(v.Notes) != 1 || !v.People[stage.Bob].Answered {
			t.Errorf("notes %+v, people %+v", v.Notes, v.People)
		}
	})
}

func TestKeepOpen(t *testing.T) {
	s := stage.SQLite(t)
	s.Say(stage.Ann, "Is the room free?")
	s.Seen()
	s.Pass(50 * time.Minute)
	if err := s.Sessions.KeepOpen(t.Context(), stage.Bob, s.Room); err != nil {
		t.Fatal(err)
	}
	if phase(s) != policy.Open || s.State("state") != "open" {
		t.Errorf("phase %v, state %v", phase(s), s.State("state"))
	}
	s.Pass(45 * time.Minute)
	if phase(s) != policy.Ending {
		t.Errorf("phase %v", phase(s))
	}
	s.Pass(15 * time.Minute)
	if phase(s) != policy.Over {
		t.Errorf("phase %v", phase(s))
	}
}

// A session ends ten hours after it began, and ten extensions later whatever happens.
func TestLatestEnd(t *testing.T) {
	s := stage.SQLite(t)
	sid := id.Session("")
	for range 10 * 2 {
		s.Say(stage.Ann, "Still here")
		s.Seen()
		sid = s.Look(stage.Ann).ID
		s.Pass(30 * time.Minute)
	}
	if r := s.Past(); r.ID != sid || r.Reason != "latest" || r.Ended.Sub(r.Started) != 10*time.Hour {
		t.Errorf("record %+v", r)
	}
	begin := s.Clock.Now()
	s.Say(stage.Ann, "Again")
	for s.Look(stage.Ann) != nil && s.Clock.Now().Sub(begin) < 48*time.Hour {
		s.Pass(10 * time.Minute)
		s.Say(stage.Ann, "Still here")
		s.Seen()
		s.Sessions.KeepOpen(t.Context(), stage.Bob, s.Room)
		if all, _ := s.Sessions.Past(t.Context(), s.Room, 9); len(all) == 2 {
			break
		}
	}
	if r := s.Past(); r.Extensions != 10 || r.Reason != "latest" || r.Ended.Sub(r.Started) != 20*time.Hour {
		t.Errorf("ended after %v with %d extensions", r.Ended.Sub(r.Started), r.Extensions)
	}
}

func TestEverybodyLeaves(t *testing.T) {
	s := stage.SQLite(t)
	s.Say(stage.Ann, "Goodbye")
	for _, who := range []id.Person{stage.Ann, stage.Bob, stage.Cat} {
		if phase := s.Look(who); phase == nil {
			t.Error("it ended although somebody is there")
		}
		if err := s.Rooms.Leave(t.Context(), who, s.Room); err != nil {
			t.Fatal(err)
		}
	}
	if r := s.Past(); r.Reason != "left" {
		t.Errorf("record %+v", r)
	}
}

// Somebody who took part and left cannot answer any more, so nobody waits for them.
func TestAnswersOfThoseWhoStay(t *testing.T) {
	s := stage.SQLite(t)
	s.Say(stage.Ann, "Is the room free?")
	s.Say(stage.Bob, "Yes")
	if err := s.Rooms.Leave(t.Context(), stage.Bob, s.Room); err != nil {
		t.Fatal(err)
	}
	if err := s.Sessions.End(t.Context(), stage.Ann, s.Room); err != nil {
		t.Fatal(err)
	}
	if err := s.Sessions.Nothing(t.Context(), stage.Ann, s.Room); err != nil {
		t.Fatal(err)
	}
	if r := s.Past(); r.Reason != "answered" || r.People != 2 || r.Unanswered != 1 {
		t.Errorf("record %+v", r)
	}
}

// A colleague who was away still gets what was said: for a day.
func TestUnreadWait(t *testing.T) {
	t.Run("a day", func(t *testing.T) {
		s := stage.SQLite(t)
		s.Say(stage.Ann, "The meeting has moved")
		s.Seen(stage.Ann, stage.Bob)
		s.Pass(59 * time.Minute)
		if v := s.Look(stage.Ann).Verdict; v.Waits || v.Ends.Sub(s.Clock.Now()) != time.Minute {
			t.Errorf("before its time: %+v", v)
		}
		s.Pass(time.Hour)
		if v := s.Look(stage.Ann).Verdict; !v.Waits || v.Phase != policy.Ending {
			t.Errorf("verdict %+v", v)
		}
		s.Pass(22*time.Hour + time.Minute - time.Second)
		if phase(s) != policy.Ending {
			t.Error("it did not wait a day")
		}
		s.Pass(time.Second)
		if phase(s) != policy.Over {
			t.Error("it waits for more than a day")
		}
	})
	t.Run("caught up", func(t *testing.T) {
		s := stage.SQLite(t)
		s.Say(stage.Ann, "The meeting has moved")
		s.Seen(stage.Ann, stage.Bob)
		s.Pass(5 * time.Hour)
		s.Seen(stage.Cat)
		s.Pass(15*time.Minute - time.Second)
		if phase(s) != policy.Ending {
			t.Error("no notice period for whoever caught up")
		}
		s.Pass(time.Second)
		if phase(s) != policy.Over {
			t.Error("it goes on after everybody has read it")
		}
	})
}
