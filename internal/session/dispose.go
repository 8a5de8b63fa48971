package session

import (
	"context"
	"fmt"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/verify"
)

// Closing is a session that is about to be disposed of.
type Closing struct {
	Unfiled []id.Event // marked messages that no note has, in order

	s   *Sessions
	p   *place
	t   *talk
	buf *vault.Buf // to open them in; nil if there are none
}

// dispose ends a session. The order is the promise: what is marked is filed; the decision is in the ledger; then content is
// destroyed; then the completion is in the ledger; only then does anything say "deleted". If a step before the destruction
// fails nothing is destroyed, and it is tried again.
func (s *Sessions) dispose(ctx context.Context, p *place, t *talk, why policy.Reason, buf *vault.Buf) {
	ctx = context.WithoutCancel(ctx)
	defer s.ring(ctx, p.room)
	defer close(t.over)
	rec, err := s.decide(ctx, p, t, why, buf)
	if err != nil {
		s.Log.Error("end a session", "session", t.id, "error", err)
		p.mu.Lock()
		t.fail(s.Now())
		t.closing = false
		p.mu.Unlock()
		return
	}
	p.mu.Lock()
	t.key.End()
	t.log, t.byID, t.txns, t.people, t.marks, t.reactions, t.edits = nil, nil, nil, nil, nil, nil, nil
	p.read, p.typing = map[id.Person]Receipt{}, map[id.Person]time.Time{}
	p.mu.Unlock()
	if err := s.complete(ctx, rec); err != nil {
		s.Log.Error("complete a disposal", "session", t.id, "error", err)
		s.owe() // Finish does it later
	}
	p.mu.Lock()
	p.talk = nil
	p.mu.Unlock()
}

// decide files what is marked and puts the decision into the ledger.
func (s *Sessions) decide(ctx context.Context, p *place, t *talk, why policy.Reason, buf *vault.Buf) (Record, error) {
	c := &Closing{s: s, p: p, t: t, buf: buf}
	if err := s.readFiled(ctx, p, t); err != nil {
		return Record{}, err
	}
	p.mu.Lock()
	for _, e := range t.unfiled() {
		c.Unfiled = append(c.Unfiled, e.ID)
	}
	p.mu.Unlock()
	if len(c.Unfiled) > 0 {
		if err := s.Filer.FileMarked(ctx, c); err != nil {
			return Record{}, fmt.Errorf("file marked messages: %w", err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := s.Now()
	rec := t.count(now)
	rec.State, rec.Reason = StateDecided, string(why)
	err := s.Update(ctx, func(tx Tx) error {
		before, err := tx.Session(ctx, t.id)
		if err != nil {
			return err
		}
		if before.State != StateOpen { // an earlier try was committed although it seemed to fail
			rec = before
			return nil
		}
		entry, err := t.decision(ctx, tx, &rec)
		if err != nil {
			return err
		}
		if rec.Decision, err = ledger.Append(ctx, tx, entry); err != nil {
			return err
		}
		return tx.UpdateSession(ctx, rec)
	})
	return rec, err
}

// readFiled learns from the store which words notes have: filing one may have been committed although it seemed to fail.
func (s *Sessions) readFiled(ctx context.Context, p *place, t *talk) error {
	var filed []id.Event
	err := s.View(ctx, func(tx Tx) (err error) {
		filed, err = tx.QuotedIn(ctx, t.id)
		return err
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range filed {
		t.filed[e] = true
	}
	return err
}

// count makes the record of a session that ends now.
func (t *talk) count(now time.Time) Record {
	rec := t.record
	rec.Ended, rec.Events, rec.Extensions = now, len(t.log), t.extensions
	for _, e := range t.log {
		switch {
		case e.Edits != "":
			rec.Edits++
		case e.Leaf > 0:
			rec.Messages++
			if e.Withdrawn() != "" {
				rec.Withdrawn++
			}
		case e.ReactsTo != "":
			rec.Reactions++
		}
	}
	for _, part := range t.people {
		if !part.took {
			continue
		}
		rec.People++
		if part.answered.IsZero() {
			rec.Unanswered++
		} else {
			rec.Answered++
		}
	}
	return rec
}

// decision is the ledger entry: counts and rounded times, never content and never a name. The session's notes come from the
// store, so that one whose filing was committed although it seemed to fail is named too.
func (t *talk) decision(ctx context.Context, tx Tx, rec *Record) (verify.Entry, error) {
	notes, err := tx.NoteEntries(ctx, t.id)
	if err != nil {
		return verify.Entry{}, err
	}
	quoted, err := tx.QuotedIn(ctx, t.id)
	if err != nil {
		return verify.Entry{}, err
	}
	rec.Quoted = t.messagesAmong(quoted)
	o := policy.Outcome{Answered: rec.Answered}
	trees := []verify.NotedTree{}
	for _, n := range notes {
		if n.Automatic {
			o.Automatic++
		} else {
			o.Notes++
		}
		tree, err := t.noted(ctx, tx, n.Entry)
		if err != nil {
			return verify.Entry{}, err
		}
		trees = append(trees, tree)
	}
	rec.Disposition = policy.Dispose(o)
	round := func(at time.Time) int64 { return t.policy.Round(at).UnixMilli() }
	return verify.Entry{Kind: verify.KindDecided, Time: round(rec.Ended), Decided: &verify.Decided{
		Session: string(t.id), Start: round(rec.Started), End: round(rec.Ended), Rounding: int64(t.policy.RoundMinutes) * time.Minute.Milliseconds(),
		Reason: verify.Reason(rec.Reason), Policy: rec.Policy, Disposition: verify.Disposition(rec.Disposition),
		Counts: verify.Counts{Messages: rec.Messages, Edits: rec.Edits, Reactions: rec.Reactions, Withdrawn: rec.Withdrawn, Quoted: rec.Quoted,
			People: rec.People, Answered: rec.Answered, Unanswered: rec.Unanswered, Extensions: rec.Extensions},
		Notes: trees, Size: t.tree.Size(), Root: t.tree.Root(),
	}}, nil
}

// messagesAmong counts the messages that events are, or are new wordings of.
func (t *talk) messagesAmong(events []id.Event) int {
	messages := map[id.Event]bool{}
	for _, e := range events {
		if w := t.byID[e]; w != nil && w.Edits != "" {
			e = w.Edits
		}
		messages[e] = true
	}
	return len(messages)
}

// noted proves that the tree which a note was filed with is the start of the session's final one.
func (t *talk) noted(ctx context.Context, tx Tx, entry int64) (verify.NotedTree, error) {
	e, err := ledger.Entry(ctx, tx, entry)
	if err != nil || e.Note == nil {
		return verify.NotedTree{}, fmt.Errorf("read the ledger entry %d of a note: %w", entry, err)
	}
	proof, err := t.tree.Consistency(e.Note.Size)
	if proof == nil {
		proof = []verifyHash{}
	}
	return verify.NotedTree{Entry: entry, Size: e.Note.Size, Root: e.Note.Root, Proof: proof}, err
}

// complete says in the ledger that the disposal is done, and tells the room. Doing it twice changes nothing.
func (s *Sessions) complete(ctx context.Context, rec Record) error {
	return s.conclude(ctx, rec, StateCompleted, func(tx Tx, rec *Record) (err error) {
		rec.Completion, err = ledger.Append(ctx, tx, verify.Entry{Kind: verify.KindCompleted, Time: s.Policy().Round(s.Now()).UnixMilli(),
			Completed: &verify.Completed{Decision: rec.Decision, Session: string(rec.ID), Method: verify.KeyWiped}})
		return err
	})
}

// conclude writes a session's last entry, its record, the redactions' positions, the state event and the words, at once.
func (s *Sessions) conclude(ctx context.Context, rec Record, to string, entry func(tx Tx, rec *Record) error) error {
	c, err := s.Rooms.Begin(ctx, rec.Room, rec.Events+2)
	if err != nil {
		return err
	}
	defer c.End(ctx)
	return s.Update(ctx, func(tx Tx) error {
		c.Again()
		now, err := tx.Session(ctx, rec.ID)
		if err != nil || now.State == to {
			return err
		}
		now.State, now.RedactPos = to, c.At(2)
		if err := entry(tx, &now); err != nil {
			return err
		}
		if err := tx.UpdateSession(ctx, now); err != nil {
			return err
		}
		if newer, err := tx.Sessions(ctx, rec.Room, 1); err != nil || len(newer) == 0 || newer[0].ID == rec.ID {
			if err != nil {
				return err
			}
			if _, err := c.State(ctx, tx, s.Rooms.Service(), room.SessionType, "", s.endedState(now)); err != nil {
				return err
			}
		}
		_, err = c.Words(ctx, tx, room.Notice(s.endedWords(now)))
		return err
	})
}

// Certificate is the public address of a session's certificate.
func (s *Sessions) Certificate(sid id.Session) string { return s.URL + "/certificates/" + string(sid) }

func (s *Sessions) endedState(rec Record) map[string]any {
	state := map[string]any{"state": "ended", "session": rec.ID, "started": rec.Started.UnixMilli(), "policy_version": rec.Policy, "held": false,
		"certificate": s.Certificate(rec.ID), "entry": rec.Completion, "outcome": rec.Disposition}
	if rec.State == StateLost {
		state["lost"], state["outcome"] = true, "lost"
		return state
	}
	state["ended"], state["messages"], state["kept"] = rec.Ended.UnixMilli(), rec.Messages, rec.Quoted
	return state
}

func (s *Sessions) endedWords(rec Record) string {
	if rec.State == StateLost {
		return fmt.Sprintf("The session that started %s was lost when the service stopped unexpectedly. Its messages cannot be brought back. Certificate: %s",
			s.clock(rec.Started), s.Certificate(rec.ID))
	}
	return fmt.Sprintf("Session ended %s. %s: %d kept in a note, %d deleted. Certificate: %s", s.clock(rec.Ended), count(rec.Messages, "message"),
		rec.Quoted, rec.Messages-rec.Quoted, s.Certificate(rec.ID))
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func stoppingNow() error {
	e := fault.New(fault.Unavailable, "The service is about to stop, so no new session can start. Try again in a few minutes")
	e.Retry = time.Minute
	return e
}
