package session

import (
	"context"
	"slices"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
)

// Read notes that a person has read up to an event. Reading backwards changes nothing. A private receipt is not shown to
// others (Matrix specification, "Receipts").
func (s *Sessions) Read(ctx context.Context, who id.Person, r id.Room, event id.Event, private bool) error {
	snap, err := s.Rooms.For(ctx, who, r)
	if err != nil {
		return err
	}
	p, t, err := s.lockOpen(ctx, r)
	if err != nil {
		return err
	}
	pos := int64(0)
	if t != nil && t.byID[event] != nil {
		if pos = t.byID[event].Pos; !snap.Sees(who, pos) { // guessed
			pos = 0
		}
	} else if e, err := s.Rooms.Event(ctx, r, event); err == nil {
		pos = e.Pos
	}
	if pos <= p.read[who].Pos {
		p.mu.Unlock()
		return nil
	}
	at, done, err := s.Rooms.Order.Take(ctx, 1)
	if err != nil {
		p.mu.Unlock()
		return err
	}
	p.read[who] = Receipt{Event: event, Pos: pos, At: s.Now(), Private: private, Changed: at}
	done()
	if t != nil {
		s.countUnread(t, p, snap)
		t.version++
	}
	p.mu.Unlock()
	s.ring(ctx, r)
	return nil
}

// Typing says that a person is typing for so long, or has stopped (0).
func (s *Sessions) Typing(ctx context.Context, who id.Person, r id.Room, length time.Duration) error {
	if _, err := s.Rooms.For(ctx, who, r); err != nil {
		return err
	}
	p := s.place(r)
	p.mu.Lock()
	_, was := p.typing[who]
	if length > 0 {
		p.typing[who] = s.Now().Add(min(length, 30*time.Second))
	} else {
		delete(p.typing, who)
	}
	changed := was != (length > 0)
	err := s.moveTyping(ctx, p, changed)
	p.mu.Unlock()
	if changed && err == nil {
		s.ring(ctx, r)
	}
	return err
}

// moveTyping gives a change of who is typing its position. The place is locked.
func (s *Sessions) moveTyping(ctx context.Context, p *place, changed bool) error {
	if !changed {
		return nil
	}
	pos, done, err := s.Rooms.Order.Take(ctx, 1)
	if err != nil {
		return err
	}
	p.typePos = pos
	done()
	return nil
}

// settleTyping drops who has not typed for a while, and returns when the next will be dropped.
func (s *Sessions) settleTyping(ctx context.Context, p *place) (next time.Time) {
	p.mu.Lock()
	changed := false
	for who, until := range p.typing {
		if !s.Now().Before(until) {
			delete(p.typing, who)
			changed = true
		} else if next.IsZero() || until.Before(next) {
			next = until
		}
	}
	err := s.moveTyping(ctx, p, changed)
	p.mu.Unlock()
	if changed && err == nil {
		s.ring(ctx, p.room)
	}
	return next
}

// News is what one reader may see of a room's talk, and what they must forget.
type News struct {
	Events    []*Event // oldest first
	Limited   bool     // there were more than the limit; the newest are here
	Typing    []id.Person
	Typed     bool // who is typing changed in the span
	Receipts  map[id.Person]Receipt
	Forgotten []Record // sessions whose redactions have positions in the span: see Record.Forget
	Unread    int
	Mentioned int
}

// Forget is the span of a session's events, counted from 1, whose redactions stand at from < position <= to.
func (r Record) Forget(from, to int64) (first, last int) {
	first = int(max(1, from-r.RedactPos+2))
	last = int(min(int64(r.Events), to-r.RedactPos+1))
	return first, last
}

// News returns what happened at from < position <= to, for one person, at most limit events.
func (s *Sessions) News(ctx context.Context, who id.Person, snap *room.Snapshot, from, to int64, limit int) (n News, err error) {
	p := s.place(snap.ID)
	p.mu.Lock()
	n.Events, n.Limited = p.events(snap, who, from, to, limit, true)
	if p.typePos > from && p.typePos <= to {
		n.Typed = true
	}
	for who := range p.typing {
		n.Typing = append(n.Typing, who)
	}
	slices.Sort(n.Typing)
	n.Receipts = map[id.Person]Receipt{}
	for other, r := range p.read {
		if r.Changed > from && r.Changed <= to && (!r.Private || other == who) {
			n.Receipts[other] = r
		}
	}
	n.Unread, n.Mentioned = p.unread(snap, who)
	p.mu.Unlock()
	if from > 0 { // whoever starts from nothing has nothing to forget
		n.Forgotten, err = s.Forgotten(ctx, snap.ID, from, to)
	}
	return n, err
}

// Forgotten returns the sessions of a room whose redactions have positions in the span: see Record.Forget.
func (s *Sessions) Forgotten(ctx context.Context, r id.Room, from, to int64) (all []Record, err error) {
	if to <= from || !s.Rooms.Changed(r, from) {
		return nil, nil
	}
	err = s.View(ctx, func(tx Tx) (err error) {
		all, err = tx.SessionsForgotten(ctx, r, from, to)
		return err
	})
	return all, err
}

// Events returns what a person may see at from < position <= to: the newest or the oldest limit of it, oldest first.
func (s *Sessions) Events(who id.Person, snap *room.Snapshot, from, to int64, limit int, newest bool) []*Event {
	p := s.place(snap.ID)
	p.mu.Lock()
	defer p.mu.Unlock()
	all, _ := p.events(snap, who, from, to, limit, newest)
	return all
}

func (p *place) events(snap *room.Snapshot, who id.Person, from, to int64, limit int, newest bool) (all []*Event, limited bool) {
	if p.talk == nil {
		return nil, false
	}
	log := p.talk.log
	first, _ := slices.BinarySearchFunc(log, from+1, func(e *Event, pos int64) int { return int(e.Pos - pos) })
	last, _ := slices.BinarySearchFunc(log, to+1, func(e *Event, pos int64) int { return int(e.Pos - pos) })
	for _, e := range log[first:max(first, last)] {
		if snap.Sees(who, e.Pos) {
			all = append(all, e)
		}
	}
	if len(all) > limit {
		limited = true
		if newest {
			all = all[len(all)-limit:]
		} else {
			all = all[:limit]
		}
	}
	return all, limited
}

// Event finds an event of the open session that a person may see.
func (s *Sessions) Event(ctx context.Context, who id.Person, r id.Room, event id.Event) (*Event, error) {
	snap, err := s.Rooms.For(ctx, who, r)
	if err != nil {
		return nil, err
	}
	p := s.place(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.talk != nil {
		if e := p.talk.byID[event]; e != nil && snap.Sees(who, e.Pos) {
			return e, nil
		}
	}
	return nil, gone()
}

// unread counts the messages that a person has not read, and those that mention them. The place is locked.
func (p *place) unread(snap *room.Snapshot, who id.Person) (all, mentioned int) {
	if p.talk == nil {
		return 0, 0
	}
	read := p.read[who].Pos
	for i := len(p.talk.log) - 1; i >= 0; i-- {
		e := p.talk.log[i]
		if e.Pos <= read {
			break
		}
		if e.Leaf == 0 || e.Edits != "" || e.Sender == who || e.Withdrawn() != "" || !snap.Sees(who, e.Pos) {
			continue
		}
		all++
		if slices.Contains(e.Mentions, who) {
			mentioned++
		}
	}
	return all, mentioned
}
