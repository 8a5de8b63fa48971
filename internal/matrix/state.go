package matrix

import (
	"encoding/json"
	"net/http"
	"slices"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/wire"
)

// current returns a room's state in the order in which it came about.
func current(s *room.Snapshot) []room.Event {
	all := make([]room.Event, 0, len(s.State))
	for _, e := range s.State {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b room.Event) int { return int(a.Pos - b.Pos) })
	return all
}

// state: GET /rooms/{roomId}/state ("Getting events for a room").
func (f *Face) state(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	events := f.writer(r.Context(), you, true)
	return send(w, r, func(o *wire.Out) error {
		l := list(o)
		for _, e := range current(snap) {
			l.next()
			events.durable(o, e)
		}
		l.end()
		return nil
	})
}

// stateEvent: GET /rooms/{roomId}/state/{eventType}/{stateKey} ("Getting events for a room").
func (f *Face) stateEvent(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	e, ok := snap.State[room.Key{Type: part(r, "type"), Key: part(r, "key")}]
	if !ok {
		return fault.New(fault.NotFound, "The room has no such state")
	}
	return send(w, r, func(o *wire.Out) error {
		if r.URL.Query().Get("format") == "event" {
			f.writer(r.Context(), you, true).durable(o, e)
		} else {
			o.Raw(e.Content)
		}
		return nil
	})
}

// setState: PUT /rooms/{roomId}/state/{eventType}/{stateKey} ("Sending events to a room").
func (f *Face) setState(w http.ResponseWriter, r *http.Request, you account.Device) error {
	content, err := object(w, r)
	if err != nil {
		return err
	}
	if part(r, "type") == "m.room.member" {
		return f.setMember(w, r, you, content)
	}
	sent, err := f.Rooms.SetState(r.Context(), you.Person, roomOf(r), part(r, "type"), part(r, "key"), content)
	if err != nil {
		return err
	}
	return reply(w, fields{"event_id": sent})
}

// setMember does what the membership calls do. What else the event says is not kept.
func (f *Face) setMember(w http.ResponseWriter, r *http.Request, you account.Device, content json.RawMessage) error {
	var in struct {
		Membership string `json:"membership"`
	}
	if json.Unmarshal(content, &in) != nil {
		return badJSON()
	}
	who, ctx, in_ := id.Person(part(r, "key")), r.Context(), roomOf(r)
	var err error
	switch mine := who == you.Person; {
	case in.Membership == room.Joined && mine:
		err = f.Rooms.Join(ctx, who, in_)
	case in.Membership == room.Left && mine:
		err = f.Rooms.Leave(ctx, who, in_)
	case in.Membership == room.Invited && !mine:
		err = f.Rooms.Invite(ctx, you.Person, in_, who)
	case in.Membership == room.Left:
		err = f.moveFrom(r, you, who, room.Left, room.Joined, room.Invited, room.Banned)
	case in.Membership == room.Banned:
		err = f.Rooms.Move(ctx, you.Person, in_, who, room.Banned)
	default:
		err = fault.New(fault.Denied, "This membership cannot be set")
	}
	if err != nil {
		return err
	}
	snap, err := f.Rooms.Look(ctx, in_)
	if err != nil {
		return err
	}
	return reply(w, fields{"event_id": snap.State[room.Key{Type: "m.room.member", Key: string(who)}].ID})
}

// members: GET /rooms/{roomId}/members ("Getting events for a room"). Always as they are now.
func (f *Face) members(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	only, not := r.URL.Query().Get("membership"), r.URL.Query().Get("not_membership")
	events := f.writer(r.Context(), you, true)
	return send(w, r, func(o *wire.Out) error {
		b := open(o)
		l := b.list("chunk")
		for _, e := range current(snap) {
			if e.Type != "m.room.member" {
				continue
			}
			if m := snap.Members[id.Person(*e.Key)].State; only != "" && m != only || not != "" && m == not {
				continue
			}
			l.next()
			events.durable(o, e)
		}
		l.end()
		b.end()
		return nil
	})
}

// joinedMembers: GET /rooms/{roomId}/joined_members ("Getting events for a room").
func (f *Face) joinedMembers(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	in := map[id.Person]fields{}
	for _, who := range snap.Joined() {
		in[who] = fields{"display_name": snap.Members[who].Name}
	}
	return reply(w, fields{"joined": in})
}
