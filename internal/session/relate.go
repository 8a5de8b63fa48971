package session

import (
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
)

// relate resolves what the event refers to, and refuses what the record forbids.
func (s *Sessions) relate(t *talk, who id.Person, snap *room.Snapshot, e *Event, d draft) error {
	seen := func(raw []byte) id.Event { // event IDs can be guessed, so what somebody may not see is not there for them
		if m := t.byID[t.find(raw)]; m != nil && snap.Sees(who, m.Pos) {
			return m.ID
		}
		return ""
	}
	switch {
	case d.edits != nil:
		m, err := t.message(seen(d.edits))
		if err != nil {
			return err
		}
		if err := s.mayChange(t, who, m); err != nil {
			return err
		}
		if m.Type != e.Type {
			return fault.New(fault.Invalid, "A new wording must be of the same type as the message")
		}
		if d.bare {
			return fault.New(fault.Invalid, "A new wording must have words: m.new_content with a body").WithCode("M_BAD_JSON")
		}
		e.Edits = m.ID
	case d.reactsTo != nil:
		m, err := t.message(seen(d.reactsTo))
		if err != nil {
			return err
		}
		e.ReactsTo, e.Mark = m.ID, d.mark
		if d.mark && m.Bare {
			return fault.New(fault.Invalid, "This has no words, so it cannot be quoted in a note. Mark the message that says what it is about")
		}
		if d.mark {
			if err := t.mayMark(who, m); err != nil {
				return err
			}
		}
	}
	e.ReplyTo, e.Thread, e.Mentions = seen(d.replyTo), seen(d.thread), d.mentions
	return nil
}

// What may be marked and not filed yet: as much as one note can hold, for it may have to file itself.
const (
	maxMarked      = 900
	maxMarkedBytes = 2 << 20
)

// mayMark refuses a second mark by the same person, and more marks than a note can hold.
func (t *talk) mayMark(who id.Person, m *Event) error {
	for _, old := range t.marked(m.ID) {
		if old.Sender == who {
			return fault.New(fault.Invalid, "You have marked this message already").WithCode("M_DUPLICATE_ANNOTATION")
		}
	}
	number, size := 1, t.wording(m).Len()
	for _, other := range t.unfiled() {
		if other != m {
			number, size = number+1, size+t.wording(other).Len()
		}
	}
	if number > maxMarked || size > maxMarkedBytes {
		return fault.New(fault.Denied, "So much is marked for the record that one note cannot hold more. File a note of it, then mark the rest")
	}
	return nil
}

// find returns the ID of an event of the session without making a string of what somebody sent.
func (t *talk) find(raw []byte) id.Event {
	if e := t.byID[id.Event(raw)]; raw != nil && e != nil {
		return e.ID
	}
	return ""
}

// mayChange says whether somebody may edit or withdraw a message of their own.
func (s *Sessions) mayChange(t *talk, who id.Person, m *Event) error {
	switch {
	case m.Sender != who:
		return fault.New(fault.Denied, "You can change your own messages only")
	case len(t.marked(m.ID)) > 0:
		return fault.New(fault.Denied, "This message is marked for the record, so it cannot be edited. Send a correction instead")
	case s.Now().Sub(m.At) > t.policy.EditWindow():
		return fault.New(fault.Denied, "Messages can be edited or withdrawn for %d minutes. Send a correction instead", t.policy.EditMinutes)
	}
	return nil
}
