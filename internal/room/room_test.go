package room_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/winnowtest/stage"
)

const (
	ann, bob, cat, dan = stage.Ann, stage.Bob, stage.Cat, stage.Dan
	fine               = fault.Kind(-1)
)

func check(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if want < 0 && err != nil || want >= 0 && !fault.Is(err, want) {
		t.Errorf("%s: error %v, want kind %d", what, err, want)
	}
}

func TestCreate(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		ctx := t.Context()
		r, err := s.Rooms.Create(ctx, ann, room.New{Name: "Round 2", Topic: "Money", Folder: "A/B", Add: []id.Person{bob, bob, ann}, Invite: []id.Person{cat}, Public: true,
			Creation: map[string]json.RawMessage{"room_version": json.RawMessage(`"1"`), "type": json.RawMessage(`"m.space"`)},
			State:    []room.Initial{{Type: "m.room.history_visibility", Content: json.RawMessage(`{"history_visibility":"shared"}`)}}})
		if err != nil {
			t.Fatal(err)
		}
		snap, err := s.Rooms.For(ctx, bob, r)
		if err != nil {
			t.Fatal(err)
		}
		if snap.GivenName() != "Round 2" || snap.Topic() != "Money" || snap.Folder() != "A/B" || snap.JoinRule() != "public" || snap.Visibility() != "shared" || snap.Version() != room.Version || snap.Direct() {
			t.Errorf("room %+v", snap)
		}
		if !slices.Equal(snap.Joined(), []id.Person{ann, bob}) || !slices.Equal(snap.Invited(), []id.Person{cat}) {
			t.Errorf("joined %v, invited %v", snap.Joined(), snap.Invited())
		}
		create := snap.State[room.Key{Type: "m.room.create"}]
		if id.RoomOf(create.ID) != r {
			t.Errorf("room %s is not named after its create event %s", r, create.ID)
		}
		all, err := s.Rooms.Events(ctx, r, 0, s.Rooms.Order.Stable(), 100)
		if err != nil || all[0].Type != "m.room.create" || *all[1].Key != string(ann) {
			t.Errorf("events %+v, %v", all, err)
		}
		for i := 1; i < len(all); i++ {
			if all[i].Pos <= all[i-1].Pos {
				t.Error("positions do not grow")
			}
		}
		_, err = s.Rooms.For(ctx, cat, r)
		check(t, "somebody invited looks", err, fault.Denied)
		_, err = s.Rooms.For(ctx, dan, r)
		check(t, "somebody outside looks", err, fault.Denied)
		_, err = s.Rooms.For(ctx, ann, "!nowhere")
		check(t, "a room that is not there", err, fault.Denied)
	})
}

func TestCreateRefuses(t *testing.T) {
	s := stage.SQLite(t)
	state := func(typ, content string) room.New {
		return room.New{State: []room.Initial{{Type: typ, Content: json.RawMessage(content)}}}
	}
	for name, st := range map[string]struct {
		n    room.New
		want fault.Kind
	}{
		"name of two lines":   {room.New{Name: "a\nb"}, fault.Invalid},
		"name turned round":   {room.New{Name: "a\u202eb"}, fault.Invalid},
		"long name":           {room.New{Name: string(make([]byte, 201))}, fault.Invalid},
		"a stranger":          {room.New{Add: []id.Person{"@eve:elsewhere.example"}}, fault.NotFound},
		"the service itself":  {room.New{Add: []id.Person{s.Rooms.Service()}}, fault.NotFound},
		"too many people":     {room.New{Add: make([]id.Person, 501)}, fault.TooLarge},
		"encryption":          {state("m.room.encryption", `{}`), fault.Denied},
		"a session":           {state(room.SessionType, `{}`), fault.Denied},
		"a member":            {state("m.room.member", `{}`), fault.Denied},
		"state of no object":  {state("x", `[]`), fault.Invalid},
		"power of no object":  {room.New{Power: json.RawMessage(`[]`)}, fault.Invalid},
		"power of no numbers": {room.New{Power: json.RawMessage(`{"users":{"@bob:x":"100"}}`)}, fault.Invalid},
		"the same as state":   {state("m.room.power_levels", `{"ban":"9"}`), fault.Invalid},
	} {
		_, err := s.Rooms.Create(t.Context(), ann, st.n)
		check(t, name, err, st.want)
	}
}

// Who may change whose membership: each step starts from what the steps before made.
func TestMembership(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		ctx, r := t.Context(), s.Room
		check(t, "joins without an invitation", s.Rooms.Join(ctx, dan, r), fault.Denied)
		check(t, "somebody outside adds", s.Rooms.Add(ctx, dan, r, dan, -1), fault.Denied)
		check(t, "any member invites", s.Rooms.Invite(ctx, bob, r, dan), fine)
		check(t, "invites who is there", s.Rooms.Invite(ctx, bob, r, cat), fault.Denied)
		check(t, "the invited joins", s.Rooms.Join(ctx, dan, r), fine)
		check(t, "joins twice", s.Rooms.Join(ctx, dan, r), fine)
		check(t, "a member removes another", s.Rooms.Move(ctx, bob, r, dan, room.Left), fault.Denied)
		check(t, "a member bans another", s.Rooms.Move(ctx, bob, r, dan, room.Banned), fault.Denied)
		check(t, "a member removes the creator", s.Rooms.Move(ctx, bob, r, ann, room.Left), fault.Denied)
		check(t, "the creator removes", s.Rooms.Move(ctx, ann, r, dan, room.Left), fine)
		check(t, "the creator removes who has gone", s.Rooms.Move(ctx, ann, r, dan, room.Left), fault.Denied)
		check(t, "joins after being removed", s.Rooms.Join(ctx, dan, r), fault.Denied)
		check(t, "the creator bans who is outside", s.Rooms.Move(ctx, ann, r, dan, room.Banned), fine)
		check(t, "invites the banned", s.Rooms.Invite(ctx, bob, r, dan), fault.Denied)
		check(t, "adds the banned", s.Rooms.Add(ctx, ann, r, dan, -1), fault.Denied)
		check(t, "the banned joins", s.Rooms.Join(ctx, dan, r), fault.Denied)
		check(t, "a member lifts the ban", s.Rooms.Move(ctx, bob, r, dan, room.Left), fault.Denied)
		check(t, "the creator lifts the ban", s.Rooms.Move(ctx, ann, r, dan, room.Left), fine)
		check(t, "adds again", s.Rooms.Add(ctx, bob, r, dan, -1), fine)
		check(t, "adds twice", s.Rooms.Add(ctx, bob, r, dan, -1), fault.Conflict)
		check(t, "leaves", s.Rooms.Leave(ctx, dan, r), fine)
		check(t, "leaves twice", s.Rooms.Leave(ctx, dan, r), fault.Denied)
		check(t, "turns an invitation down", errors.Join(s.Rooms.Invite(ctx, ann, r, dan), s.Rooms.Leave(ctx, dan, r)), fine)
		check(t, "invites a stranger", s.Rooms.Invite(ctx, ann, r, "@eve:elsewhere.example"), fault.NotFound)
		if got := s.Snapshot().Joined(); !slices.Equal(got, []id.Person{ann, bob, cat}) {
			t.Errorf("joined %v", got)
		}
		check(t, "renames", s.Rooms.Rename(ctx, bob, "Robert"), fine)
		if m := s.Snapshot().Members[bob]; m.Name != "Robert" || m.State != room.Joined {
			t.Errorf("member %+v", m)
		}
	})
}

// Bob has power 50, Cat 50, Dan none, Ann made the room. m.room.topic needs 75, a ban 90.
func TestPower(t *testing.T) {
	const now = `"users":{"@bob:chat.example.org":50,"@cat:chat.example.org":50},"events":{"m.room.topic":75},"ban":90,"state_default":50,"events_default":0,"users_default":0,"invite":0,"kick":50,"redact":50`
	with := func(from, to string) string {
		return "{" + replaceOnce(t, now, from, to) + "}"
	}
	stories := []struct {
		name    string
		who     id.Person
		content string
		want    fault.Kind
	}{
		{"nothing changes", bob, "{" + now + "}", fine},
		{"the creator does anything", ann, `{"users":{"@dan:chat.example.org":1000},"ban":0,"users_default":50}`, fine},
		{"without power", dan, "{" + now + "}", fault.Denied},
		{"gives what one has", bob, with(`"users":{`, `"users":{"@dan:chat.example.org":50,`), fine},
		{"gives more than one has", bob, with(`"users":{`, `"users":{"@dan:chat.example.org":51,`), fault.Denied},
		{"gives oneself more", bob, with(`"@bob:chat.example.org":50`, `"@bob:chat.example.org":51`), fault.Denied},
		{"gives up one's own", bob, with(`"@bob:chat.example.org":50,`, ``), fine},
		{"takes an equal's", bob, with(`,"@cat:chat.example.org":50`, ``), fault.Denied},
		{"lowers an equal", bob, with(`"@cat:chat.example.org":50`, `"@cat:chat.example.org":10`), fault.Denied},
		{"names the creator", bob, with(`"users":{`, `"users":{"@ann:chat.example.org":0,`), fault.Denied},
		{"lowers what is above", bob, with(`"ban":90`, `"ban":10`), fault.Denied},
		{"takes out what is above", bob, with(`"ban":90,`, ``), fault.Denied},
		{"raises above oneself", bob, with(`"kick":50`, `"kick":51`), fault.Denied},
		{"raises everybody above oneself", bob, with(`"users_default":0`, `"users_default":51`), fault.Denied},
		{"lowers what one may", bob, with(`"kick":50`, `"kick":10`), fine},
		{"lowers an event above", bob, with(`"m.room.topic":75`, `"m.room.topic":0`), fault.Denied},
		{"takes out an event above", bob, with(`"m.room.topic":75`, ``), fault.Denied},
		{"locks others out of an event", bob, with(`"m.room.topic":75`, `"m.room.topic":75,"m.room.name":51`), fault.Denied},
		{"adds an event", bob, with(`"m.room.topic":75`, `"m.room.topic":75,"m.room.name":50`), fine},
		{"no numbers", bob, with(`"kick":50`, `"kick":"50"`), fault.Invalid},
		{"no object", bob, `7`, fault.Invalid},
	}
	s := stage.SQLite(t)
	check(t, "add", s.Rooms.Add(t.Context(), ann, s.Room, dan, -1), fine)
	for _, st := range stories {
		_, err := s.Rooms.SetState(t.Context(), ann, s.Room, "m.room.power_levels", "", json.RawMessage("{"+now+"}"))
		check(t, "reset", err, fine)
		_, err = s.Rooms.SetState(t.Context(), st.who, s.Room, "m.room.power_levels", "", json.RawMessage(st.content))
		check(t, st.name, err, st.want)
	}
	_, err := s.Rooms.SetState(t.Context(), dan, s.Room, "m.room.name", "", json.RawMessage(`{"name":"Mine"}`))
	check(t, "a member without power renames", err, fault.Denied)
	_, err = s.Rooms.SetState(t.Context(), ann, s.Room, "m.room.encryption", "", json.RawMessage(`{}`))
	check(t, "encryption", err, fault.Denied)
	_, err = s.Rooms.SetState(t.Context(), ann, s.Room, "x", string(bob), json.RawMessage(`{}`))
	check(t, "state about another person", err, fault.Denied)
	_, err = s.Rooms.SetState(t.Context(), ann, s.Room, "x", "", json.RawMessage(`{"x":"`+string(make([]byte, 0, 1))+fmt.Sprintf("%061000d", 0)+`"}`))
	check(t, "too large", err, fault.TooLarge)
}

func replaceOnce(t *testing.T, s, from, to string) string {
	t.Helper()
	for i := range s {
		if len(s)-i >= len(from) && s[i:i+len(from)] == from {
			return s[:i] + to + s[i+len(from):]
		}
	}
	t.Fatalf("%q is not there", from)
	return ""
}

// Joining shows what is said from then on, unless the room shows its history or the person who adds says so.
func TestSees(t *testing.T) {
	s := stage.SQLite(t)
	ctx := t.Context()
	early := s.Rooms.Order.Stable()
	check(t, "add", s.Rooms.Add(ctx, ann, s.Room, dan, -1), fine)
	late := s.Rooms.Order.Stable() + 1
	sees := func(who id.Person, pos int64) bool { return s.Snapshot().Sees(who, pos) }
	if sees(dan, early) || !sees(dan, late) || !sees(bob, early) || sees("@eve:x", late) {
		t.Error("the wrong people see it")
	}
	check(t, "rename", s.Rooms.Rename(ctx, bob, "Robert"), fine)
	if !sees(bob, early) {
		t.Error("a new name hides what was said")
	}
	_, err := s.Rooms.SetState(ctx, ann, s.Room, "m.room.history_visibility", "", json.RawMessage(`{"history_visibility":"shared"}`))
	check(t, "share", err, fine)
	if !sees(dan, early) {
		t.Error("shared history is hidden")
	}
	check(t, "leave", s.Rooms.Leave(ctx, dan, s.Room), fine)
	if sees(dan, late) {
		t.Error("somebody who left sees more")
	}
}

func TestNameFor(t *testing.T) {
	s := stage.SQLite(t)
	for _, st := range []struct {
		others []id.Person
		want   string
	}{
		{nil, "Only you"}, {[]id.Person{bob}, "Bob Baker"}, {[]id.Person{bob, cat}, "Bob Baker, Cat Cole"}, {[]id.Person{bob, cat, dan}, "Bob Baker, Cat Cole, Dan Dale"},
	} {
		r, err := s.Rooms.Create(t.Context(), ann, room.New{Add: st.others})
		if err != nil {
			t.Fatal(err)
		}
		snap, err := s.Rooms.Look(t.Context(), r)
		if err != nil || snap.NameFor(ann) != st.want {
			t.Errorf("name %q, want %q, %v", snap.NameFor(ann), st.want, err)
		}
	}
}

// Positions grow for ever: across restarts and crashes, and whatever the store does meanwhile.
func TestOrder(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		last := int64(0)
		take := func(n int64) func() {
			t.Helper()
			first, done, err := s.Rooms.Order.Take(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			if first <= last {
				t.Fatalf("position %d was given out after %d", first, last)
			}
			last = first + n - 1
			return done
		}
		a := take(1)
		before := s.Rooms.Order.Stable()
		if before >= last {
			t.Error("stable passes what is under way")
		}
		b := take(5000) // more than a block
		b()
		if got := s.Rooms.Order.Stable(); got != before {
			t.Errorf("stable moved to %d while an earlier position is under way", got)
		}
		a()
		a() // twice does nothing
		if got := s.Rooms.Order.Stable(); got != last {
			t.Errorf("stable is %d, want %d", got, last)
		}
		for _, point := range []string{store.Unpersisted, store.Persisted} {
			s.Store.Fault = func(p string) error {
				if p == point {
					return errors.New("gone")
				}
				return nil
			}
			if _, _, err := s.Rooms.Order.Take(t.Context(), 10_000); err == nil {
				t.Error("positions that were not reserved were given out")
			}
			s.Store.Fault = nil
			take(1)()
		}
		s = s.Crash()
		if s.Rooms.Order.Stable() < last {
			t.Error("after a crash stable is behind")
		}
		take(1)()
		s = s.Restart()
		take(1)()
	})
}

// Many change one room at once. In the end everybody sees what the store has, and no change was lost.
func TestCacheInAHurry(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		ctx := t.Context()
		const each = 10
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				for i := range each {
					if _, err := s.Rooms.SetState(ctx, ann, s.Room, fmt.Sprint("x", n), "", json.RawMessage(fmt.Sprintf(`{"n":%d}`, i))); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() { // sessions write their events without the room's lock
				for i := range each {
					c, err := s.Rooms.Begin(ctx, s.Room, 1)
					if err != nil {
						t.Error(err)
						return
					}
					err = s.Store.Update(ctx, func(tx *store.Tx) error {
						c.Again()
						_, err := c.State(ctx, tx, s.Rooms.Service(), fmt.Sprint("y", n), "", map[string]int{"n": i})
						return err
					})
					c.End(context.WithoutCancel(ctx))
					if err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range each {
					if _, err := s.Rooms.Look(ctx, s.Room); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		snap := s.Snapshot()
		for n := range 4 {
			for _, kind := range []string{"x", "y"} {
				if got := string(snap.State[room.Key{Type: fmt.Sprint(kind, n)}].Content); got != fmt.Sprintf(`{"n":%d}`, each-1) {
					t.Errorf("%s%d is %s", kind, n, got)
				}
			}
		}
	})
}
