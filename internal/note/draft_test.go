package note_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/winnowtest/stage"
)

func form(fields url.Values) []byte { return []byte(fields.Encode()) }

func save(t *testing.T, s *stage.Stage, who id.Person, fields url.Values) {
	t.Helper()
	if err := s.Sessions.SaveDraft(t.Context(), who, s.Room, form(fields)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, s *stage.Stage, who id.Person) {
	t.Helper()
	if err := s.Sessions.Write(t.Context(), who, s.Room); err != nil {
		t.Fatal(err)
	}
}

func TestParseForm(t *testing.T) {
	d, err := note.ParseForm([]byte("title=Cap+raised&summary=a%0D%0Ab&decided_by=Minister&authority=Act&marking=OFFICIAL&handling=h&folder=A/B&quote=%24a-1&quote=%24a-2" +
		"&action_what=Tell&action_owner=Bob&action_due=Friday&action_what=+&action_owner=x&action_due=y&action_what=Ask&other=z"))
	if err != nil {
		t.Fatal(err)
	}
	if d.Title != "Cap raised" || d.Summary != "a\r\nb" || d.DecidedBy != "Minister" || d.Authority != "Act" || d.Marking != "OFFICIAL" || d.Handling != "h" ||
		d.Folder != "A/B" || !slices.Equal(d.Quotes, []id.Event{"$a-1", "$a-2"}) {
		t.Errorf("draft %+v", d)
	}
	if len(d.Actions) != 2 || d.Actions[0].What != "Tell" || d.Actions[0].Owner != "Bob" || d.Actions[1].What != "Ask" || d.Actions[1].Owner != "" {
		t.Errorf("actions %+v", d.Actions)
	}
	if _, err := note.ParseForm([]byte("title=%zz")); err == nil {
		t.Error("a broken form was read")
	}
}

// While somebody writes, the clock stands still. When they go back to the chat it goes on where it stopped.
func TestWritingStopsTheClock(t *testing.T) {
	s := stage.SQLite(t)
	s.Say(stage.Ann, "Words")
	s.Seen()
	s.Pass(50 * time.Minute)
	write(t, s, stage.Bob)
	if v := s.Look(stage.Ann); !v.Verdict.Paused || !v.People[stage.Bob].Writing {
		t.Errorf("verdict %+v", v.Verdict)
	}
	s.Pass(30 * time.Minute)
	if err := s.Sessions.StopWriting(t.Context(), stage.Bob, s.Room); err != nil {
		t.Fatal(err)
	}
	if v := s.Look(stage.Ann).Verdict; v.Paused || v.Phase != policy.Ending || v.Ends.Sub(s.Clock.Now()) != 10*time.Minute {
		t.Errorf("verdict %+v at %v", v, s.Clock.Now())
	}
	s.Pass(10*time.Minute - time.Second)
	if s.Look(stage.Ann) == nil {
		t.Error("it ended too early")
	}
	s.Pass(time.Second)
	if s.Look(stage.Ann) != nil {
		t.Error("it goes on")
	}
}

// A draft is its writer's alone, sealed, and goes with the session.
func TestDraft(t *testing.T) {
	s := stage.SQLite(t)
	s.Say(stage.Ann, "Words")
	s.Seen()
	write(t, s, stage.Bob)
	save(t, s, stage.Bob, url.Values{"title": {"Half a"}})
	save(t, s, stage.Bob, url.Values{"title": {"Half a title"}})
	read := func(who id.Person) string {
		buf, err := s.Arena.Get(t.Context(), vault.Large)
		if err != nil {
			t.Fatal(err)
		}
		defer buf.Put()
		d, saved, err := s.Sessions.Draft(t.Context(), who, s.Room, buf)
		if err == nil && d != nil && !saved.Equal(s.Clock.Now()) {
			t.Errorf("saved at %v", saved)
		}
		return string(d)
	}
	if read(stage.Bob) != "title=Half+a+title" || read(stage.Ann) != "" {
		t.Errorf("Bob reads %q, Ann %q", read(stage.Bob), read(stage.Ann))
	}
	if err := s.Sessions.StopWriting(t.Context(), stage.Bob, s.Room); err != nil {
		t.Fatal(err)
	}
	if !s.Look(stage.Bob).People[stage.Bob].Draft {
		t.Error("going back to the chat lost the draft")
	}
	s.Pass(time.Hour)
	s.Say(stage.Ann, "Again")
	if got := read(stage.Bob); got != "" {
		t.Errorf("in the next session Bob's draft is %q", got)
	}
	if all, _ := s.Notes.List(t.Context(), stage.Bob, 9); len(all) != 0 {
		t.Errorf("notes %+v", all)
	}
}

// After an hour of writing the draft is filed as it stands: what does not fit is cut, what was withdrawn is left out.
func TestDraftFiledAsItStands(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		keep, gone := s.Say(stage.Ann, "Keep this"), s.Say(stage.Ann, "Not this")
		s.Seen()
		write(t, s, stage.Bob)
		save(t, s, stage.Bob, url.Values{"title": {strings.Repeat("long ", 100)}, "summary": {"So far"}, "folder": {"../.."}, "authority": {strings.Repeat("я", 999)},
			"quote": {string(keep), string(gone), "$made-up"}})
		if _, err := s.Sessions.Redact(t.Context(), stage.Ann, s.Room, gone, message("{}")); err != nil {
			t.Fatal(err)
		}
		s.Pass(time.Hour - time.Second)
		if all, _ := s.Notes.List(t.Context(), stage.Bob, 9); len(all) != 0 {
			t.Fatal("filed before its time")
		}
		s.Pass(time.Second)
		s.Due()
		all, err := s.Notes.List(t.Context(), stage.Bob, 9)
		if err != nil || len(all) != 1 {
			t.Fatalf("notes %+v, %v", all, err)
		}
		w := checkFiled(t, s, all[0])
		if !all[0].Automatic || all[0].By != stage.Bob || w.Summary != "So far" || len(w.Quotes) != 1 || w.Quotes[0].Text != "Keep this" || w.Folder != "Harbours/Fund" {
			t.Errorf("note %+v", w)
		}
		if n := s.Notices(); !strings.HasPrefix(n[len(n)-1], "The note that Bob Baker was writing was filed as it stood, as N-2026-0001") {
			t.Errorf("notices %q", n)
		}
		v := s.Look(stage.Ann)
		if v == nil || v.People[stage.Bob].Writing || v.People[stage.Bob].Draft || v.People[stage.Bob].Answered || v.Verdict.Ends.Sub(s.Clock.Now()) != time.Hour {
			t.Fatalf("the session afterwards: %+v", v)
		}
		s.Pass(time.Hour)
		if kinds := s.Kinds(); kinds != "policy note decided completed" {
			t.Errorf("ledger: %s", kinds)
		}
	})
}

func message(content string) session.Message { return session.Message{Content: []byte(content)} }
