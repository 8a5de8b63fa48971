package matrix

import (
	"net/http"
	"slices"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/wire"
)

const (
	usualPage = 10
	mostPage  = 200
)

// position reads a token from the query.
func position(r *http.Request, name string, fallback int64) (int64, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return fallback, nil
	}
	pos, ok := parseToken(s)
	if !ok {
		return 0, invalid(name)
	}
	return pos, nil
}

func pageFilter(r *http.Request) (e eventFilter, err error) {
	if raw := r.URL.Query().Get("filter"); raw != "" {
		err = parseFilter([]byte(raw), &e)
	}
	return e, err
}

// messages: GET /rooms/{roomId}/messages ("Getting events for a room"). It goes through the whole room: its state, and the open
// session. Earlier sessions do not exist.
func (f *Face) messages(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	back := r.URL.Query().Get("dir") == "b"
	if dir := r.URL.Query().Get("dir"); !back && dir != "f" {
		return invalid("dir")
	}
	limit, err := number(r, "limit", usualPage, mostPage)
	if err != nil {
		return err
	}
	keep, err := pageFilter(r)
	if err != nil {
		return err
	}
	limit = max(1, min(limit, keep.limit(limit, mostPage)))
	now := f.Rooms.Order.Stable()
	start, far := int64(0), now
	if back {
		start, far = now, 0
	}
	if start, err = position(r, "from", start); err != nil {
		return err
	}
	if far, err = position(r, "to", far); err != nil {
		return err
	}
	start, far = min(start, now), min(far, now)
	var p page
	end := far
	if back {
		p, err = f.backward(r.Context(), snap, you.Person, far, start, limit, eventFilter{})
		if p.more {
			end = p.items[0].pos - 1
		}
		slices.Reverse(p.items)
	} else {
		p, err = f.forward(r.Context(), snap, you.Person, start, far, limit, eventFilter{})
		if p.more {
			end = p.items[len(p.items)-1].pos
		}
	}
	if err != nil {
		return err
	}
	events := f.writer(r.Context(), you, true)
	return send(w, r, func(o *wire.Out) error {
		b := open(o)
		b.str("start", tokenAt(start))
		if p.more || !back {
			b.str("end", tokenAt(end))
		}
		l := b.list("chunk")
		if err := events.timeline(l, p.only(keep)); err != nil {
			return err
		}
		l.end()
		b.end()
		return nil
	})
}

// find returns something of a room's timeline that a person sees.
func (f *Face) find(r *http.Request, snap *room.Snapshot, who id.Person, event id.Event) (item, error) {
	e, err := f.Sessions.Event(r.Context(), who, snap.ID, event)
	if err == nil {
		return item{pos: e.Pos, event: e}, nil
	} else if !fault.Is(err, fault.NotFound) {
		return item{}, err
	}
	d, err := f.Rooms.Event(r.Context(), snap.ID, event)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return item{}, err
	}
	if err == nil && d.Pos <= f.Rooms.Order.Stable() && (snap.Sees(who, d.Pos) || d.Key != nil && snap.State[room.Key{Type: d.Type, Key: *d.Key}].ID == d.ID) {
		return item{pos: d.Pos, durable: &d}, nil
	}
	return item{}, fault.New(fault.NotFound, "There is no such event, or its session has ended")
}

// oneEvent: GET /rooms/{roomId}/event/{eventId} ("Getting events for a room").
func (f *Face) oneEvent(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	i, err := f.find(r, snap, you.Person, eventOf(r))
	if err != nil {
		return err
	}
	events := f.writer(r.Context(), you, true)
	return send(w, r, func(o *wire.Out) error { return events.one(o, i) })
}

// context: GET /rooms/{roomId}/context/{eventId} ("Event Context").
func (f *Face) context(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	limit, err := number(r, "limit", usualPage, mostPage)
	if err != nil {
		return err
	}
	keep, err := pageFilter(r)
	if err != nil {
		return err
	}
	i, err := f.find(r, snap, you.Person, eventOf(r))
	if err != nil {
		return err
	}
	before, err := f.backward(r.Context(), snap, you.Person, 0, i.pos-1, limit/2, eventFilter{})
	if err != nil {
		return err
	}
	after, err := f.forward(r.Context(), snap, you.Person, i.pos, f.Rooms.Order.Stable(), limit-limit/2, eventFilter{})
	if err != nil {
		return err
	}
	start, end := i.pos-1, i.pos
	if len(before.items) > 0 {
		start = before.items[0].pos - 1
	}
	if len(after.items) > 0 {
		end = after.items[len(after.items)-1].pos
	}
	slices.Reverse(before.items)
	events := f.writer(r.Context(), you, true)
	return send(w, r, func(o *wire.Out) error {
		b := open(o)
		b.str("start", tokenAt(start))
		b.str("end", tokenAt(end))
		if err := events.one(b.key("event"), i); err != nil {
			return err
		}
		for name, items := range map[string][]item{"events_before": before.only(keep), "events_after": after.only(keep)} {
			l := b.list(name)
			if err := events.timeline(l, items); err != nil {
				return err
			}
			l.end()
		}
		l := b.list("state")
		for _, e := range current(snap) {
			l.next()
			events.durable(o, e)
		}
		l.end()
		b.end()
		return nil
	})
}

// one writes one thing. If its session ends at this moment nothing is written, and the error says so.
func (w *writer) one(o *wire.Out, i item) error {
	l := &jsonList{o: o}
	if err := w.timeline(l, []item{i}); err != nil {
		return err
	}
	if l.n == 0 {
		return fault.New(fault.NotFound, "There is no such event, or its session has ended")
	}
	return nil
}
