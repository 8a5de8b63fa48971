package matrix

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
)

// A token stands between two positions of the one order of everything: after the position that it names. /sync, /messages
// and /context use the same.

func tokenAt(pos int64) string { return "s" + strconv.FormatInt(pos, 10) }

func parseToken(s string) (pos int64, ok bool) {
	digits, found := strings.CutPrefix(s, "s")
	pos, err := strconv.ParseInt(digits, 10, 64)
	return pos, found && err == nil && pos >= 0 && digits[0] != '+'
}

// floor is the position after which a person sees (Matrix client-server API, "Room history visibility").
func floor(snap *room.Snapshot, who id.Person) int64 {
	sees := snap.Members[who].Sees
	if sees > 0 && snap.Sees(who, sees) {
		return 0
	}
	return sees
}

// page is a stretch of a room's timeline.
type page struct {
	items []item // oldest first
	more  bool   // there was more than the limit
}

// backward returns the newest limit things that a person sees at from < position <= to.
func (f *Face) backward(ctx context.Context, snap *room.Snapshot, who id.Person, from, to int64, limit int, keep eventFilter) (page, error) {
	from = max(from, floor(snap, who))
	durable, err := f.Rooms.Events(ctx, snap.ID, from, to, limit+1)
	if err != nil {
		return page{}, err
	}
	all := merge(durable, f.Sessions.Events(who, snap, from, to, limit+1, true), nil)
	p := page{items: all}
	if len(all) > limit {
		p.items, p.more = all[len(all)-limit:], true
	}
	p.items = p.only(keep)
	return p, nil
}

// forward returns the oldest limit things that a person sees at from < position <= to.
func (f *Face) forward(ctx context.Context, snap *room.Snapshot, who id.Person, from, to int64, limit int, keep eventFilter) (page, error) {
	from = max(from, floor(snap, who))
	durable, err := f.Rooms.EventsAfter(ctx, snap.ID, from, to, limit+1)
	if err != nil {
		return page{}, err
	}
	all := merge(durable, f.Sessions.Events(who, snap, from, to, limit+1, false), nil)
	p := page{items: all}
	if len(all) > limit {
		p.items, p.more = all[:limit], true
	}
	p.items = p.only(keep)
	return p, nil
}

// only leaves out what a filter does not want. What tells clients to forget is always wanted.
func (p page) only(keep eventFilter) []item {
	return slices.DeleteFunc(slices.Clone(p.items), func(i item) bool {
		switch {
		case i.durable != nil:
			return !keep.wants(i.durable.Type, i.durable.Sender)
		case i.event != nil:
			return !keep.wants(i.event.Type, i.event.Sender)
		}
		return false
	})
}

// merge puts things into the order of their positions.
func merge(durable []room.Event, events []*session.Event, forgets []*forget) []item {
	all := make([]item, 0, len(durable)+len(events)+len(forgets))
	for _, e := range durable {
		all = append(all, item{pos: e.Pos, durable: &e})
	}
	for _, e := range events {
		all = append(all, item{pos: e.Pos, event: e})
	}
	for _, g := range forgets {
		all = append(all, item{pos: g.RedactPos + int64(g.n) - 1, forget: g})
	}
	slices.SortFunc(all, func(a, b item) int { return int(a.pos - b.pos) })
	return all
}

// forgets returns the redactions at from < position <= to of sessions that have ended.
func forgets(ended []session.Record, from, to int64) (all []*forget) {
	for _, rec := range ended {
		first, last := rec.Forget(from, to)
		for n := first; n <= last; n++ {
			all = append(all, &forget{rec, n})
		}
	}
	return all
}
