package session

import (
	"context"
	"slices"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/vault"
)

// Material is what a note quotes: messages in the open, with what proves them. It is made only for a note that is being
// filed, which is one of the two things that last on purpose.
type Material struct {
	Session   id.Session
	Room      id.Room
	Started   time.Time
	Policy    int
	Size      int // of the session's tree
	Root      verifyHash
	Quotes    []Quoted
	TookPart  []id.Person
	Automatic bool
}

// Quoted is one message.
type Quoted struct {
	Message  id.Event // the message
	Event    id.Event // the event with its words: the message, or its last edit
	Position int      // of that event in the session, from 1
	Edits    int      // the position of the message, if the words are a new wording of it
	Sender   id.Person
	At       time.Time
	Type     string
	Content  []byte
	Salt     []byte
	Proof    []verifyHash
	MarkedBy []id.Person
}

// Material opens the messages that somebody wants to quote, in the order of the session.
func (s *Sessions) Material(ctx context.Context, who id.Person, r id.Room, messages []id.Event) (*Material, error) {
	snap, err := s.Rooms.For(ctx, who, r)
	if err != nil {
		return nil, err
	}
	buf, err := s.buffer(ctx, s.longest(r, messages))
	if err != nil {
		return nil, err
	}
	defer buf.Put()
	p, t, err := s.lockTalk(ctx, r)
	if err != nil {
		return nil, err
	}
	defer p.mu.Unlock()
	for _, m := range messages {
		if e := t.byID[m]; e == nil || !snap.Sees(who, e.Pos) {
			return nil, gone()
		}
	}
	return s.material(p, t, messages, buf)
}

// longest returns the length of the longest of some messages with their new wordings.
func (s *Sessions) longest(r id.Room, messages []id.Event) (n int) {
	p := s.place(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.talk == nil {
		return 0
	}
	for _, m := range messages {
		if e := p.talk.byID[m]; e != nil {
			n = max(n, p.talk.wording(e).Len())
		}
	}
	return n
}

// Material opens the marked messages that no note has.
func (c *Closing) Material(ctx context.Context) (*Material, error) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	m, err := c.s.material(c.p, c.t, c.Unfiled, c.buf)
	if err == nil {
		m.Automatic = true
	}
	return m, err
}

func (s *Sessions) material(p *place, t *talk, messages []id.Event, buf *vault.Buf) (*Material, error) {
	m := &Material{Session: t.id, Room: p.room, Started: t.started, Policy: t.policy.Version, Size: t.tree.Size(), Root: t.tree.Root()}
	for who, part := range t.people {
		if part.took {
			m.TookPart = append(m.TookPart, who)
		}
	}
	slices.Sort(m.TookPart)
	for _, name := range messages {
		e, err := t.message(name)
		if err != nil {
			return nil, err
		}
		q, err := t.quote(e, buf)
		if err != nil {
			return nil, err
		}
		m.Quotes = append(m.Quotes, q)
	}
	slices.SortFunc(m.Quotes, func(a, b Quoted) int { return a.Position - b.Position })
	m.Quotes = slices.CompactFunc(m.Quotes, func(a, b Quoted) bool { return a.Position == b.Position })
	return m, nil
}

func (t *talk) quote(e *Event, buf *vault.Buf) (Quoted, error) {
	words := t.wording(e)
	q := Quoted{Message: e.ID, Event: words.ID, Position: words.Leaf, Sender: words.Sender, At: words.At, Type: words.Type}
	if words != e {
		q.Edits = e.Leaf
	}
	for _, m := range t.marked(e.ID) {
		q.MarkedBy = append(q.MarkedBy, m.Sender)
	}
	both, err := words.open(buf)
	if err != nil {
		return q, err
	}
	q.Salt, q.Content = slices.Clone(both[:saltLen]), slices.Clone(both[saltLen:])
	q.Proof, err = t.tree.Inclusion(words.Leaf)
	return q, err
}

// Filed tells the session that a note of its messages was filed by somebody: that is their answer.
func (s *Sessions) Filed(ctx context.Context, who id.Person, r id.Room, m *Material, n Noted) {
	p, t, err := s.lockTalk(ctx, r)
	if err != nil || t.id != m.Session {
		if err == nil {
			p.mu.Unlock()
		}
		return // it ended in the meantime; the note stands
	}
	t.keep(m, n)
	if !n.Automatic { // a draft that was filed as it stood is no answer
		t.part(who).answered = s.Now()
	}
	t.part(who).draft, t.part(who).overdue = vault.Sealed{}, false
	s.stopWriting(t, who)
	p.mu.Unlock()
	s.settle(ctx, p)
	s.ring(ctx, r)
}

// Filed tells the closing session that its marked messages were filed.
func (c *Closing) Filed(m *Material, n Noted) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.t.keep(m, n)
}

func (t *talk) keep(m *Material, n Noted) {
	for _, q := range m.Quotes {
		t.filed[q.Event] = true
	}
	t.notes = append(t.notes, n)
	t.version++
}

// Room is the room of the closing session.
func (c *Closing) Room() id.Room { return c.p.room }
