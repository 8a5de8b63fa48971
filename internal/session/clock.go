package session

import (
	"context"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/vault"
)

// retryAfter is how long to wait after a session could not be ended.
const retryAfter = 15 * time.Second

// Run watches the clock until the context ends.
func (s *Sessions) Run(ctx context.Context) {
	for {
		wait := time.Minute
		if next := s.Tick(ctx); !next.IsZero() {
			wait = max(10*time.Millisecond, min(wait, next.Sub(s.Now())))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.poked():
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Tick does all that is due now, and returns when something may be due next; zero if nothing is in sight.
func (s *Sessions) Tick(ctx context.Context) (next time.Time) {
	for _, p := range s.all() {
		if at := s.settle(ctx, p); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// settle brings a place up to the moment: typing that has run out, drafts whose time is over, a new phase, the end.
func (s *Sessions) settle(ctx context.Context, p *place) (next time.Time) {
	typing := s.settleTyping(ctx, p)
	p.mu.Lock()
	t := p.talk
	if t == nil || t.closing {
		p.mu.Unlock()
		return typing
	}
	present := 1
	if snap, err := s.Rooms.Look(ctx, p.room); err == nil {
		present = len(snap.Joined())
	}
	s.countUnread(p, t)
	now := s.Now()
	v := policy.Life(t.policy, s.facts(p, t, &present), now)
	if !t.writing.IsZero() && !v.Paused {
		overdue := s.takeDrafts(t)
		p.mu.Unlock()
		s.fileDrafts(ctx, p.room, overdue)
		return now
	}
	if v.Phase == policy.Over {
		if now.Before(t.retry) {
			p.mu.Unlock()
			return t.retry
		}
		t.closing, t.over = true, make(chan struct{})
		t.version++
		p.mu.Unlock()
		s.ring(ctx, p.room)
		s.dispose(ctx, p, t, v.Reason)
		return s.Now()
	}
	if v.Phase != t.announced {
		if err := s.announce(ctx, p, t, v.Phase); err != nil {
			s.Log.Error("tell a room how long its session lasts", "room", p.room, "error", err)
		}
	}
	p.mu.Unlock()
	next = v.Next
	if !typing.IsZero() && typing.Before(next) {
		next = typing
	}
	return next
}

// overdue is a draft whose writer has paused the clock for as long as anybody may.
type overdue struct {
	who  id.Person
	form vault.Sealed
	key  *vault.Key
}

func (s *Sessions) takeDrafts(t *talk) (all []overdue) {
	for who, part := range t.people {
		if part.writing.IsZero() {
			continue
		}
		if !part.draft.IsZero() {
			all = append(all, overdue{who, part.draft, t.key})
			part.draft = vault.Sealed{}
		}
		s.stopWriting(t, who)
	}
	t.version++
	return all
}

func (s *Sessions) fileDrafts(ctx context.Context, r id.Room, all []overdue) {
	for _, d := range all {
		err := func() error {
			buf, err := s.Arena.Get(ctx, vault.Large)
			if err != nil {
				return err
			}
			defer buf.Put()
			form, err := d.key.Open(buf.B[:0], d.form)
			if err != nil {
				return err
			}
			return s.Filer.FileDraft(ctx, d.who, r, form)
		}()
		if err != nil && !fault.Is(err, fault.Invalid) { // a draft with nothing in it is not worth a note
			s.Log.Error("file a draft as it stands", "room", r, "error", err)
		}
	}
}

// countUnread works out whether somebody has not read everything. The place is locked.
func (s *Sessions) countUnread(p *place, t *talk) {
	snap, err := s.Rooms.Look(context.Background(), p.room)
	if err != nil {
		return
	}
	was := t.unread
	t.unread = false
	for _, who := range snap.Joined() {
		last := t.lastPos
		if who == t.lastBy {
			last = t.otherPos
		}
		if last > p.read[who].Pos && last > t.startPos && snap.Sees(who, last) {
			t.unread = true
			break
		}
	}
	if was && !t.unread {
		t.caughtUp = s.Now()
	}
}

// Left is told that somebody left a room.
func (s *Sessions) Left(ctx context.Context, r id.Room, who id.Person) {
	p := s.place(r)
	p.mu.Lock()
	delete(p.read, who)
	delete(p.typing, who)
	if t := p.talk; t != nil && !t.closing {
		s.stopWriting(t, who)
		t.version++
	}
	p.mu.Unlock()
	s.settle(ctx, p)
}
