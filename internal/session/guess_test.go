package session_test

import (
	"testing"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/winnowtest/stage"
)

// Event IDs can be guessed. Whoever may not see a message can do nothing with its ID, and learns nothing by trying.
func TestGuessedEvent(t *testing.T) {
	s := stage.SQLite(t)
	ctx := t.Context()
	marked, plain := s.Say(stage.Ann, "before"), s.Say(stage.Ann, "before too")
	s.Mark(stage.Ann, marked)
	check(t, "dan, not in the conversation, unmarks", s.Sessions.Unmark(ctx, stage.Dan, s.Room, marked, ""), fault.Denied)
	check(t, "dan unmarks what is not marked", s.Sessions.Unmark(ctx, stage.Dan, s.Room, plain, ""), fault.Denied)
	check(t, "dan joins", s.Rooms.Add(ctx, stage.Ann, s.Room, stage.Dan, -1), fine)
	check(t, "dan unmarks what he cannot see", s.Sessions.Unmark(ctx, stage.Dan, s.Room, marked, ""), fault.NotFound)
	check(t, "dan unmarks what he cannot see and is not marked", s.Sessions.Unmark(ctx, stage.Dan, s.Room, plain, ""), fault.NotFound)
	check(t, "dan reads what he cannot see", s.Sessions.Read(ctx, stage.Dan, s.Room, plain, false), fine)
	if r, ok := s.Look(stage.Ann).Read[stage.Dan]; ok {
		t.Errorf("dan has a receipt for what he cannot see: %+v", r)
	}
	now := s.Say(stage.Ann, "after")
	check(t, "dan reads what he can see", s.Sessions.Read(ctx, stage.Dan, s.Room, now, false), fine)
	if r := s.Look(stage.Ann).Read[stage.Dan]; r.Event != now {
		t.Errorf("dan's receipt is for %q", r.Event)
	}
}
