// Package room has what lasts of a conversation: that it exists, its state, who is in it and who may do what. In the
// interface a room is called a conversation. What is said in it belongs to a session and never comes here.
package room

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// Event is a durable event: state, or words of the service user about a session. It never has anything that a person said.
type Event struct {
	ID      id.Event
	Room    id.Room
	Pos     int64 // its place in the order of everything
	Type    string
	Key     *string // the state key; nil for the service user's words
	Sender  id.Person
	At      time.Time
	Content json.RawMessage
	Prev    json.RawMessage // the content that it replaced, for state events
}

// Membership states (Matrix specification, "m.room.member").
const (
	Invited = "invite"
	Joined  = "join"
	Left    = "leave"
	Banned  = "ban"
	Knocked = "knock"
)

// Member is a person's place in a room.
type Member struct {
	Room   id.Room
	Person id.Person
	State  string // one of the membership states
	Name   string // as shown in this room
	By     id.Person
	Pos    int64 // when the state came about
	Sees   int64 // a joined person sees what stands after this position
}

// Tx is what rooms need of the store.
type Tx interface {
	InsertRoom(ctx context.Context, r id.Room, version string, creator id.Person, at time.Time) error
	InsertRoomEvent(ctx context.Context, e Event) error // and makes a state event the current one
	RoomState(ctx context.Context, r id.Room) ([]Event, error)
	RoomEvents(ctx context.Context, r id.Room, from, to int64, limit int) ([]Event, error)      // from < pos <= to, the newest limit of them, in order
	RoomEventsAfter(ctx context.Context, r id.Room, from, to int64, limit int) ([]Event, error) // the oldest limit of them
	RoomEvent(ctx context.Context, r id.Room, e id.Event) (Event, error)
	PutMember(ctx context.Context, m Member) error
	RoomMembers(ctx context.Context, r id.Room) ([]Member, error)
	Memberships(ctx context.Context, who id.Person) ([]Member, error)
	ReservePositions(ctx context.Context, n int64) (upTo int64, err error)
}

// Rooms is all rooms of a server.
type Rooms struct {
	Server string
	Update func(context.Context, func(Tx) error) error
	View   func(context.Context, func(Tx) error) error
	Order  *Order
	Now    func() time.Time
	Rand   io.Reader
	Ring   func(who ...id.Person)                                            // wakes the readers of these people
	Name   func(ctx context.Context, who id.Person) (name string, err error) // what a person is called
	Exists func(ctx context.Context, who id.Person) (active bool, err error) // whether there is such a person who may sign in
	Paired func(ctx context.Context, r id.Room, who, other id.Person)        // told after a direct chat was made without an invitation; may be nil
	Left   func(ctx context.Context, r id.Room, who id.Person)               // told after somebody left; may be nil

	mu     sync.Mutex
	cache  map[id.Room]*Snapshot
	locks  map[id.Room]*sync.Mutex
	latest map[id.Room]int64 // the last position of a durable change in this run
	moves  map[id.Room]int   // how many durable changes there were
}

// Service is the user who speaks for the server.
func (r *Rooms) Service() id.Person { return id.NewPerson(account.Service, r.Server) }

// lock serialises changes of one room, so that each is judged by the state that it changes.
func (r *Rooms) lock(room id.Room) *sync.Mutex {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.locks == nil {
		r.locks = map[id.Room]*sync.Mutex{}
	}
	l := r.locks[room]
	if l == nil {
		l = new(sync.Mutex)
		r.locks[room] = l
	}
	return l
}

// Look returns the room as it is now. The caller must not change it. It asks nobody's leave: see For.
func (r *Rooms) Look(ctx context.Context, room id.Room) (*Snapshot, error) {
	r.mu.Lock()
	s := r.cache[room]
	r.mu.Unlock()
	if s != nil {
		return s, nil
	}
	l := r.lock(room)
	l.Lock()
	defer l.Unlock()
	return r.load(ctx, room)
}

// load reads a room and keeps it. The room's lock is held.
func (r *Rooms) load(ctx context.Context, room id.Room) (*Snapshot, error) {
	r.mu.Lock()
	s, seen := r.cache[room], r.moves[room]
	r.mu.Unlock()
	if s != nil {
		return s, nil
	}
	var state []Event
	var members []Member
	err := r.View(ctx, func(tx Tx) (err error) {
		if state, err = tx.RoomState(ctx, room); err != nil {
			return err
		}
		members, err = tx.RoomMembers(ctx, room)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(state) == 0 {
		return nil, noRoom()
	}
	s = newSnapshot(room, state, members)
	r.mu.Lock()
	if r.cache == nil {
		r.cache = map[id.Room]*Snapshot{}
	}
	if r.moves[room] == seen { // a session's own change does not take the lock: one may have come since the store was read
		r.cache[room] = s
	}
	r.mu.Unlock()
	return s, nil
}

// moved drops the kept snapshot after a change whose last position is pos.
func (r *Rooms) moved(room id.Room, pos int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cache, room)
	if r.latest == nil {
		r.latest, r.moves = map[id.Room]int64{}, map[id.Room]int{}
	}
	r.moves[room]++
	r.latest[room] = max(r.latest[room], pos)
}

// Changed reports whether a room may have durable changes after a position, without asking the store. It is for readers who
// look at many rooms and know that nothing at or below the order's stable position is still on its way.
func (r *Rooms) Changed(room id.Room, after int64) bool {
	r.mu.Lock()
	latest := r.latest[room]
	r.mu.Unlock()
	return latest > after || r.Order.First() > after
}

// noRoom is said both of rooms that do not exist and of those that the person may not know of.
func noRoom() error {
	return fault.New(fault.Denied, "You are not in this conversation. Ask somebody who is to add you")
}

// For returns the room if the person is in it.
func (r *Rooms) For(ctx context.Context, who id.Person, room id.Room) (*Snapshot, error) {
	s, err := r.Look(ctx, room)
	if err != nil {
		return nil, err
	}
	if s.Members[who].State != Joined {
		return nil, noRoom()
	}
	return s, nil
}

// Memberships returns a person's place in every room that they have one in.
func (r *Rooms) Memberships(ctx context.Context, who id.Person) (all []Member, err error) {
	err = r.View(ctx, func(tx Tx) error {
		all, err = tx.Memberships(ctx, who)
		return err
	})
	return all, err
}

// Events returns the durable events of a room after from and up to to: the newest limit of them, in order.
func (r *Rooms) Events(ctx context.Context, room id.Room, from, to int64, limit int) (all []Event, err error) {
	if to <= from || !r.Changed(room, from) {
		return nil, nil
	}
	err = r.View(ctx, func(tx Tx) error {
		all, err = tx.RoomEvents(ctx, room, from, to, limit)
		return err
	})
	return all, err
}

// EventsAfter is Events with the oldest limit of them instead of the newest.
func (r *Rooms) EventsAfter(ctx context.Context, room id.Room, from, to int64, limit int) (all []Event, err error) {
	err = r.View(ctx, func(tx Tx) error {
		all, err = tx.RoomEventsAfter(ctx, room, from, to, limit)
		return err
	})
	return all, err
}

// Event returns one durable event.
func (r *Rooms) Event(ctx context.Context, room id.Room, event id.Event) (e Event, err error) {
	err = r.View(ctx, func(tx Tx) error {
		e, err = tx.RoomEvent(ctx, room, event)
		return err
	})
	return e, err
}
