package store

import (
	"context"
	"slices"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
)

// ReservePositions moves the highest reserved position up by n and returns it.
func (tx *Tx) ReservePositions(ctx context.Context, n int64) (upTo int64, err error) {
	return upTo, tx.queryRow(ctx, []any{&upTo}, `update position_head set up_to = up_to + $1 returning up_to`, n)
}

// InsertRoom adds a room.
func (tx *Tx) InsertRoom(ctx context.Context, r id.Room, version string, creator id.Person, at time.Time) error {
	return tx.execOne(ctx, `insert into room (id, version, creator, created) values ($1, $2, $3, $4)`, r, version, creator, millis(at))
}

const roomEventColumns = `id, room, pos, type, has_key, state_key, sender, at, content, prev`

func scanRoomEvent(scan func(...any) error) (e room.Event, err error) {
	var keyed bool
	var key, content, prev string
	var at int64
	err = scan(&e.ID, &e.Room, &e.Pos, &e.Type, &keyed, &key, &e.Sender, &at, &content, &prev)
	if keyed {
		e.Key = &key
	}
	e.At, e.Content = fromMillis(at), []byte(content)
	if prev != "" {
		e.Prev = []byte(prev)
	}
	return e, err
}

// InsertRoomEvent adds a durable event. A state event becomes the current one of its type and key.
func (tx *Tx) InsertRoomEvent(ctx context.Context, e room.Event) error {
	key := ""
	if e.Key != nil {
		key = *e.Key
		if _, err := tx.exec(ctx, `update room_event set is_now = false where room = $1 and type = $2 and state_key = $3 and is_now`, e.Room, e.Type, key); err != nil {
			return err
		}
	}
	return tx.execOne(ctx, `insert into room_event (`+roomEventColumns+`, is_now) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.ID, e.Room, e.Pos, e.Type, e.Key != nil, key, e.Sender, millis(e.At), string(e.Content), string(e.Prev), e.Key != nil)
}

func (tx *Tx) roomEvents(ctx context.Context, query string, args ...any) (all []room.Event, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		e, err := scanRoomEvent(scan)
		all = append(all, e)
		return err
	}, query, args...)
}

// RoomState returns a room's current state, oldest first.
func (tx *Tx) RoomState(ctx context.Context, r id.Room) ([]room.Event, error) {
	return tx.roomEvents(ctx, `select `+roomEventColumns+` from room_event where room = $1 and is_now order by pos`, r)
}

// RoomEvents returns the newest limit durable events of a room with from < pos <= to, oldest first.
func (tx *Tx) RoomEvents(ctx context.Context, r id.Room, from, to int64, limit int) ([]room.Event, error) {
	all, err := tx.roomEvents(ctx, `select `+roomEventColumns+` from room_event where room = $1 and pos > $2 and pos <= $3 order by pos desc limit $4`, r, from, to, limit)
	slices.Reverse(all)
	return all, err
}

// RoomEventsAfter returns the oldest limit durable events of a room with from < pos <= to, oldest first.
func (tx *Tx) RoomEventsAfter(ctx context.Context, r id.Room, from, to int64, limit int) ([]room.Event, error) {
	return tx.roomEvents(ctx, `select `+roomEventColumns+` from room_event where room = $1 and pos > $2 and pos <= $3 order by pos limit $4`, r, from, to, limit)
}

// RoomEvent returns one durable event.
func (tx *Tx) RoomEvent(ctx context.Context, r id.Room, event id.Event) (e room.Event, err error) {
	return e, tx.queryOne(ctx, func(scan func(...any) error) error {
		e, err = scanRoomEvent(scan)
		return err
	}, `select `+roomEventColumns+` from room_event where room = $1 and id = $2`, r, event)
}

// PutMember writes a membership.
func (tx *Tx) PutMember(ctx context.Context, m room.Member) error {
	return tx.execOne(ctx, `insert into member (room, person, state, name, by_whom, pos, sees) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (room, person) do update set state = excluded.state, name = excluded.name, by_whom = excluded.by_whom, pos = excluded.pos, sees = excluded.sees`,
		m.Room, m.Person, m.State, m.Name, m.By, m.Pos, m.Sees)
}

func (tx *Tx) members(ctx context.Context, query string, args ...any) (all []room.Member, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		var m room.Member
		err := scan(&m.Room, &m.Person, &m.State, &m.Name, &m.By, &m.Pos, &m.Sees)
		all = append(all, m)
		return err
	}, query, args...)
}

// RoomMembers returns everybody who has or had a place in a room.
func (tx *Tx) RoomMembers(ctx context.Context, r id.Room) ([]room.Member, error) {
	return tx.members(ctx, `select room, person, state, name, by_whom, pos, sees from member where room = $1`, r)
}

// Memberships returns a person's place in every room, the latest change first.
func (tx *Tx) Memberships(ctx context.Context, who id.Person) ([]room.Member, error) {
	return tx.members(ctx, `select room, person, state, name, by_whom, pos, sees from member where person = $1 order by pos desc`, who)
}
