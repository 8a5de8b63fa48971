package session

import (
	"context"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/vault"
)

// act runs do on an open session for somebody in the room, then looks at the clock and wakes readers.
func (s *Sessions) act(ctx context.Context, who id.Person, r id.Room, do func(p *place, t *talk) error) error {
	if _, err := s.Rooms.For(ctx, who, r); err != nil {
		return err
	}
	p, t, err := s.lockTalk(ctx, r)
	if err != nil {
		return err
	}
	err = do(p, t)
	if err == nil {
		t.version++
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	s.settle(ctx, p)
	s.ring(ctx, r)
	return nil
}

// End asks everybody what belongs on the record. The session ends when all have answered, or after the notice period.
func (s *Sessions) End(ctx context.Context, who id.Person, r id.Room) error {
	return s.act(ctx, who, r, func(p *place, t *talk) error {
		if t.endAsked.IsZero() {
			t.endAsked, t.askedBy, t.askedPaused = s.Now(), who, t.paused
		}
		return nil
	})
}

// KeepOpen starts the quiet clock afresh. Near the latest end it puts that back too, as often as the policy allows.
func (s *Sessions) KeepOpen(ctx context.Context, who id.Person, r id.Room) error {
	return s.act(ctx, who, r, func(p *place, t *talk) error {
		now := s.Now()
		if !now.Before(s.latest(t).Add(-t.policy.Notice())) {
			if t.extensions >= t.policy.Extensions {
				return fault.New(fault.Denied, "The latest end has been put back %d times already, so this session ends. A message after that starts a new one", t.extensions)
			}
			t.extensions++
		}
		t.active, t.endAsked, t.askedBy, t.caughtUp, t.paused = now, time.Time{}, "", time.Time{}, 0
		return nil
	})
}

// Nothing answers that nothing (more) belongs on the record.
func (s *Sessions) Nothing(ctx context.Context, who id.Person, r id.Room) error {
	return s.act(ctx, who, r, func(p *place, t *talk) error {
		t.part(who).answered = s.Now()
		s.stopWriting(t, who)
		return nil
	})
}

// Write says that somebody has opened the note composer: the clock stands still while they write.
func (s *Sessions) Write(ctx context.Context, who id.Person, r id.Room) error {
	return s.act(ctx, who, r, func(p *place, t *talk) error {
		now := s.Now()
		t.part(who).writing = now
		if t.writing.IsZero() {
			t.writing = now
		}
		return nil
	})
}

// StopWriting says that they went back to the chat. Their draft stays.
func (s *Sessions) StopWriting(ctx context.Context, who id.Person, r id.Room) error {
	return s.act(ctx, who, r, func(p *place, t *talk) error {
		s.stopWriting(t, who)
		return nil
	})
}

// stopWriting starts the clock again when nobody writes any more.
func (s *Sessions) stopWriting(t *talk, who id.Person) {
	t.part(who).writing = time.Time{}
	for _, p := range t.people {
		if !p.writing.IsZero() {
			return
		}
	}
	if !t.writing.IsZero() {
		limit := time.Duration(t.policy.WritingMinutes) * time.Minute
		t.paused = min(t.paused+s.Now().Sub(later(t.writing, t.active)), limit)
		t.writing = time.Time{}
	}
}

// SaveDraft keeps somebody's unfinished note, sealed like a message: the note composer's form as it was posted, in locked
// memory. It is destroyed with the session, or filed as it stands when writing has taken too long.
func (s *Sessions) SaveDraft(ctx context.Context, who id.Person, r id.Room, form []byte) error {
	return s.act(ctx, who, r, func(p *place, t *talk) error {
		sealed, err := t.key.Seal(form)
		if err == nil {
			t.part(who).draft, t.part(who).saved = sealed, s.Now()
		}
		return err
	})
}

// Draft opens somebody's unfinished note into a buffer; nil if there is none.
func (s *Sessions) Draft(ctx context.Context, who id.Person, r id.Room, buf *vault.Buf) (form []byte, saved time.Time, err error) {
	if _, err := s.Rooms.For(ctx, who, r); err != nil {
		return nil, time.Time{}, err
	}
	p, t, err := s.lockTalk(ctx, r)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer p.mu.Unlock()
	part := t.people[who]
	if part == nil || part.draft.IsZero() {
		return nil, time.Time{}, nil
	}
	form, err = t.key.Open(buf.B[:0], part.draft)
	return form, part.saved, err
}

// facts gathers what the end of the session depends on. snap is the room; if it cannot be read, nil: then nobody has left.
// Whoever took part and left cannot answer any more, so nobody waits for them.
func (s *Sessions) facts(t *talk, snap *room.Snapshot) policy.Facts {
	f := policy.Facts{Started: t.started, LastMessage: t.last, Active: t.active, EndAsked: t.endAsked, Extensions: t.extensions, Unread: t.unread,
		CaughtUp: t.caughtUp, Writing: t.writing, Paused: t.paused, AskedPaused: t.askedPaused, Present: 1}
	if snap != nil {
		f.Present = len(snap.Joined())
	}
	for who, part := range t.people {
		if part.took && (snap == nil || snap.Members[who].State == room.Joined) {
			f.TookPart++
			if !part.answered.IsZero() {
				f.Answered++
			}
		}
	}
	s.mu.Lock()
	f.Stopping = s.stopping
	s.mu.Unlock()
	return f
}
