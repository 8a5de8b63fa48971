package matrix

import (
	"math"
	"net/http"
	"slices"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/wire"
)

// relation is how an event of a session refers to another (Matrix client-server API, "Relationship types").
func relation(e *session.Event) (kind string, to id.Event) {
	switch {
	case e.Edits != "":
		return "m.replace", e.Edits
	case e.ReactsTo != "":
		return "m.annotation", e.ReactsTo
	case e.Thread != "":
		return "m.thread", e.Thread
	}
	return "", ""
}

// relations: GET /rooms/{roomId}/relations/{eventId}, with /{relType} and /{eventType} ("Relationships API"). Of the open
// session; what was withdrawn refers to nothing any more.
func (f *Face) relations(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	if _, err := f.find(r, snap, you.Person, eventOf(r)); err != nil {
		return err
	}
	back := r.URL.Query().Get("dir") != "f"
	limit, err := number(r, "limit", usualPage, mostPage)
	if err != nil {
		return err
	}
	start, far := int64(0), f.Rooms.Order.Stable()
	from, err := position(r, "from", -1)
	if err != nil {
		return err
	}
	if from >= 0 && back {
		far = min(far, from)
	} else if from >= 0 {
		start = from
	}
	kind, typ := part(r, "rel"), part(r, "type")
	found := slices.DeleteFunc(f.Sessions.Events(you.Person, snap, start, far, math.MaxInt, true), func(e *session.Event) bool {
		k, to := relation(e)
		return to != eventOf(r) || kind != "" && k != kind || typ != "" && e.Type != typ || e.Withdrawn() != ""
	})
	if back {
		slices.Reverse(found)
	}
	more := len(found) > max(limit, 1)
	found = found[:min(len(found), max(limit, 1))]
	events := f.writer(r.Context(), you, true)
	return send(w, r, func(o *wire.Out) error {
		b := open(o)
		if more {
			next := found[len(found)-1].Pos
			if back {
				next--
			}
			b.str("next_batch", tokenAt(next))
		}
		l := b.list("chunk")
		if err := events.timeline(l, merged(found)); err != nil {
			return err
		}
		l.end()
		b.end()
		return nil
	})
}

// merged is merge for events alone, in the order in which they come.
func merged(events []*session.Event) (all []item) {
	for _, e := range events {
		all = append(all, item{pos: e.Pos, event: e})
	}
	return all
}
