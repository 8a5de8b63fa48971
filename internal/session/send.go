package session

import (
	"bytes"
	"context"
	"hash/maphash"
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

// draft is what a scan of the content found, with names that are safe to keep.
type draft struct {
	edits, reactsTo, replyTo, thread []byte // in the caller's memory
	mark                             bool
	like                             uint64
	bare                             bool // without words, so that it cannot be quoted
	mentions                         []id.Person
	command                          content.Command
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

// scan finds in the content what the server must know of it. The words are opened for a moment to look for a marking
// that may not be here, and for a command.
func (s *Sessions) scan(m Message, snap *room.Snapshot, words *vault.Buf) (d draft, err error) {
	found, err := content.ScanEvent(m.Content)
	if err != nil {
		return d, badContent(err)
	}
	switch {
	case content.Equal(found.RelType, "m.replace"):
		d.edits = found.RelEvent
	case content.Equal(found.RelType, "m.annotation"):
		d.reactsTo = found.RelEvent
		key, _ := content.Unquote(words.B[:0], found.RelKey)
		d.like = maphash.Bytes(s.likeSeed(), key)
		d.mark = content.Equal(found.RelKey, Pin) || content.Equal(found.RelKey, Pin+"\ufe0f")
	case content.Equal(found.RelType, "m.thread"):
		d.thread = found.RelEvent
	}
	d.replyTo = found.ReplyTo
	d.bare = found.Body == nil || d.edits != nil && found.NewBody == nil
	for who, member := range snap.Members {
		for _, name := range found.Mentions {
			if member.State == room.Joined && content.Equal(name, string(who)) {
				d.mentions = append(d.mentions, who)
				break
			}
		}
	}
	for _, interior := range [][]byte{found.Body, found.NewBody} {
		if interior == nil {
			continue
		}
		text, ok := content.Unquote(words.B[:0], interior)
		if !ok {
			return d, fault.New(fault.Invalid, "The message has characters that are not valid").WithCode("M_BAD_JSON")
		}
		if secret(text) {
			return d, fault.New(fault.Denied, "Winnow is for OFFICIAL only. This message says SECRET, so it was not sent and nothing of it is kept. Use a system for that marking")
		}
		if m.Type == "m.room.message" && d.edits == nil && content.Equal(found.MsgType, "m.text") {
			d.command, _ = content.CutCommand(text)
		}
	}
	return d, nil
}

// Like is what the event of a reaction with this key has as Like: a keyed hash that tells nothing without this process.
func (s *Sessions) Like(key string) uint64 { return maphash.String(s.likeSeed(), key) }

func (s *Sessions) likeSeed() maphash.Seed {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	return s.seed
}

func badContent(err error) error {
	return fault.New(fault.Invalid, "The content is not a JSON object that Matrix allows").WithCode("M_BAD_JSON").Because(err)
}

// secret reports whether a message carries a marking above OFFICIAL: a line that begins with one, as a document does.
// (Government Security Classifications Policy, August 2024: the marking stands at the top, in capitals.)
func secret(text []byte) bool {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		line = bytes.TrimLeft(line, " \t[(*#>-")
		for _, marking := range [][]byte{[]byte("TOP SECRET"), []byte("SECRET")} {
			if after, ok := bytes.CutPrefix(line, marking); ok && (len(after) == 0 || bytes.IndexByte([]byte(" \t\r])*:-,./"), after[0]) >= 0) {
				return true
			}
		}
		text = rest
	}
	return false
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

// obey carries out a command. What goes wrong is said in the room: the message itself was sent.
func (s *Sessions) obey(ctx context.Context, who id.Person, r id.Room, raw []byte, buf *vault.Buf, c content.Command) {
	var err error
	switch c {
	case content.NothingCmd:
		err = s.Nothing(ctx, who, r)
	case content.EndCmd:
		err = s.End(ctx, who, r)
	case content.NoteCmd:
		err = s.commandNote(ctx, who, r, raw, buf)
	}
	if err != nil {
		s.Say(ctx, r, fault.Say(err))
	}
}

func (s *Sessions) commandNote(ctx context.Context, who id.Person, r id.Room, raw []byte, buf *vault.Buf) error {
	found, err := content.ScanEvent(raw)
	if err != nil {
		return err
	}
	text, _ := content.Unquote(buf.B[:0], found.Body)
	_, title := content.CutCommand(text)
	return s.Filer.Command(ctx, who, r, title)
}

// Say tells the room something in the service user's words.
func (s *Sessions) Say(ctx context.Context, r id.Room, words string) {
	err := func() error {
		c, err := s.Rooms.Begin(ctx, r, 1)
		if err != nil {
			return err
		}
		defer c.End(ctx)
		return s.Update(ctx, func(tx Tx) error {
			c.Again()
			_, err := c.Words(ctx, tx, room.Notice(words))
			return err
		})
	}()
	if err != nil {
		s.Log.Error("tell a room something", "room", r, "error", err)
	}
}
