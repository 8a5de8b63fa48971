package matrix

import (
	"context"
	"slices"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
)

// syncing is one /sync of one device.
type syncing struct {
	f     *Face
	you   account.Device
	keep  filter
	since int64 // 0: a client that starts fresh
	all   bool  // full_state: all state, also what the client knows
	after bool  // use_state_after: state as it is after the timeline, not before
}

// news is what is new for a device. It holds no content: events are opened when they are written.
type news struct {
	next    int64 // the position up to which it was gathered
	data    []account.Data
	joined  []joinedRoom
	invited []*room.Snapshot
	left    []leftRoom
}

type joinedRoom struct {
	snap    *room.Snapshot
	page    page
	prev    int64 // the position before the timeline
	state   []room.Event
	summary bool // who is in it has changed
	talk    session.News
	data    []account.Data
}

type leftRoom struct {
	snap  *room.Snapshot
	items []item
	prev  int64
}

func (n *news) empty() bool {
	return len(n.data)+len(n.joined)+len(n.invited)+len(n.left) == 0
}

// gather collects what stands at since < position <= the stable position.
func (s *syncing) gather(ctx context.Context) (*news, error) {
	n := &news{next: s.f.Rooms.Order.Stable()}
	if s.since > n.next {
		s.since = 0 // a token of a database that is gone
	}
	data, err := s.f.Accounts.DataSince(ctx, s.you.Person, s.since, n.next)
	if err != nil {
		return nil, err
	}
	inRooms := map[id.Room][]account.Data{}
	for _, d := range data {
		if d.Room != "" {
			inRooms[d.Room] = append(inRooms[d.Room], d)
		} else if s.keep.AccountData.wants(d.Kind, s.you.Person) {
			n.data = append(n.data, d)
		}
	}
	all, err := s.f.Rooms.Memberships(ctx, s.you.Person)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if !s.keep.wantsRoom(m.Room) {
			continue
		}
		if err := s.gatherRoom(ctx, n, m, inRooms[m.Room]); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (s *syncing) gatherRoom(ctx context.Context, n *news, m room.Member, data []account.Data) error {
	snap, err := s.f.Rooms.Look(ctx, m.Room)
	if err != nil {
		return err
	}
	recent := m.Pos > s.since && m.Pos <= n.next
	switch m.State {
	case room.Joined:
		j, new, err := s.joined(ctx, snap, m, n.next)
		if err != nil {
			return err
		}
		for _, d := range data {
			if s.keep.Room.AccountData.wants(d.Kind, s.you.Person) && s.keep.Room.AccountData.wantsRoom(d.Room) {
				j.data = append(j.data, d)
			}
		}
		if new || len(j.data) > 0 {
			n.joined = append(n.joined, j)
		}
	case room.Invited:
		if recent {
			n.invited = append(n.invited, snap)
		}
	case room.Left, room.Banned:
		if s.since == 0 {
			return nil
		}
		l := leftRoom{snap: snap, prev: max(s.since, m.Pos-1)}
		var leave []room.Event
		if e := snap.State[room.Key{Type: "m.room.member", Key: string(s.you.Person)}]; recent && e.Pos == m.Pos {
			leave = append(leave, e)
		}
		// Whoever has left still has on their devices what they saw. When that session ends they must forget it too.
		ended, err := s.f.Sessions.Forgotten(ctx, m.Room, s.since, n.next)
		if err != nil {
			return err
		}
		ended = slices.DeleteFunc(ended, func(rec session.Record) bool { return rec.StartPos >= m.Pos })
		l.items = merge(leave, nil, forgets(ended, s.since, n.next))
		if len(l.items) > 0 {
			n.left = append(n.left, l)
		}
	}
	return nil
}

// joined gathers what is new in a room that the person is in, and reports whether anything is.
func (s *syncing) joined(ctx context.Context, snap *room.Snapshot, m room.Member, to int64) (j joinedRoom, new bool, err error) {
	j = joinedRoom{snap: snap, prev: s.since}
	rules := s.keep.Room.Timeline
	limit := rules.limit(usualTimeline, mostTimeline)
	came, stranger, err := s.came(ctx, m, to)
	if err != nil {
		return j, false, err
	}
	// Fresh: this device knows nothing of the room, or nothing since the person came back. Then what they may see of the time
	// before counts too ("Show this session so far").
	fresh := s.since == 0 || came
	start := s.since
	if fresh {
		start = 0
	}
	durable, err := s.f.Rooms.Events(ctx, snap.ID, max(start, floor(snap, s.you.Person)), to, limit+1)
	if err != nil {
		return j, false, err
	}
	if j.talk, err = s.f.Sessions.News(ctx, s.you.Person, snap, start, to, limit+1); err != nil {
		return j, false, err
	}
	if came && !stranger {
		if j.talk.Forgotten, err = s.f.Sessions.Forgotten(ctx, snap.ID, s.since, to); err != nil {
			return j, false, err
		}
	}
	all := merge(durable, j.talk.Events, nil)
	j.page.items = all
	if len(all) > limit {
		j.page.items, j.page.more = all[len(all)-limit:], true
	}
	j.page.more = j.page.more || came
	if len(j.page.items) > 0 {
		j.prev = j.page.items[0].pos - 1
	} else if fresh {
		j.prev = to
	}
	// What tells a client to forget is never cut off by the limit.
	j.page.items = append(j.page.items, merge(nil, nil, forgets(j.talk.Forgotten, s.since, to))...)
	slices.SortFunc(j.page.items, func(a, b item) int { return int(a.pos - b.pos) })
	j.state = s.state(snap, j.page.items, fresh, to)
	j.summary = fresh || slices.ContainsFunc(j.page.items, isMember) || slices.ContainsFunc(j.state, func(e room.Event) bool { return e.Type == "m.room.member" })
	j.page.items = j.page.only(rules)
	return j, fresh || s.all || len(j.page.items) > 0 || len(j.state) > 0 || j.talk.Typed || len(j.talk.Receipts) > 0, nil
}

func isMember(i item) bool { return i.typ() == "m.room.member" }

// mostChanges is how many changes of a room are searched for a person's own.
const mostChanges = 1000

// came reports whether the person came into the room in the span, rather than, say, changed their name; and whether they had
// never been in it or invited before, so that there is nothing of it to forget. If there is too much to see it all it says that they
// came and are no stranger: then the client is sent all state once more.
func (s *syncing) came(ctx context.Context, m room.Member, to int64) (came, stranger bool, err error) {
	if s.since == 0 || m.Pos <= s.since {
		return false, false, nil
	}
	durable, err := s.f.Rooms.Events(ctx, m.Room, s.since, to, mostChanges)
	if err != nil || len(durable) == mostChanges {
		return true, false, err
	}
	first := true
	for _, e := range durable {
		if e.Type != "m.room.member" || e.Key == nil || *e.Key != string(s.you.Person) {
			continue
		}
		if first {
			stranger = len(e.Prev) == 0
		}
		first = false
		came = came || !joinedBefore(e)
	}
	return came, stranger, nil
}

// state returns the state that the timeline does not tell, in the order in which it came about.
func (s *syncing) state(snap *room.Snapshot, items []item, fresh bool, to int64) []room.Event {
	told := map[id.Event]bool{}
	if !s.after {
		for _, i := range items {
			if i.durable != nil {
				told[i.durable.ID] = true
			}
		}
	}
	rules := s.keep.Room.State
	return slices.DeleteFunc(current(snap), func(e room.Event) bool {
		known := !fresh && !s.all && e.Pos <= s.since
		return known || e.Pos > to || told[e.ID] || !rules.wants(e.Type, e.Sender)
	})
}
