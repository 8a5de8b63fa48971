package room

import (
	"context"
	"encoding/json"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// Change is a set of durable events that are written in one transaction. Begin it, Write it inside the transaction, and
// End it after the commit (or after it failed).
type Change struct {
	rooms  *Rooms
	room   id.Room
	before *Snapshot // nil for a new room
	first  int64
	done   func()
	n      int
	moved  []id.Person
	events []Event
}

// Begin takes n positions for events of a room. It does not take the room's lock: what it writes must not depend on the
// room's state (the session's own events), or the caller holds it.
func (r *Rooms) Begin(ctx context.Context, room id.Room, n int) (*Change, error) {
	var before *Snapshot
	r.mu.Lock()
	before = r.cache[room]
	r.mu.Unlock()
	first, done, err := r.Order.Take(ctx, int64(n))
	if err != nil {
		return nil, err
	}
	return &Change{rooms: r, room: room, before: before, first: first, done: done, n: n}, nil
}

// Again starts the change over: a transaction may run twice.
func (c *Change) Again() { c.events, c.moved = nil, nil }

// State writes a state event.
func (c *Change) State(ctx context.Context, tx Tx, by id.Person, typ, key string, content any) (Event, error) {
	return c.write(ctx, tx, by, typ, &key, content)
}

// Words writes a notice of the service user: words that any client shows.
func (c *Change) Words(ctx context.Context, tx Tx, content any) (Event, error) {
	return c.write(ctx, tx, c.rooms.Service(), "m.room.message", nil, content)
}

// Notice is the content of the service user's words (Matrix specification, "m.notice"): clients do not ring for it.
func Notice(words string) map[string]any {
	return map[string]any{"msgtype": "m.notice", "body": words, "m.mentions": map[string]any{}}
}

func (c *Change) write(ctx context.Context, tx Tx, by id.Person, typ string, key *string, content any) (Event, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return Event{}, err
	}
	if len(body) > MaxState {
		return Event{}, fault.New(fault.TooLarge, "This is too long. State of a conversation must be under %d bytes", MaxState)
	}
	if len(c.events) == c.n {
		panic("room: more events than positions were taken")
	}
	e := Event{ID: id.NewEvent(c.rooms.Rand), Room: c.room, Pos: c.first + int64(len(c.events)), Type: typ, Key: key, Sender: by, At: c.rooms.Now(), Content: body}
	if key != nil && c.before != nil {
		e.Prev = c.before.State[Key{typ, *key}].Content
	}
	if typ == "m.room.create" && c.before == nil {
		e.ID = id.Event("$" + string(c.room)[1:])
	}
	c.events = append(c.events, e)
	return e, tx.InsertRoomEvent(ctx, e)
}

// MaxState is how large a state event's content may be in bytes (Matrix specification, "Size limits").
const MaxState = 60_000

// End makes the change visible and wakes whoever can see it.
func (c *Change) End(ctx context.Context) {
	c.rooms.moved(c.room, c.At(c.n-1))
	c.done()
	who := append([]id.Person{}, c.moved...)
	if s, err := c.rooms.Look(context.WithoutCancel(ctx), c.room); err == nil {
		who = append(append(who, s.Joined()...), s.Invited()...)
	}
	c.rooms.Ring(who...)
}

// endLocked is End for a caller that holds the room's lock.
func (c *Change) endLocked(ctx context.Context) {
	c.rooms.moved(c.room, c.At(c.n-1))
	c.done()
	who := append([]id.Person{}, c.moved...)
	if s, err := c.rooms.load(context.WithoutCancel(ctx), c.room); err == nil {
		who = append(append(who, s.Joined()...), s.Invited()...)
	}
	c.rooms.Ring(who...)
}

// member writes a membership event and the membership itself. sees is the position after which a joined person sees;
// negative means from now on.
func (c *Change) member(ctx context.Context, tx Tx, by, whom id.Person, state, name string, extra map[string]any, sees int64) error {
	content := map[string]any{"membership": state}
	for k, v := range extra {
		content[k] = v
	}
	if state == Joined || state == Invited {
		content["displayname"] = name
	}
	e, err := c.State(ctx, tx, by, "m.room.member", string(whom), content)
	if err != nil {
		return err
	}
	if sees < 0 {
		sees = e.Pos - 1
	}
	c.moved = append(c.moved, whom)
	return tx.PutMember(ctx, Member{Room: c.room, Person: whom, State: state, Name: name, By: by, Pos: e.Pos, Sees: sees})
}

// change runs a change of a room that exists, under its lock: judge sees the state that is changed.
func (r *Rooms) change(ctx context.Context, room id.Room, n int, judge func(*Snapshot) error, write func(tx Tx, c *Change) error) error {
	l := r.lock(room)
	l.Lock()
	defer l.Unlock()
	s, err := r.load(ctx, room)
	if err != nil {
		return err
	}
	if err := judge(s); err != nil {
		return err
	}
	c, err := r.Begin(ctx, room, n)
	if err != nil {
		return err
	}
	c.before = s
	defer c.endLocked(ctx)
	return r.Update(ctx, func(tx Tx) error {
		c.Again()
		return write(tx, c)
	})
}

// SetState sends a state event for a person. Membership, creation, encryption and what the server itself says are refused.
func (r *Rooms) SetState(ctx context.Context, who id.Person, room id.Room, typ, key string, content json.RawMessage) (id.Event, error) {
	if err := settable(typ, key, who); err != nil {
		return "", err
	}
	var sent Event
	err := r.change(ctx, room, 1, func(s *Snapshot) error { return s.mayState(who, typ, key, content) }, func(tx Tx, c *Change) (err error) {
		sent, err = c.State(ctx, tx, who, typ, key, content)
		return err
	})
	return sent.ID, err
}

func settable(typ, key string, who id.Person) error {
	switch {
	case typ == "m.room.encryption":
		return fault.New(fault.Denied, "Winnow does not offer encrypted rooms: the server must see what it delivers, so that it can make verified notes. Content is sealed in memory and destroyed when the session ends")
	case typ == "m.room.create", typ == "m.room.member", typ == "m.room.message", typ == "m.reaction", typ == "m.room.redaction", typ == SessionType, typ == DirectType, typ == "m.room.retention":
		return fault.New(fault.Denied, "This state of a conversation cannot be set in this way")
	case typ == "" || len(typ) > id.MaxLen || len(key) > id.MaxLen:
		return fault.New(fault.Invalid, "A state event needs a type, and its type and key must be at most %d bytes", id.MaxLen)
	case len(key) > 0 && key[0] == '@' && key != string(who):
		return fault.New(fault.Denied, "Only the person that this state is about may set it")
	}
	return nil
}

// SessionType is the state event that tells clients of the room's session.
const SessionType = "org.winnow.session"

// mayState refuses what a person's power does not allow; also giving power that they do not have.
func (s *Snapshot) mayState(who id.Person, typ, key string, content json.RawMessage) error {
	var object map[string]json.RawMessage
	if json.Unmarshal(content, &object) != nil || object == nil {
		return fault.New(fault.Invalid, "The content must be a JSON object").WithCode("M_BAD_JSON")
	}
	if err := s.MaySend(who, typ, true); err != nil {
		return err
	}
	if typ != "m.room.power_levels" {
		return nil
	}
	var p power
	if err := json.Unmarshal(content, &p); err != nil {
		return fault.New(fault.Invalid, "Power levels must be whole numbers").WithCode("M_BAD_JSON")
	}
	return s.mayPower(who, p)
}

// At is the position of the change's n-th event, from 0.
func (c *Change) At(n int) int64 { return c.first + int64(n) }
