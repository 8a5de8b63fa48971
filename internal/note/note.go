// Package note files notes for the record: what a person writes of a session, with the messages it quotes and what proves
// them. A note is filed when its row, its rendered files and its ledger entry are committed together; delivery to the drive
// follows from an outbox.
//
// This package is the pattern for the others: a domain type, the few store methods it needs as Tx, one transaction per
// change, and words for people in every refusal.
package note

import (
	"context"
	"io"
	"log/slog"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/verify"
)

// Note is a filed note as the register has it. Its manifest, parsed, is the note itself.
type Note struct {
	Ref         id.Note
	Session     id.Session
	Room        id.Room
	By          id.Person
	Filed       time.Time
	Title       string
	Folder      string
	Automatic   bool // it filed itself: somebody should read it
	Fingerprint [32]byte
	Entry       int64 // in the ledger
	Manifest    []byte
}

// File is one form of a note, as it is sent to the drive.
type File struct {
	Name string // "2026-11-10 N-2026-0417 Small-harbour cap raised.docx"
	Data []byte
	Sum  [32]byte // SHA-256
}

// Delivery is a file on its way to a place.
type Delivery struct {
	Note    id.Note
	File    string
	Folder  string
	Done    time.Time // zero: not yet
	Tries   int
	Next    time.Time // when to try (again)
	Trouble string    // what went wrong last, in words for people
}

// Tx is what notes need of the store.
type Tx interface {
	room.Tx
	ledger.Tx
	NextNote(ctx context.Context, year int) (int, error)
	InsertNote(ctx context.Context, n Note, mayRead []id.Person, quotes []id.Event) error
	InsertFile(ctx context.Context, n id.Note, f File) error
	InsertDelivery(ctx context.Context, d Delivery) error
	UpdateDelivery(ctx context.Context, d Delivery) error
	DueDeliveries(ctx context.Context, at time.Time, limit int) ([]Delivery, error)
	Deliveries(ctx context.Context, n id.Note) ([]Delivery, error)
	Note(ctx context.Context, n id.Note) (Note, error)
	NoteFile(ctx context.Context, n id.Note, name string) (File, error)
	NoteFiles(ctx context.Context, n id.Note) ([]string, error)
	MayRead(ctx context.Context, n id.Note, who id.Person) (bool, error)
	NotesFor(ctx context.Context, who id.Person, limit int) ([]Note, error)
	NotesOf(ctx context.Context, s id.Session) ([]Note, error)
	Session(ctx context.Context, s id.Session) (session.Record, error)
}

// Renderer makes a note's files. Package document fills it.
type Renderer interface {
	Render(n *verify.Note, f verify.Filing, manifest []byte, proof verify.Bundle) ([]File, error)
}

// Notes is the register of notes.
type Notes struct {
	Update   func(context.Context, func(Tx) error) error
	View     func(context.Context, func(Tx) error) error
	Sessions *session.Sessions
	Rooms    *room.Rooms
	People   func(ctx context.Context, who id.Person) (account.Person, error)
	Ledger   *ledger.Log
	Renderer Renderer
	Drive    Drive

	Organisation string
	URL          string // the server's public address, without a slash at the end
	Zone         *time.Location
	Now          func() time.Time
	Rand         io.Reader
	Log          *slog.Logger

	poke chan struct{}
}

// Address is where the web app shows a note.
func (n *Notes) Address(ref id.Note) string { return n.URL + "/notes/" + string(ref) }

// Get returns a note that a person may read: they were in the conversation when it was filed, or are in it now.
func (n *Notes) Get(ctx context.Context, who id.Person, ref id.Note) (note Note, err error) {
	may := false
	err = n.View(ctx, func(tx Tx) error {
		if note, err = tx.Note(ctx, ref); err != nil {
			return err
		}
		may, err = tx.MayRead(ctx, ref, who)
		return err
	})
	if err == nil && !may {
		_, err = n.Rooms.For(ctx, who, note.Room)
	}
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		err = fault.New(fault.NotFound, "There is no such note, or you do not have access to it. Ask the person who told you of it")
	}
	return note, err
}

// List returns the newest notes that a person may read.
func (n *Notes) List(ctx context.Context, who id.Person, limit int) (all []Note, err error) {
	err = n.View(ctx, func(tx Tx) error {
		all, err = tx.NotesFor(ctx, who, limit)
		return err
	})
	return all, err
}

// OfSession returns the notes of a session, oldest first. It asks nobody's leave.
func (n *Notes) OfSession(ctx context.Context, s id.Session) (all []Note, err error) {
	err = n.View(ctx, func(tx Tx) error {
		all, err = tx.NotesOf(ctx, s)
		return err
	})
	return all, err
}

// Files returns the names of a note's files, and how far each has come.
func (n *Notes) Files(ctx context.Context, ref id.Note) (names []string, sent []Delivery, err error) {
	err = n.View(ctx, func(tx Tx) error {
		if names, err = tx.NoteFiles(ctx, ref); err != nil {
			return err
		}
		sent, err = tx.Deliveries(ctx, ref)
		return err
	})
	return names, sent, err
}

// File returns one of a note's files.
func (n *Notes) File(ctx context.Context, ref id.Note, name string) (f File, err error) {
	err = n.View(ctx, func(tx Tx) error {
		f, err = tx.NoteFile(ctx, ref, name)
		return err
	})
	return f, err
}
