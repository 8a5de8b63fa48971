package session

import (
	"context"
	"slices"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
)

// Line is a message as a page shows it: with its present words, its marks and its reactions.
type Line struct {
	Event     *Event
	Words     *Event // what to open for the words: the event, or its last edit
	Edited    bool
	Withdrawn bool
	Marks     []*Event // in order
	Reactions []*Event // in order; open them to see which
	ReplyTo   *Event   // nil if it is no reply, or the reader may not see it
}

// View is an open session as one person sees it at one moment. It holds no content.
type View struct {
	ID         id.Session
	Started    time.Time
	StartedBy  id.Person
	Policy     policy.Policy
	Verdict    policy.Verdict
	Latest     time.Time
	Closing    bool      // the disposal is under way
	Broken     time.Time // since when it could not be ended
	Asked      id.Person // who asked to end it
	Extensions int
	Lines      []Line // oldest first: all that this person may see
	Hidden     int    // messages from before they joined
	Messages   int    // in all
	Marked     int
	Notes      []Noted
	People     map[id.Person]Standing
	Version    int64
	Read       map[id.Person]Receipt // others' receipts that are not private, and one's own
	Typing     []id.Person
	Unread     int
	Mentioned  int
}

// Standing is one person's part in the session.
type Standing struct {
	TookPart bool
	Answered bool
	Writing  bool
	Draft    bool
}

// Look returns the room's open session; nil if none is open.
func (s *Sessions) Look(ctx context.Context, who id.Person, r id.Room) (*View, error) {
	snap, err := s.Rooms.For(ctx, who, r)
	if err != nil {
		return nil, err
	}
	p := s.place(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.talk == nil {
		return nil, nil
	}
	return s.view(p, snap, who, true), nil
}

// Glance is Look without the messages: for a list of conversations.
func (s *Sessions) Glance(snap *room.Snapshot, who id.Person) *View {
	p := s.place(snap.ID)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.talk == nil {
		return nil
	}
	return s.view(p, snap, who, false)
}

// Last returns the last message of the open session that a person may see; nil if there is none.
func (s *Sessions) Last(snap *room.Snapshot, who id.Person) *Line {
	p := s.place(snap.ID)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.talk == nil {
		return nil
	}
	for i := len(p.talk.log) - 1; i >= 0; i-- {
		if e := p.talk.log[i]; e.Leaf > 0 && e.Edits == "" && snap.Sees(who, e.Pos) {
			l := p.talk.line(snap, who, e)
			return &l
		}
	}
	return nil
}

func (s *Sessions) view(p *place, snap *room.Snapshot, who id.Person, lines bool) *View {
	t := p.talk
	v := &View{ID: t.id, Started: t.started, StartedBy: t.startedBy, Policy: t.policy, Latest: s.latest(t), Closing: t.closing, Broken: t.broken,
		Asked: t.askedBy, Extensions: t.extensions, Marked: t.countMarked(), Notes: slices.Clone(t.notes), Version: t.version,
		People: map[id.Person]Standing{}, Read: map[id.Person]Receipt{}}
	v.Verdict = policy.Life(t.policy, s.facts(t, snap), s.Now())
	for _, e := range t.log {
		if e.Leaf == 0 || e.Edits != "" {
			continue
		}
		v.Messages++
		if !snap.Sees(who, e.Pos) {
			v.Hidden++
		} else if lines {
			v.Lines = append(v.Lines, t.line(snap, who, e))
		}
	}
	for person, part := range t.people {
		v.People[person] = Standing{part.took, !part.answered.IsZero(), !part.writing.IsZero(), !part.draft.IsZero()}
	}
	for other, r := range p.read {
		if !r.Private || other == who {
			v.Read[other] = r
		}
	}
	for typist := range p.typing {
		if typist != who {
			v.Typing = append(v.Typing, typist)
		}
	}
	slices.Sort(v.Typing)
	v.Unread, v.Mentioned = p.unread(snap, who)
	return v
}

func (t *talk) line(snap *room.Snapshot, who id.Person, e *Event) Line {
	l := Line{Event: e, Words: t.wording(e), Withdrawn: e.Withdrawn() != "", Marks: t.marked(e.ID)}
	l.Edited = l.Words != e
	for _, r := range t.reactions[e.ID] {
		if r.Withdrawn() == "" {
			l.Reactions = append(l.Reactions, r)
		}
	}
	if to := t.byID[e.ReplyTo]; to != nil && snap.Sees(who, to.Pos) {
		l.ReplyTo = to
	}
	return l
}
