package session

import (
	"sync/atomic"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/verify"
)

// Event is a message event of an open session. All of it but the content is metadata that does not change; the content is
// sealed, and gone when the event is withdrawn or the session ends.
type Event struct {
	ID      id.Event
	Session id.Session
	Room    id.Room
	N       int   // its place among the session's events, from 1
	Leaf    int   // its position among the session's messages, from 1; 0 for reactions and redactions
	Pos     int64 // its place in the order of everything
	Type    string
	Sender  id.Person
	At      time.Time
	Txn     string // the transaction ID that its device gave it
	Device  id.Device

	Edits    id.Event // the message that this is a new wording of
	ReactsTo id.Event // the message that this reacts to
	Mark     bool     // the reaction that marks for the record
	ReplyTo  id.Event
	Thread   id.Event
	Redacts  id.Event
	Like     uint64 // of a reaction: the same for the same key, see Sessions.Like
	Bare     bool   // without words, so that it cannot be quoted
	Mentions []id.Person

	withdrawn atomic.Pointer[id.Event] // the redaction that withdrew it
	key       *vault.Key
	sealed    atomic.Pointer[vault.Sealed] // salt, then the content as sent
}

// saltLen is how many random bytes are sealed before the content.
const saltLen = 32

// Len is the length of the content in bytes.
func (e *Event) Len() int {
	if s := e.sealed.Load(); s != nil {
		return s.Len() - saltLen
	}
	return 0
}

// Withdrawn returns the redaction that took the content away; empty if none did.
func (e *Event) Withdrawn() id.Event {
	if r := e.withdrawn.Load(); r != nil {
		return *r
	}
	return ""
}

// Open puts the content, the JSON object as it was sent, into a buffer and returns it. The buffer must be empty and is
// the caller's to put back. The error is fault.Gone if the session has ended, fault.NotFound if the event was withdrawn.
func (e *Event) Open(buf *vault.Buf) ([]byte, error) {
	both, err := e.open(buf)
	if err != nil {
		return nil, err
	}
	return both[saltLen:], nil
}

func (e *Event) open(buf *vault.Buf) ([]byte, error) {
	s := e.sealed.Load()
	if s == nil {
		return nil, fault.New(fault.NotFound, "This message was withdrawn")
	}
	return e.key.Open(buf.B[:0], *s)
}

// talk is a session while it is open. The lock of its place guards it.
type talk struct {
	id        id.Session
	started   time.Time
	startedBy id.Person
	startPos  int64
	policy    policy.Policy
	key       *vault.Key
	record    Record
	reserved  int // how many events the record says there may be

	log    []*Event
	byID   map[id.Event]*Event
	txns   map[txn]*Event
	tree   verify.Tree
	people map[id.Person]*part

	marks     map[id.Event][]*Event // by message: the reactions that mark it
	reactions map[id.Event][]*Event // by message: the others
	edits     map[id.Event][]*Event // by message: new wordings, in order

	last        time.Time // of the last message
	active      time.Time // of the last message or "Keep open"
	endAsked    time.Time
	askedBy     id.Person
	askedPaused time.Duration // how long writing had stopped the clock by then
	caughtUp    time.Time
	unread      bool
	extensions  int
	writing     time.Time // since when somebody is
	paused      time.Duration
	announced   policy.Phase // the phase that people were told of

	notes    []Noted
	filed    map[id.Event]bool // events whose words a note has: messages and new wordings
	lastPos  int64             // of the last message
	lastBy   id.Person
	otherPos int64 // of the last message that lastBy did not send

	filing  bool // drafts are being filed as they stand
	closing bool
	over    chan struct{} // closed when a disposal has ended, well or not
	broken  time.Time     // since when the session should have ended and could not
	retry   time.Time
	version int64 // moves with every change
}

type txn struct {
	device id.Device
	person id.Person
	name   string
}

// part is one person's part in a session.
type part struct {
	took     bool      // wrote, reacted or marked
	answered time.Time // "Nothing for the record", "Nothing more to add", or filed a note
	writing  time.Time // since when they have been writing a note
	draft    vault.Sealed
	saved    time.Time
	overdue  bool // the draft is to be filed as it stands
}

// Noted is a note that was filed of a session while it was open.
type Noted struct {
	Ref       id.Note
	Entry     int64 // in the ledger
	Size      int   // of the session's tree when it was filed
	Root      verifyHash
	Quotes    []id.Event
	By        id.Person
	Automatic bool
}

func (t *talk) part(who id.Person) *part {
	p := t.people[who]
	if p == nil {
		p = &part{}
		t.people[who] = p
	}
	return p
}

// message finds a message that can be reacted to, marked, edited or withdrawn.
func (t *talk) message(e id.Event) (*Event, error) {
	m := t.byID[e]
	if m == nil {
		return nil, gone()
	}
	if m.Leaf == 0 || m.Edits != "" {
		return nil, fault.New(fault.Invalid, "This can be done with messages only")
	}
	if m.Withdrawn() != "" {
		return nil, fault.New(fault.NotFound, "This message was withdrawn")
	}
	return m, nil
}

// marked returns the marks on a message that have not been taken off.
func (t *talk) marked(e id.Event) (all []*Event) {
	for _, m := range t.marks[e] {
		if m.Withdrawn() == "" {
			all = append(all, m)
		}
	}
	return all
}

// unfiled returns the marked messages whose present words no note has, in order.
func (t *talk) unfiled() (all []*Event) {
	for _, e := range t.log {
		if len(t.marks[e.ID]) > 0 && len(t.marked(e.ID)) > 0 && !t.filed[t.wording(e).ID] {
			all = append(all, e)
		}
	}
	return all
}

// wording returns the event that has a message's words as they are now: its last edit, or itself.
func (t *talk) wording(m *Event) *Event {
	for i := len(t.edits[m.ID]) - 1; i >= 0; i-- {
		if e := t.edits[m.ID][i]; e.Withdrawn() == "" {
			return e
		}
	}
	return m
}
