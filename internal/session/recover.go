package session

import (
	"context"
	"time"

	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/verify"
)

// Recover is called once at the start, before anybody may talk. A session that was open when the last run stopped is lost:
// its content was in memory only. It gets a certificate that says so, and the loss is an incident. A disposal that was decided
// and not completed is completed: what the decision promised has come true with the end of the process.
func (s *Sessions) Recover(ctx context.Context) (lost int, err error) {
	if err := s.Finish(ctx); err != nil {
		return 0, err
	}
	var open []Record
	err = s.View(ctx, func(tx Tx) (err error) {
		open, err = tx.SessionsIn(ctx, StateOpen)
		return err
	})
	if err != nil || len(open) == 0 {
		return 0, err
	}
	found := s.Policy().Round(s.Now()).UnixMilli()
	for i, rec := range open {
		err := s.conclude(ctx, rec, StateLost, func(tx Tx, rec *Record) (err error) {
			if i == 0 {
				_, err := ledger.Append(ctx, tx, verify.Entry{Kind: verify.KindIncident, Time: found, Incident: &verify.Incident{
					What: "The service stopped unexpectedly. Sessions that were open are lost; each has a certificate that says so."}})
				if err != nil {
					return err
				}
			}
			rec.Reason = "lost"
			rec.Completion, err = ledger.Append(ctx, tx, verify.Entry{Kind: verify.KindLost, Time: found, Lost: &verify.Lost{
				Session: string(rec.ID), Start: s.Policy().Round(rec.Started).UnixMilli(), Policy: rec.Policy, Found: found}})
			return err
		})
		if err != nil {
			return i, err
		}
	}
	return len(open), nil
}

// Finish completes disposals that were decided and whose completion could not be written.
func (s *Sessions) Finish(ctx context.Context) error {
	var decided []Record
	err := s.View(ctx, func(tx Tx) (err error) {
		decided, err = tx.SessionsIn(ctx, StateDecided)
		return err
	})
	if err != nil {
		return err
	}
	for _, rec := range decided {
		p := s.place(rec.Room)
		p.mu.Lock()
		underway := p.talk != nil && p.talk.id == rec.ID // its content may not be destroyed yet
		p.mu.Unlock()
		if underway {
			continue
		}
		if err := s.complete(ctx, rec); err != nil {
			return err
		}
		s.ring(ctx, rec.Room)
	}
	return nil
}

// Close ends all sessions before the server stops: it asks what belongs on the record, waits for answers until the context
// ends or everybody has answered, files what is marked and certifies the rest. It returns how many sessions could not
// be ended; they will be found lost at the next start.
func (s *Sessions) Close(ctx context.Context) (left int) {
	for _, p := range s.all() {
		p.mu.Lock()
		if t := p.talk; t != nil && !t.closing && t.endAsked.IsZero() {
			t.endAsked, t.askedPaused = s.Now(), t.paused
		}
		open := p.talk != nil
		p.mu.Unlock()
		if open {
			s.Say(ctx, p.room, "The service is about to stop, and this session ends with it. Mark what belongs on the record now, or answer \"!nothing\".")
			s.settle(ctx, p)
		}
	}
	for s.open() > 0 {
		again := time.NewTimer(100 * time.Millisecond)
		select {
		case <-again.C:
			s.Tick(ctx)
			continue
		case <-ctx.Done():
			again.Stop()
		}
		break
	}
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	ctx = context.WithoutCancel(ctx)
	for range 3 { // drafts are filed first, then sessions end; what fails for a moment is tried again
		for _, p := range s.all() {
			p.mu.Lock()
			var ending chan struct{}
			if t := p.talk; t != nil {
				t.retry = time.Time{}
				if t.closing { // by the clock's own goroutine, at this moment
					ending = t.over
				}
			}
			p.mu.Unlock()
			if ending != nil {
				<-ending
			}
			s.settle(ctx, p)
		}
	}
	if err := s.Finish(ctx); err != nil {
		s.Log.Error("complete a disposal; it is completed at the next start", "error", err)
	}
	return s.open()
}

// open counts the sessions that are not over.
func (s *Sessions) open() (n int) {
	for _, p := range s.all() {
		p.mu.Lock()
		if p.talk != nil {
			n++
		}
		p.mu.Unlock()
	}
	return n
}

// Broken reports since when sessions that are over cannot be ended; zero if all is well.
func (s *Sessions) Broken() (since time.Time) {
	for _, p := range s.all() {
		p.mu.Lock()
		if t := p.talk; t != nil && !t.broken.IsZero() && (since.IsZero() || t.broken.Before(since)) {
			since = t.broken
		}
		p.mu.Unlock()
	}
	return since
}
