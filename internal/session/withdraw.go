package session

import (
	"context"
	"hash/maphash"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/vault"
)

// RedactionType is the type of the event that withdraws another.
const RedactionType = "m.room.redaction"

// Redact withdraws a message, takes back a reaction, or takes off a mark (Matrix specification, "Redactions"). A mark binds:
// only who made it can take it off, and a marked message cannot be withdrawn. m.Content is the redaction's content.
func (s *Sessions) Redact(ctx context.Context, who id.Person, r id.Room, target id.Event, m Message) (*Event, error) {
	snap, err := s.Rooms.For(ctx, who, r)
	if err != nil {
		return nil, err
	}
	if len(m.Content) > MaxContent || len(m.Txn) > id.MaxLen {
		return nil, fault.New(fault.TooLarge, "The reason is too long")
	}
	if _, err := content.ScanEvent(m.Content); err != nil {
		return nil, badContent(err)
	}
	buf, err := s.buffer(ctx, len(m.Content))
	if err != nil {
		return nil, err
	}
	defer buf.Put()
	p, t, err := s.lockOpen(ctx, r)
	if err != nil {
		return nil, err
	}
	if t == nil {
		p.mu.Unlock()
		return nil, gone()
	}
	e, err := func() (*Event, error) {
		defer p.mu.Unlock()
		if e := t.txns[txn{m.Device, who, m.Txn}]; m.Txn != "" && e != nil {
			return e, nil
		}
		old := t.byID[target]
		if old == nil || !snap.Sees(who, old.Pos) {
			return nil, gone()
		}
		if err := s.mayWithdraw(t, who, old, snap.MayRedact(who)); err != nil {
			return nil, err
		}
		e := &Event{Type: RedactionType, Sender: who, Txn: m.Txn, Device: m.Device, Redacts: old.ID}
		if err := s.add(ctx, p, t, e, m.Content, buf); err != nil {
			return nil, err
		}
		t.part(who).took = true
		old.withdrawn.Store(&e.ID)
		old.sealed.Store(nil)
		for _, edit := range t.edits[old.ID] { // the words must not stay in an earlier wording
			edit.withdrawn.Store(&e.ID)
			edit.sealed.Store(nil)
		}
		return e, nil
	}()
	if err != nil {
		return nil, err
	}
	s.ring(ctx, r)
	return e, nil
}

func (s *Sessions) mayWithdraw(t *talk, who id.Person, old *Event, moderator bool) error {
	switch {
	case old.Withdrawn() != "":
		return nil
	case old.Redacts != "":
		return fault.New(fault.Denied, "A withdrawal cannot be taken back")
	case old.Mark && old.Sender != who:
		return fault.New(fault.Denied, "Only the person who marked a message can take the mark off")
	case old.ReactsTo != "":
		if old.Sender != who && !moderator {
			return fault.New(fault.Denied, "You can take back your own reactions only")
		}
		return nil
	case len(t.marked(old.ID)) > 0:
		return fault.New(fault.Denied, "This message is marked for the record, so it cannot be withdrawn")
	case old.Edits != "":
		if m := t.byID[old.Edits]; m != nil {
			return s.mayWithdraw(t, who, m, moderator)
		}
	case moderator && old.Sender != who:
		return nil
	}
	return s.mayChange(t, who, old)
}

// Mark marks a message for the record, as a reaction with a pin from any client does.
func (s *Sessions) Mark(ctx context.Context, who id.Person, r id.Room, message id.Event, dev id.Device) error {
	buf, err := s.Arena.Get(ctx, vault.Small)
	if err != nil {
		return err
	}
	defer buf.Put()
	raw, err := s.reaction(r, message, buf, []byte(Pin))
	if err != nil {
		return err
	}
	_, err = s.Send(ctx, who, r, Message{Type: "m.reaction", Content: raw, Device: dev})
	if e := fault.Code(err); e == "M_DUPLICATE_ANNOTATION" {
		return nil
	}
	return err
}

// React adds a reaction, or takes it back if the person has reacted so already. key is UTF-8 text in locked memory.
func (s *Sessions) React(ctx context.Context, who id.Person, r id.Room, message id.Event, key []byte, dev id.Device) error {
	buf, err := s.Arena.Get(ctx, vault.Small)
	if err != nil {
		return err
	}
	defer buf.Put()
	if len(key) == 0 || len(key) > 64 {
		return fault.New(fault.Invalid, "Choose a reaction")
	}
	raw, err := s.reaction(r, message, buf, key)
	if err != nil {
		return err
	}
	var like uint64
	vault.Scrub(func() { like = maphash.Bytes(s.likeSeed(), key) })
	old, err := s.ownReaction(ctx, who, r, message, like)
	if err != nil {
		return err
	}
	if old != "" {
		_, err = s.Redact(ctx, who, r, old, Message{Content: []byte("{}"), Device: dev})
	} else {
		_, err = s.Send(ctx, who, r, Message{Type: "m.reaction", Content: raw, Device: dev})
	}
	return err
}

// reaction builds a reaction's content. The message must be one of the open session, so that its ID is safe to write.
func (s *Sessions) reaction(r id.Room, message id.Event, buf *vault.Buf, key []byte) ([]byte, error) {
	p := s.place(r)
	p.mu.Lock()
	known := p.talk != nil && p.talk.byID[message] != nil
	p.mu.Unlock()
	if !known {
		return nil, gone()
	}
	raw := append(buf.B[:0], `{"m.relates_to":{"rel_type":"m.annotation","event_id":"`...)
	raw = append(raw, message...)
	raw = append(raw, `","key":`...)
	raw, ok := content.AppendQuoted(raw, key)
	if !ok {
		return nil, fault.New(fault.Invalid, "Choose a reaction")
	}
	return append(raw, `}}`...), nil
}

// ownReaction finds a person's reaction with the same key.
func (s *Sessions) ownReaction(ctx context.Context, who id.Person, r id.Room, message id.Event, like uint64) (id.Event, error) {
	p, t, err := s.lockTalk(ctx, r)
	if err != nil {
		return "", err
	}
	defer p.mu.Unlock()
	for _, e := range t.reactions[message] {
		if e.Sender == who && e.Like == like && e.Withdrawn() == "" {
			return e.ID, nil
		}
	}
	return "", nil
}

// Unmark takes off the mark that this person put on a message.
func (s *Sessions) Unmark(ctx context.Context, who id.Person, r id.Room, message id.Event, dev id.Device) error {
	snap, err := s.Rooms.For(ctx, who, r)
	if err != nil {
		return err
	}
	p, t, err := s.lockTalk(ctx, r)
	if err != nil {
		return err
	}
	if e := t.byID[message]; e == nil || !snap.Sees(who, e.Pos) { // event IDs can be guessed
		p.mu.Unlock()
		return gone()
	}
	var mine id.Event
	others := 0
	for _, m := range t.marked(message) {
		if m.Sender == who {
			mine = m.ID
		} else {
			others++
		}
	}
	p.mu.Unlock()
	switch {
	case mine == "" && others > 0:
		return fault.New(fault.Denied, "Only the person who marked a message can take the mark off")
	case mine == "":
		return nil
	}
	_, err = s.Redact(ctx, who, r, mine, Message{Content: []byte("{}"), Device: dev})
	return err
}
