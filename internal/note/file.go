package note

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/verify"
)

// Draft is what a person writes. Everything but the title may be empty.
type Draft struct {
	Title     string
	Summary   string // what was decided or done, and why
	DecidedBy string
	Authority string
	Actions   []verify.Action
	Marking   string // "" is OFFICIAL
	Handling  string
	Folder    string // "" is the conversation's own
	Quotes    []id.Event
}

// Markings are the markings that Winnow may hold (Government Security Classifications Policy, August 2024). It is for OFFICIAL.
var Markings = []string{"OFFICIAL", "OFFICIAL-SENSITIVE"}

const (
	maxTitle   = 200    // characters
	maxSummary = 20_000 // characters
	maxLine    = 300    // characters
	maxActions = 20
)

// check refuses what a document or a drive could not hold, in the words that the composer shows.
func (d *Draft) check() error {
	d.Title = strings.Join(strings.Fields(d.Title), " ")
	d.Summary = strings.TrimSpace(strings.ReplaceAll(d.Summary, "\r\n", "\n"))
	if d.Marking == "" {
		d.Marking = Markings[0]
	}
	switch {
	case d.Title == "":
		return fault.New(fault.Invalid, "Enter a title")
	case !account.Plain(d.Title, maxTitle):
		return fault.New(fault.Invalid, "The title must be at most %d characters", maxTitle)
	case len(d.Title) > verify.MaxTitle: // in some scripts a character is several bytes
		return fault.New(fault.Invalid, "The title is too long. Use fewer words")
	case !utf8.ValidString(d.Summary) || utf8.RuneCountInString(d.Summary) > maxSummary || len(d.Summary) > verify.MaxSummary:
		return fault.New(fault.Invalid, "What was decided must be at most %d characters. Put longer papers into the drive and name them here", maxSummary)
	case !slices.Contains(Markings, d.Marking):
		return fault.New(fault.Invalid, "The marking must be OFFICIAL or OFFICIAL-SENSITIVE. Winnow must not hold anything above")
	case len(d.Actions) > maxActions:
		return fault.New(fault.Invalid, "A note can have at most %d actions", maxActions)
	}
	lines := []string{d.DecidedBy, d.Authority, d.Handling}
	for _, a := range d.Actions {
		lines = append(lines, a.What, a.Owner, a.Due)
	}
	for _, l := range lines {
		if !account.Plain(l, maxLine) || len(l) > verify.MaxName {
			return fault.New(fault.Invalid, "Each line of the note must be at most %d characters", maxLine)
		}
	}
	return nil
}

// Write files a note for somebody in the room. Filing answers for them; it does not end the session.
func (n *Notes) Write(ctx context.Context, who id.Person, r id.Room, d Draft) (Note, error) {
	if err := d.check(); err != nil {
		return Note{}, err
	}
	return n.write(ctx, who, r, d, false)
}

// write files a draft that was checked; automatic says that nobody decided to file it.
func (n *Notes) write(ctx context.Context, who id.Person, r id.Room, d Draft, automatic bool) (Note, error) {
	m, err := n.Sessions.Material(ctx, who, r, d.Quotes)
	if err != nil {
		return Note{}, err
	}
	m.Automatic = automatic
	filed, err := n.file(ctx, who, m, d)
	if err != nil {
		return Note{}, err
	}
	n.Sessions.Filed(ctx, who, r, m, noted(filed, m))
	n.wake()
	return filed, nil
}

func noted(f Note, m *session.Material) session.Noted {
	out := session.Noted{Ref: f.Ref, Entry: f.Entry, Size: m.Size, Root: m.Root, By: f.By, Automatic: f.Automatic}
	for _, q := range m.Quotes {
		out.Quotes = append(out.Quotes, q.Message)
	}
	return out
}

// file makes the note's row, files and ledger entry, and tells the room, in one transaction.
func (n *Notes) file(ctx context.Context, by id.Person, m *session.Material, d Draft) (Note, error) {
	written, err := n.compose(ctx, by, m, d)
	if err != nil {
		return Note{}, err
	}
	c, err := n.Rooms.Begin(ctx, m.Room, 1)
	if err != nil {
		return Note{}, err
	}
	defer c.End(ctx)
	var filed Note
	err = n.Update(ctx, func(tx Tx) error {
		c.Again()
		others, err := tx.NotesOf(ctx, m.Session)
		if err != nil {
			return err
		}
		for _, o := range others {
			if same(o, written) { // an earlier try was committed although it seemed to fail, or somebody pressed twice
				filed = o
				return nil
			}
		}
		if err := n.mayFile(ctx, tx, by, m, len(others)); err != nil {
			return err
		}
		if filed, err = n.insert(ctx, tx, by, m, written); err != nil {
			return err
		}
		_, err = c.Words(ctx, tx, room.Notice(n.filedWords(filed, written)))
		return err
	})
	return filed, err
}

// same reports whether a filed note says what another would say.
func same(filed Note, w *verify.Note) bool {
	o, err := verify.ParseNote(filed.Manifest)
	if err != nil || o.FiledBy.ID != w.FiledBy.ID || o.Automatic != w.Automatic || o.Title != w.Title || o.Summary != w.Summary || o.DecidedBy != w.DecidedBy ||
		o.Authority != w.Authority || o.Marking != w.Marking || o.Handling != w.Handling || o.Folder != w.Folder {
		return false
	}
	return slices.Equal(o.Actions, w.Actions) && slices.EqualFunc(o.Quotes, w.Quotes, func(a, b verify.Quote) bool { return a.Event == b.Event })
}

// maxNotes is how many notes people may file of one session: the certificate names them all, and some places are left for
// marked messages that file themselves.
const maxNotes = verify.MaxNotes - 10

// mayFile refuses a note whose session's certificate would not, or could not, name it.
func (n *Notes) mayFile(ctx context.Context, tx Tx, by id.Person, m *session.Material, others int) error {
	if others >= maxNotes && by != n.Rooms.Service() {
		return fault.New(fault.Denied, "This session has %d notes already. End the session, and write the next note in a new one", others)
	}
	rec, err := tx.Session(ctx, m.Session)
	if err != nil {
		return err
	}
	if rec.State != session.StateOpen {
		return fault.New(fault.Gone, "The session ended before the note was filed. What was marked for the record has been filed by itself; the rest is deleted")
	}
	return nil
}

func (n *Notes) insert(ctx context.Context, tx Tx, by id.Person, m *session.Material, w *verify.Note) (Note, error) {
	year := time.UnixMilli(w.Filed).In(n.Zone).Year()
	number, err := tx.NextNote(ctx, year)
	if err != nil {
		return Note{}, err
	}
	w.Ref = fmt.Sprintf("N-%d-%04d", year, number)
	manifest, err := w.Manifest()
	if err != nil {
		return Note{}, fault.New(fault.Invalid, "The note cannot be filed as it is: a line of it is too long or has characters that are not allowed").Because(err)
	}
	f := verify.Filing{Fingerprint: verify.Fingerprint(manifest)}
	f.Entry, err = ledger.Append(ctx, tx, verify.Entry{Kind: verify.KindNote, Time: w.Filed - w.Filed%time.Minute.Milliseconds(),
		Note: &verify.Filed{Session: string(m.Session), Fingerprint: f.Fingerprint, Size: m.Size, Root: m.Root}})
	if err != nil {
		return Note{}, err
	}
	proof, err := n.Ledger.Prove(ctx, tx, f.Entry)
	if err != nil {
		return Note{}, err
	}
	files, err := n.Renderer.Render(w, f, manifest, proof)
	if err != nil {
		return Note{}, err
	}
	filed := Note{Ref: id.Note(w.Ref), Session: m.Session, Room: m.Room, By: by, Filed: time.UnixMilli(w.Filed), Title: w.Title, Folder: w.Folder,
		Automatic: w.Automatic, Fingerprint: f.Fingerprint, Entry: f.Entry, Manifest: manifest}
	var mayRead []id.Person
	for _, p := range w.Present {
		mayRead = append(mayRead, id.Person(p.ID))
	}
	var quotes []id.Event
	for _, q := range m.Quotes {
		quotes = append(quotes, q.Event)
	}
	if err := tx.InsertNote(ctx, filed, mayRead, quotes); err != nil {
		return Note{}, err
	}
	for _, file := range files {
		file.Sum = sha256.Sum256(file.Data)
		if err := tx.InsertFile(ctx, filed.Ref, file); err != nil {
			return Note{}, err
		}
		if err := tx.InsertDelivery(ctx, Delivery{Note: filed.Ref, File: file.Name, Folder: w.Folder, Next: filed.Filed}); err != nil {
			return Note{}, err
		}
	}
	return filed, nil
}

// compose makes the note itself, but for its reference.
func (n *Notes) compose(ctx context.Context, by id.Person, m *session.Material, d Draft) (*verify.Note, error) {
	snap, err := n.Rooms.Look(ctx, m.Room)
	if err != nil {
		return nil, err
	}
	if d.Folder == "" {
		if d.Folder = snap.Folder(); n.Drive.Safe(d.Folder, "") != nil { // somebody set what no drive takes: that must not keep a note from being filed
			d.Folder = defaultFolder
		}
	}
	if err := n.Drive.Safe(d.Folder, ""); err != nil {
		return nil, err
	}
	w := &verify.Note{Format: verify.NoteFormat, Version: 1, Organisation: n.Organisation, Title: d.Title, Conversation: clip(snap.NameFor(by), maxTitle),
		Filed: n.Now().UnixMilli(), Automatic: m.Automatic, Summary: d.Summary, DecidedBy: d.DecidedBy, Authority: d.Authority, Actions: d.Actions,
		Marking: d.Marking, Handling: d.Handling, Folder: d.Folder, Salt: make([]byte, 32), Quotes: []verify.Quote{}, Present: []verify.Person{}}
	if _, err := io.ReadFull(n.Rand, w.Salt); err != nil {
		return nil, err
	}
	w.Session = verify.Session{ID: string(m.Session), Started: m.Started.UnixMilli(), Policy: m.Policy, Size: m.Size, Root: m.Root[:],
		URL: n.Sessions.Certificate(m.Session)}
	if w.FiledBy, err = n.person(ctx, by); err != nil {
		return nil, err
	}
	present := append(snap.Joined(), m.TookPart...)
	slices.Sort(present)
	for _, who := range slices.Compact(present) {
		p, err := n.person(ctx, who)
		if err != nil {
			return nil, err
		}
		w.Present = append(w.Present, p)
	}
	for _, q := range m.Quotes {
		quote, err := n.quote(ctx, q)
		if err != nil {
			return nil, err
		}
		w.Quotes = append(w.Quotes, quote)
	}
	return w, nil
}

// defaultFolder is where in the drive notes go when nothing else is said.
const defaultFolder = "Notes"

// clip makes one plain line of a text, of at most n bytes.
func clip(s string, n int) string {
	var line strings.Builder
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return !account.Plain(string(r), 1) || r == ' ' }) {
		if line.Len() > 0 {
			word = " " + word
		}
		for len(word) > 0 {
			_, size := utf8.DecodeRuneInString(word)
			if line.Len()+size > n {
				return line.String()
			}
			line.WriteString(word[:size])
			word = word[size:]
		}
	}
	return line.String()
}

func (n *Notes) quote(ctx context.Context, q session.Quoted) (verify.Quote, error) {
	out := verify.Quote{Position: q.Position, Event: string(q.Event), Time: q.At.UnixMilli(), Type: q.Type, Content: q.Content, Edits: q.Edits, Salt: q.Salt,
		Proof: [][]byte{}}
	var err error
	if out.Sender, err = n.person(ctx, q.Sender); err != nil {
		return out, err
	}
	if out.Text, err = verify.Words(q.Content); err != nil {
		return out, fault.New(fault.Invalid, "One of the messages has no words, so it cannot be quoted. Take it out of the note")
	}
	for _, h := range q.Proof {
		out.Proof = append(out.Proof, h[:])
	}
	for _, who := range q.MarkedBy {
		p, err := n.person(ctx, who)
		if err != nil {
			return out, err
		}
		out.MarkedBy = append(out.MarkedBy, p.Name)
	}
	return out, nil
}

// person is how a note names somebody.
func (n *Notes) person(ctx context.Context, who id.Person) (verify.Person, error) {
	if who == n.Rooms.Service() {
		return verify.Person{ID: string(who), Name: "Winnow", Role: "filed automatically"}, nil
	}
	p, err := n.People(ctx, who)
	return verify.Person{ID: string(who), Name: p.Name, Role: p.Role}, err
}

func (n *Notes) filedWords(f Note, w *verify.Note) string {
	if f.Automatic && f.By != n.Rooms.Service() {
		return fmt.Sprintf("The note that %s was writing was filed as it stood, as %s, because the time for it was over. It needs review: %s", w.FiledBy.Name, f.Ref, n.Address(f.Ref))
	}
	if f.Automatic {
		return fmt.Sprintf("Nobody filed the marked messages, so they were filed as %s. It needs review: %s", f.Ref, n.Address(f.Ref))
	}
	return fmt.Sprintf("Note filed by %s: %s, in %s. %s", w.FiledBy.Name, f.Ref, f.Folder, n.Address(f.Ref))
}
