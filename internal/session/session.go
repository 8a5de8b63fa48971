// Package session has open sessions: the stretch of talk from a room's first message until it ends, and the only place
// where content is, sealed. It gives every event its position, keeps the session's Merkle tree, watches the clock, asks
// what belongs on the record, and disposes of the session.
//
// Lock order: a place (one room's talk), then the room, then the store. Nothing here holds content in the open: an event's
// content is opened only into locked memory that its reader brings, and only for as long as the reader needs.
package session

import (
	"context"
	"hash/maphash"
	"io"
	"log/slog"
	"sync"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/vault"
)

// States of a session's row.
const (
	StateOpen      = "open"      // going on
	StateDecided   = "decided"   // its disposal is decided; content is being destroyed
	StateCompleted = "completed" // and done
	StateLost      = "lost"      // a crash destroyed it
)

// Record is what lasts of a session: its times, its figures and where its certificate stands. Never content.
type Record struct {
	ID        id.Session
	Room      id.Room
	Started   time.Time
	StartedBy id.Person
	StartPos  int64
	Policy    int
	State     string
	Events    int // its events at the end; while it goes on, at least so many may have been given out

	Ended       time.Time
	Reason      string
	Disposition policy.Disposition
	Messages    int
	Edits       int
	Reactions   int
	Withdrawn   int
	Quoted      int
	People      int
	Answered    int
	Unanswered  int
	Extensions  int
	RedactPos   int64 // the first of Events positions at which clients are told to forget
	Decision    int64 // index of the ledger entry that decides the disposal
	Completion  int64 // index of the one that completes it; for a lost session, of the entry that says so
}

// Tx is what sessions need of the store.
type Tx interface {
	room.Tx
	ledger.Tx
	InsertSession(ctx context.Context, r Record) error
	UpdateSession(ctx context.Context, r Record) error
	Session(ctx context.Context, s id.Session) (Record, error)
	Sessions(ctx context.Context, r id.Room, limit int) ([]Record, error) // newest first
	SessionsIn(ctx context.Context, state string) ([]Record, error)       // oldest first
	NoteEntries(ctx context.Context, s id.Session) ([]NoteEntry, error)   // in the order of the ledger
	QuotedIn(ctx context.Context, s id.Session) ([]id.Event, error)       // the events whose words notes of the session have
	LatestPolicy(ctx context.Context) (Published, error)
	Policies(ctx context.Context) ([]Published, error)
	InsertPolicy(ctx context.Context, p Published) error
	SessionsCertified(ctx context.Context, before int64, limit int) ([]Record, error)   // by their last ledger entry, newest first; before 0: all
	SessionsForgotten(ctx context.Context, r id.Room, from, to int64) ([]Record, error) // whose redactions reach into from < pos <= to
}

// NoteEntry says where in the ledger a note of a session stands.
type NoteEntry struct {
	Entry     int64
	Automatic bool
}

// Filer makes notes. Package note fills it.
type Filer interface {
	// FileMarked files the marked messages of a session that nobody quoted, before it is disposed of.
	FileMarked(ctx context.Context, c *Closing) error
	// FileDraft files somebody's draft as it stands, because its time is over.
	FileDraft(ctx context.Context, who id.Person, room id.Room, draft []byte) error
	// Command files a note for "!note Title" and tells the room.
	Command(ctx context.Context, who id.Person, room id.Room, title []byte) error
}

// Sessions is all talk of a server. Its fields are set before the first call.
type Sessions struct {
	Update func(context.Context, func(Tx) error) error
	View   func(context.Context, func(Tx) error) error
	Rooms  *room.Rooms
	Arena  *vault.Arena
	Policy func() policy.Policy // the one in force, for sessions that start now
	Name   func(ctx context.Context, who id.Person) (string, error)
	Filer  Filer
	URL    string // the server's public address, without a slash at the end
	Zone   *time.Location
	Now    func() time.Time
	Rand   io.Reader
	Log    *slog.Logger

	mu       sync.Mutex
	places   map[id.Room]*place
	stopping bool
	owed     time.Time // when to try again to complete disposals; zero: none is incomplete
	once     sync.Once
	seed     maphash.Seed // of Like
	poke     chan struct{}
}

// place is where one room's talk happens, whether a session is open or not.
type place struct {
	mu      sync.Mutex
	room    id.Room
	talk    *talk                   // nil when no session is open
	typing  map[id.Person]time.Time // until when each is typing
	typePos int64                   // when that changed
	read    map[id.Person]Receipt   // how far each has read
}

// Receipt says how far a person has read (Matrix specification, "Receipts").
type Receipt struct {
	Event   id.Event
	Pos     int64 // of the event
	At      time.Time
	Private bool
	Changed int64 // position at which the receipt itself came about
}

func (s *Sessions) place(r id.Room) *place {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places == nil {
		s.places = map[id.Room]*place{}
	}
	p := s.places[r]
	if p == nil {
		p = &place{room: r, typing: map[id.Person]time.Time{}, read: map[id.Person]Receipt{}}
		s.places[r] = p
	}
	return p
}

func (s *Sessions) all() []*place {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*place, 0, len(s.places))
	for _, p := range s.places {
		all = append(all, p)
	}
	return all
}

// lockOpen locks a place when no disposal is under way there, and returns its talk, which may be nil.
func (s *Sessions) lockOpen(ctx context.Context, r id.Room) (*place, *talk, error) {
	p := s.place(r)
	for {
		p.mu.Lock()
		t := p.talk
		if t == nil || !t.closing {
			return p, t, nil
		}
		over := t.over
		p.mu.Unlock()
		select {
		case <-over:
		case <-ctx.Done():
			return nil, nil, fault.New(fault.Unavailable, "The session is ending. Try again in a few seconds").Because(ctx.Err())
		}
	}
}

// lockTalk is lockOpen for what makes sense only while a session is open.
func (s *Sessions) lockTalk(ctx context.Context, r id.Room) (*place, *talk, error) {
	p, t, err := s.lockOpen(ctx, r)
	if err == nil && t == nil {
		p.mu.Unlock()
		err = noSession()
	}
	return p, t, err
}

func noSession() error {
	return fault.New(fault.Gone, "No session is open in this conversation. A message starts one").WithCode("M_BAD_STATE")
}

func gone() error {
	return fault.New(fault.NotFound, "This message no longer exists. Its session has ended")
}

// ring wakes everybody in the room, and the clock.
func (s *Sessions) ring(ctx context.Context, r id.Room) {
	if snap, err := s.Rooms.Look(context.WithoutCancel(ctx), r); err == nil {
		s.Rooms.Ring(snap.Joined()...)
	}
	select {
	case s.poked() <- struct{}{}:
	default:
	}
}

func (s *Sessions) poked() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poke == nil {
		s.poke = make(chan struct{}, 1)
	}
	return s.poke
}

// Past returns the newest sessions of a room that are over.
func (s *Sessions) Past(ctx context.Context, r id.Room, limit int) (past []Record, err error) {
	err = s.View(ctx, func(tx Tx) error {
		all, err := tx.Sessions(ctx, r, limit+1)
		past = nil
		for _, rec := range all {
			if rec.State != StateOpen && len(past) < limit {
				past = append(past, rec)
			}
		}
		return err
	})
	return past, err
}

// Record returns what lasts of a session.
func (s *Sessions) Record(ctx context.Context, sid id.Session) (r Record, err error) {
	err = s.View(ctx, func(tx Tx) error {
		r, err = tx.Session(ctx, sid)
		return err
	})
	return r, err
}

// Start returns the position from which the room's open session began.
func (s *Sessions) Start(r id.Room) (pos int64, open bool) {
	p := s.place(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.talk == nil {
		return 0, false
	}
	return p.talk.startPos, true
}
