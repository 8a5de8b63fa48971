package store

import (
	"context"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/session"
)

// NextNote counts up the notes of a year.
func (tx *Tx) NextNote(ctx context.Context, year int) (n int, err error) {
	return n, tx.queryRow(ctx, []any{&n}, `insert into note_number (year, latest) values ($1, 1)
		on conflict (year) do update set latest = note_number.latest + 1 returning latest`, year)
}

const noteColumns = `ref, session, room, by_whom, filed, title, folder, automatic, fingerprint, entry, manifest`

func scanNote(scan func(...any) error) (n note.Note, err error) {
	var filed int64
	var fingerprint []byte
	err = scan(&n.Ref, &n.Session, &n.Room, &n.By, &filed, &n.Title, &n.Folder, &n.Automatic, &fingerprint, &n.Entry, &n.Manifest)
	n.Filed = fromMillis(filed)
	copy(n.Fingerprint[:], fingerprint)
	return n, err
}

// InsertNote adds a note, who may read it, and which messages it quotes.
func (tx *Tx) InsertNote(ctx context.Context, n note.Note, mayRead []id.Person, quotes []id.Event) error {
	err := tx.execOne(ctx, `insert into note (`+noteColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		n.Ref, n.Session, n.Room, n.By, millis(n.Filed), n.Title, n.Folder, n.Automatic, n.Fingerprint[:], n.Entry, n.Manifest)
	if err != nil {
		return err
	}
	for _, who := range mayRead {
		if err := tx.execOne(ctx, `insert into note_reader (ref, person) values ($1, $2)`, n.Ref, who); err != nil {
			return err
		}
	}
	for _, e := range quotes {
		if err := tx.execOne(ctx, `insert into note_quote (ref, event) values ($1, $2)`, n.Ref, e); err != nil {
			return err
		}
	}
	return nil
}

// InsertFile adds one of a note's files.
func (tx *Tx) InsertFile(ctx context.Context, n id.Note, f note.File) error {
	return tx.execOne(ctx, `insert into note_file (ref, name, data, sum) values ($1, $2, $3, $4)`, n, f.Name, f.Data, f.Sum[:])
}

// NoteFile returns one of a note's files.
func (tx *Tx) NoteFile(ctx context.Context, n id.Note, name string) (f note.File, err error) {
	f.Name = name
	var sum []byte
	err = tx.queryRow(ctx, []any{&f.Data, &sum}, `select data, sum from note_file where ref = $1 and name = $2`, n, name)
	copy(f.Sum[:], sum)
	return f, err
}

// NoteFiles returns the names of a note's files.
func (tx *Tx) NoteFiles(ctx context.Context, n id.Note) (names []string, err error) {
	return names, tx.query(ctx, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	}, `select name from note_file where ref = $1 order by name`, n)
}

const deliveryColumns = `ref, name, folder, done, tries, next, trouble`

// InsertDelivery puts a file into the outbox.
func (tx *Tx) InsertDelivery(ctx context.Context, d note.Delivery) error {
	return tx.execOne(ctx, `insert into delivery (`+deliveryColumns+`) values ($1, $2, $3, $4, $5, $6, $7)`,
		d.Note, d.File, d.Folder, millis(d.Done), d.Tries, millis(d.Next), d.Trouble)
}

// UpdateDelivery writes how far a delivery has come.
func (tx *Tx) UpdateDelivery(ctx context.Context, d note.Delivery) error {
	return tx.execOne(ctx, `update delivery set done = $3, tries = $4, next = $5, trouble = $6 where ref = $1 and name = $2`,
		d.Note, d.File, millis(d.Done), d.Tries, millis(d.Next), d.Trouble)
}

func (tx *Tx) deliveries(ctx context.Context, query string, args ...any) (all []note.Delivery, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		var d note.Delivery
		var done, next int64
		err := scan(&d.Note, &d.File, &d.Folder, &done, &d.Tries, &next, &d.Trouble)
		d.Done, d.Next = fromMillis(done), fromMillis(next)
		all = append(all, d)
		return err
	}, query, args...)
}

// DueDeliveries returns what is to be sent by a time, the longest due first.
func (tx *Tx) DueDeliveries(ctx context.Context, at time.Time, limit int) ([]note.Delivery, error) {
	return tx.deliveries(ctx, `select `+deliveryColumns+` from delivery where done = 0 and next <= $1 order by next, ref, name limit $2`, millis(at), limit)
}

// Deliveries returns how far a note's files have come.
func (tx *Tx) Deliveries(ctx context.Context, n id.Note) ([]note.Delivery, error) {
	return tx.deliveries(ctx, `select `+deliveryColumns+` from delivery where ref = $1 order by name`, n)
}

func (tx *Tx) notes(ctx context.Context, query string, args ...any) (all []note.Note, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		n, err := scanNote(scan)
		all = append(all, n)
		return err
	}, query, args...)
}

// Note returns one note.
func (tx *Tx) Note(ctx context.Context, ref id.Note) (n note.Note, err error) {
	return n, tx.queryOne(ctx, func(scan func(...any) error) error {
		n, err = scanNote(scan)
		return err
	}, `select `+noteColumns+` from note where ref = $1`, ref)
}

// MayRead reports whether a person was in the conversation when a note was filed.
func (tx *Tx) MayRead(ctx context.Context, n id.Note, who id.Person) (may bool, err error) {
	var found int
	err = tx.queryRow(ctx, []any{&found}, `select count(*) from note_reader where ref = $1 and person = $2`, n, who)
	return found > 0, err
}

// NotesFor returns the newest notes that were filed with a person in the conversation.
func (tx *Tx) NotesFor(ctx context.Context, who id.Person, limit int) ([]note.Note, error) {
	return tx.notes(ctx, `select `+noteColumns+` from note where ref in (select ref from note_reader where person = $1) order by filed desc, ref desc limit $2`, who, limit)
}

// NotesOf returns a session's notes, oldest first.
func (tx *Tx) NotesOf(ctx context.Context, s id.Session) ([]note.Note, error) {
	return tx.notes(ctx, `select `+noteColumns+` from note where session = $1 order by filed, ref`, s)
}

// QuotedIn returns the events whose words a session's notes have.
func (tx *Tx) QuotedIn(ctx context.Context, s id.Session) (all []id.Event, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		var e id.Event
		err := scan(&e)
		all = append(all, e)
		return err
	}, `select distinct event from note_quote where ref in (select ref from note where session = $1) order by event`, s)
}

// NoteEntries says where in the ledger a session's notes stand, in order.
func (tx *Tx) NoteEntries(ctx context.Context, s id.Session) (all []session.NoteEntry, err error) {
	return all, tx.query(ctx, func(scan func(...any) error) error {
		var n session.NoteEntry
		err := scan(&n.Entry, &n.Automatic)
		all = append(all, n)
		return err
	}, `select entry, automatic from note where session = $1 order by entry`, s)
}
