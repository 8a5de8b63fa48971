package session

import (
	"context"
	"slices"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
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
	next = s.settleOwed(ctx)
	for _, p := range s.all() {
		if at := s.settle(ctx, p); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// settleOwed completes disposals whose completion could not be written, and returns when to try again.
func (s *Sessions) settleOwed(ctx context.Context) (next time.Time) {
	s.mu.Lock()
	owed := s.owed
	s.mu.Unlock()
	if owed.IsZero() {
		return time.Time{}
	}
	if s.Now().Before(owed) {
		return owed
	}
	if err := s.Finish(ctx); err != nil {
		s.Log.Error("complete a disposal", "error", err)
		s.owe()
		return s.Now().Add(retryAfter)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owed.Equal(owed) {
		s.owed = time.Time{}
	}
	return s.owed
}

// owe says that a completion is missing.
func (s *Sessions) owe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owed = s.Now().Add(retryAfter)
}

// settle brings a place up to the moment: typing that has run out, drafts whose time is over, a new phase, the end.
func (s *Sessions) settle(ctx context.Context, p *place) (next time.Time) {
	typing := s.settleTyping(ctx, p)
	snap := s.look(ctx, p.room)
	p.mu.Lock()
	t := p.talk
	if t == nil || t.closing {
		p.mu.Unlock()
		return typing
	}
	s.countUnread(t, p, snap)
	now := s.Now()
	v := policy.Life(t.policy, s.facts(t, snap), now)
	if !t.writing.IsZero() && !v.Paused {
		s.stopAllWriting(t)
	}
	late := t.overdue()
	if v.Phase == policy.Over || len(late) > 0 {
		if now.Before(t.retry) || t.filing {
			p.mu.Unlock()
			return later(t.retry, now.Add(time.Second))
		}
		if len(late) > 0 {
			t.filing = true
			p.mu.Unlock()
			s.fileDrafts(ctx, p, t, late)
			return s.Now()
		}
		return s.shut(ctx, p, t, v.Reason)
	}
	t.broken = time.Time{} // it goes on, so nothing is owed
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

// shut closes the session's door and disposes of it. The place is locked, and is not any more when it returns. Those who wait at
// the door hold buffers, so the one for what is still to be filed is taken before.
func (s *Sessions) shut(ctx context.Context, p *place, t *talk, why policy.Reason) (next time.Time) {
	var buf *vault.Buf
	if unfiled := t.unfiled(); len(unfiled) > 0 {
		longest := 0
		for _, e := range unfiled {
			longest = max(longest, t.wording(e).Len())
		}
		version := t.version
		p.mu.Unlock()
		var err error
		buf, err = s.buffer(ctx, longest)
		defer buf.Put()
		p.mu.Lock()
		if err != nil || p.talk != t || t.closing || t.version != version {
			defer p.mu.Unlock()
			if err != nil && p.talk == t && !t.closing {
				t.fail(s.Now())
				return t.retry
			}
			return s.Now() // something happened meanwhile: look again
		}
	}
	t.closing, t.over = true, make(chan struct{})
	t.version++
	p.mu.Unlock()
	s.ring(ctx, p.room)
	s.dispose(ctx, p, t, why, buf)
	return s.Now()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stopAllWriting starts the clock again when people have written for as long as anybody may. What they have written so far is
// to be filed as it stands.
func (s *Sessions) stopAllWriting(t *talk) {
	for who, part := range t.people {
		if !part.writing.IsZero() {
			part.overdue = !part.draft.IsZero()
			s.stopWriting(t, who)
		}
	}
	t.version++
}

// overdue returns whose drafts are to be filed as they stand.
func (t *talk) overdue() (all []id.Person) {
	for who, part := range t.people {
		if part.overdue {
			all = append(all, who)
		}
	}
	slices.Sort(all)
	return all
}

// fileDrafts files drafts as they stand. What cannot be filed for a reason that may pass is tried again later, and the session
// does not end before.
func (s *Sessions) fileDrafts(ctx context.Context, p *place, t *talk, all []id.Person) {
	defer func() {
		p.mu.Lock()
		t.filing = false
		p.mu.Unlock()
	}()
	for _, who := range all {
		err := s.fileDraft(ctx, p, t, who)
		p.mu.Lock()
		if err != nil && (fault.Is(err, fault.Unavailable) || fault.Of(err) == fault.Internal) {
			t.fail(s.Now())
		} else { // filed, or it has nothing that a note could hold: it stays a draft until the session ends
			t.part(who).overdue = false
		}
		p.mu.Unlock()
		if err != nil && !fault.Is(err, fault.Invalid) {
			s.Log.Error("file a draft as it stands", "room", p.room, "error", err)
		}
	}
}

func (s *Sessions) fileDraft(ctx context.Context, p *place, t *talk, who id.Person) error {
	buf, err := s.Arena.Get(ctx, vault.Large)
	if err != nil {
		return err
	}
	defer buf.Put()
	p.mu.Lock()
	sealed := t.part(who).draft
	p.mu.Unlock()
	form, err := t.key.Open(buf.B[:0], sealed)
	if err != nil {
		return err
	}
	return s.Filer.FileDraft(ctx, who, p.room, form)
}

// fail notes that a session that should have ended could not.
func (t *talk) fail(now time.Time) {
	if t.broken.IsZero() {
		t.broken = now
	}
	t.retry = now.Add(retryAfter)
	t.version++
}

// countUnread works out whether somebody has not read everything. The place is locked.
func (s *Sessions) countUnread(t *talk, p *place, snap *room.Snapshot) {
	if snap == nil {
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
