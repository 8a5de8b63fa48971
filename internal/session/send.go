package session

import (
	"context"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/verify"
)

type verifyHash = tlog.Hash

// Pin is the reaction that marks a message for the record, from any client.
const Pin = "📌"

// MaxContent is how large an event's content may be, in bytes: 65,536 for the whole event, less what the server adds
// (Matrix specification, "Size limits").
const MaxContent = 64_000

// Message is an event as a face hands it in.
type Message struct {
	Type    string
	Content []byte // a JSON object in locked memory; Send does not keep it
	Txn     string
	Device  id.Device
}

// Send takes a message into the room's session and opens one if none is. It returns the event that stands for it: for a
// transaction ID that this device used before, the event of that time (Matrix specification, "Transaction identifiers").
func (s *Sessions) Send(ctx context.Context, who id.Person, r id.Room, m Message) (*Event, error) {
	snap, err := s.Rooms.For(ctx, who, r)
	if err != nil {
		return nil, err
	}
	if err := sendable(m); err != nil {
		return nil, err
	}
	if err := snap.MaySend(who, m.Type, false); err != nil {
		return nil, err
	}
	buf, err := s.buffer(ctx, len(m.Content))
	if err != nil {
		return nil, err
	}
	defer buf.Put()
	var d draft
	vault.Scrub(func() { d, err = s.scan(m, snap, buf) })
	if err != nil {
		return nil, err
	}
	e, again, err := s.take(ctx, who, snap, m, d, buf)
	if err != nil || again {
		return e, err
	}
	s.ring(ctx, r)
	if d.command != content.None {
		s.obey(ctx, who, r, m.Content, buf, d.command)
	}
	return e, nil
}

func sendable(m Message) error {
	switch {
	case m.Type == "m.room.encrypted" || m.Type == "m.room.encryption":
		return fault.New(fault.Denied, "Winnow does not offer encrypted rooms: the server must see what it delivers, so that it can make verified notes. Content is sealed in memory and destroyed when the session ends")
	case m.Type == "m.room.redaction":
		return fault.New(fault.Invalid, "To withdraw a message, use the redact call").WithCode("M_BAD_JSON")
	case m.Type == "" || !account.Plain(m.Type, id.MaxLen) || len(m.Type) > id.MaxLen || len(m.Txn) > id.MaxLen:
		return fault.New(fault.Invalid, "An event needs a type, and its type and transaction ID must be at most %d bytes", id.MaxLen)
	case len(m.Content) > MaxContent:
		return fault.New(fault.TooLarge, "This message is too long. Send it as a file or a note")
	}
	return nil
}

// buffer lends locked memory for a content of so many bytes with its salt. It is taken before any lock, since whoever waits for
// a lock holds one too; there are many small ones, and most messages are small.
func (s *Sessions) buffer(ctx context.Context, size int) (*vault.Buf, error) {
	if size+saltLen <= vault.Small.Size() {
		return s.Arena.Get(ctx, vault.Small)
	}
	return s.Arena.Get(ctx, vault.Large)
}

// take gives the event its place. again says that this device sent it before.
func (s *Sessions) take(ctx context.Context, who id.Person, snap *room.Snapshot, m Message, d draft, buf *vault.Buf) (e *Event, again bool, err error) {
	p, t, err := s.lockOpen(ctx, snap.ID)
	if err != nil {
		return nil, false, err
	}
	defer p.mu.Unlock()
	if t != nil && m.Txn != "" {
		if e := t.txns[txn{m.Device, who, m.Txn}]; e != nil {
			return e, true, nil
		}
	}
	if t == nil {
		if d.edits != nil || d.reactsTo != nil {
			return nil, false, gone()
		}
		if d.command != content.None { // it would start a session only to end it
			return nil, false, noSession()
		}
		if t, err = s.begin(ctx, p, who); err != nil {
			return nil, false, err
		}
	}
	e = &Event{Type: m.Type, Sender: who, Txn: m.Txn, Device: m.Device, Bare: d.bare, Like: d.like}
	if err := s.relate(t, who, snap, e, d); err != nil {
		return nil, false, err
	}
	if err := s.add(ctx, p, t, e, m.Content, buf); err != nil {
		return nil, false, err
	}
	delete(p.typing, who)
	t.part(who).took = true
	if e.Leaf == 0 || e.Edits != "" {
		return e, false, nil
	}
	p.read[who] = Receipt{Event: e.ID, Pos: e.Pos, At: e.At, Changed: e.Pos, Private: true}
	if d.command != content.None {
		return e, false, nil // "!nothing" is an answer, not something new to answer about
	}
	s.wrote(t, e)
	s.countUnread(t, p, snap)
	if t.announced != policy.Open {
		if err := s.announce(ctx, p, t, policy.Open); err != nil {
			s.Log.Error("tell a room that its session is open again", "room", p.room, "error", err)
		}
	}
	return e, false, nil
}

// add seals the content and appends the event. The place is locked.
func (s *Sessions) add(ctx context.Context, p *place, t *talk, e *Event, raw []byte, buf *vault.Buf) error {
	if err := s.reserve(ctx, t); err != nil {
		return err
	}
	pos, done, err := s.Rooms.Order.Take(ctx, 1)
	if err != nil {
		return err
	}
	defer done()
	e.N = len(t.log) + 1
	e.ID, e.Session, e.Room, e.Pos, e.key = id.InSession(t.id, e.N), t.id, p.room, pos, t.key
	e.At = s.Now().Truncate(time.Millisecond)
	if e.ReactsTo == "" && e.Redacts == "" {
		e.Leaf = t.tree.Size() + 1
	}
	if len(raw)+saltLen > cap(buf.B) {
		return fault.New(fault.TooLarge, "This message is too long. Send it as a file or a note")
	}
	plain := buf.B[:saltLen]
	if _, err := io.ReadFull(s.Rand, plain); err != nil {
		return err
	}
	plain = append(plain, raw...)
	var sealed vault.Sealed
	var leaf tlog.Hash
	vault.Scrub(func() {
		if e.Leaf > 0 {
			leaf = verify.Leaf(plain[:saltLen], string(t.id), e.Leaf, string(e.Sender), e.At.UnixMilli(), e.Type, plain[saltLen:])
		}
		sealed, err = t.key.Seal(plain)
	})
	if err != nil {
		return err
	}
	e.sealed.Store(&sealed)
	if e.Leaf > 0 {
		t.tree.Append(leaf)
	}
	t.log = append(t.log, e)
	t.byID[e.ID] = e
	if e.Txn != "" {
		t.txns[txn{e.Device, e.Sender, e.Txn}] = e
	}
	switch {
	case e.Edits != "":
		t.edits[e.Edits] = append(t.edits[e.Edits], e)
	case e.Mark:
		t.marks[e.ReactsTo] = append(t.marks[e.ReactsTo], e)
	case e.ReactsTo != "":
		t.reactions[e.ReactsTo] = append(t.reactions[e.ReactsTo], e)
	}
	t.version++
	return nil
}

// wrote moves the clocks for a new message: everybody's answer is open again, for there is something new to answer about.
func (s *Sessions) wrote(t *talk, e *Event) {
	if e.At.Before(s.latest(t)) { // after that nobody is waited for any longer because people go on talking
		if t.lastBy != e.Sender {
			t.otherPos = t.lastPos
		}
		t.lastPos, t.lastBy, t.caughtUp = e.Pos, e.Sender, time.Time{}
	}
	t.last, t.active = e.At, e.At
	t.endAsked, t.askedBy, t.paused = time.Time{}, "", 0
	for _, part := range t.people {
		part.answered = time.Time{}
	}
}

// eventsAtATime is how many events one durable write allows for.
const eventsAtATime = 200

// reserve sees to it that the session's record allows for one more event, so that after a crash every event that anybody
// was given can be named.
func (s *Sessions) reserve(ctx context.Context, t *talk) error {
	if len(t.log) < t.reserved {
		return nil
	}
	rec := t.record
	rec.Events = t.reserved + eventsAtATime
	if err := s.Update(ctx, func(tx Tx) error { return tx.UpdateSession(ctx, rec) }); err != nil {
		return err
	}
	t.record, t.reserved = rec, rec.Events
	return nil
}
