package matrix

import (
	"context"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// writer writes events into one response, for one reader (Matrix client-server API, "Room event format" and
// "ClientEventWithoutRoomID").
type writer struct {
	f       *Face
	ctx     context.Context
	you     account.Device
	now     time.Time
	inRooms bool // say which room: everywhere but in /sync
}

func (f *Face) writer(ctx context.Context, you account.Device, inRooms bool) *writer {
	return &writer{f, ctx, you, f.Now(), inRooms}
}

// item is something at a position of a room's timeline: exactly one of its parts.
type item struct {
	pos     int64
	durable *room.Event
	event   *session.Event
	forget  *forget
}

// forget is a redaction that tells clients to forget the n-th event of a session that has ended. It has no content but the ID.
type forget struct {
	session.Record
	n int
}

func (i item) typ() string {
	switch {
	case i.durable != nil:
		return i.durable.Type
	case i.event != nil:
		return i.event.Type
	}
	return session.RedactionType
}

// timeline writes events into a list. An event whose session ends at this moment is left out.
func (w *writer) timeline(l *jsonList, items []item) error {
	for _, i := range items {
		var err error
		switch {
		case i.durable != nil:
			l.next()
			w.durable(l.o, *i.durable)
		case i.event != nil:
			err = w.event(l, i.event)
		default:
			l.next()
			w.forget(l.o, i.forget)
		}
		if err != nil {
			return err
		}
	}
	return l.o.Err()
}

func (w *writer) head(o *wire.Out, room id.Room, event id.Event, typ string, sender id.Person, at time.Time) *jsonObject {
	b := open(o)
	b.str("type", typ)
	b.str("sender", string(sender))
	b.str("event_id", string(event))
	b.num("origin_server_ts", at.UnixMilli())
	if w.inRooms {
		b.str("room_id", string(room))
	}
	return b
}

func (w *writer) age(b *jsonObject, at time.Time) { b.num("age", max(0, w.now.Sub(at).Milliseconds())) }

// durable writes state, or words of the service user.
func (w *writer) durable(o *wire.Out, e room.Event) {
	b := w.head(o, e.Room, e.ID, e.Type, e.Sender, e.At)
	if e.Key != nil {
		b.str("state_key", *e.Key)
	}
	b.raw("content", e.Content)
	u := b.object("unsigned")
	w.age(u, e.At)
	if e.Key != nil && len(e.Prev) > 0 {
		u.raw("prev_content", e.Prev)
	}
	u.end()
	b.end()
}

// stripped writes state for somebody who is invited (Matrix client-server API, "Stripped state").
func stripped(o *wire.Out, e room.Event) {
	b := open(o)
	b.str("type", e.Type)
	b.str("sender", string(e.Sender))
	b.str("state_key", *e.Key)
	b.raw("content", e.Content)
	b.end()
}

func (w *writer) forget(o *wire.Out, g *forget) {
	at, target := g.Ended, string(id.InSession(g.ID, g.n))
	if at.IsZero() { // lost in a crash
		at = w.now
	}
	b := w.head(o, g.Room, id.RedactionOf(g.ID, g.n), session.RedactionType, w.f.Rooms.Service(), at)
	b.str("redacts", target)
	c := b.object("content")
	c.str("redacts", target)
	c.end()
	u := b.object("unsigned")
	w.age(u, at)
	u.end()
	b.end()
}

// event opens an event of a session and writes it. A withdrawn one has no content, and the redaction that took it away.
func (w *writer) event(l *jsonList, e *session.Event) error {
	var because *session.Event
	var raw []byte
	if e.Withdrawn() == "" {
		buf, err := w.f.Arena.Get(w.ctx, vault.Large)
		if err != nil {
			return err
		}
		defer buf.Put()
		raw, err = e.Open(buf)
		switch {
		case fault.Is(err, fault.Gone):
			return nil
		case err != nil && e.Withdrawn() == "":
			return err
		}
	}
	if r := e.Withdrawn(); r != "" {
		raw = nil
		var err error
		if because, err = w.f.Sessions.Event(w.ctx, w.you.Person, e.Room, r); err != nil {
			return nil // the session has ended
		}
	}
	l.next()
	b := w.head(l.o, e.Room, e.ID, e.Type, e.Sender, e.At)
	w.content(b, e, raw)
	u := b.object("unsigned")
	w.age(u, e.At)
	if e.Txn != "" && e.Device == w.you.ID && e.Sender == w.you.Person {
		u.str("transaction_id", e.Txn)
	}
	if because != nil {
		if err := w.because(u, because); err != nil {
			return err
		}
	}
	u.end()
	b.end()
	return nil
}

func (w *writer) because(u *jsonObject, e *session.Event) error {
	buf, err := w.f.Arena.Get(w.ctx, vault.Scratch)
	if err != nil {
		return err
	}
	defer buf.Put()
	raw, err := e.Open(buf)
	if err != nil {
		raw = nil // it ended at this moment: without the reason
	}
	b := w.head(u.key("redacted_because"), e.Room, e.ID, e.Type, e.Sender, e.At)
	w.content(b, e, raw)
	b.end()
	return nil
}

// content writes the content as it was sent. Of a redaction it writes what is redacted in both places that room versions name.
func (w *writer) content(b *jsonObject, e *session.Event, raw []byte) {
	if e.Redacts == "" {
		if raw == nil {
			raw = []byte("{}")
		}
		b.raw("content", raw)
		return
	}
	b.str("redacts", string(e.Redacts))
	c := b.object("content")
	c.str("redacts", string(e.Redacts))
	if raw != nil {
		content.Object(raw, func(key, value []byte) error { // it was checked when it was sent
			if !content.Equal(key, "redacts") {
				c.o.Str(`,"`)
				c.o.Raw(key)
				c.o.Str(`":`)
				c.o.Raw(value)
			}
			return nil
		})
	}
	c.end()
}
