package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a note.
const (
	MaxManifest = 8 << 20 // bytes
	MaxQuotes   = 1000
	MaxPresent  = 10000
	MaxActions  = 200
	MaxTitle    = 300    // bytes
	MaxSummary  = 64_000 // bytes
	MaxName     = 1000   // bytes: names, roles, references, addresses and other single lines
)

// Manifest returns the note's canonical bytes: JSON without spaces, members in the order of the struct, empty lists as
// []. The ledger holds their [Fingerprint].
func (n *Note) Manifest() ([]byte, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	b, err := n.manifest()
	if err == nil && len(b) > MaxManifest {
		err = fmt.Errorf("the note is larger than %d bytes", MaxManifest)
	}
	return b, err
}

func (n *Note) manifest() ([]byte, error) {
	c := *n
	c.Present = append([]Person{}, n.Present...)
	c.Quotes = append([]Quote{}, n.Quotes...)
	for i := range c.Quotes {
		if c.Quotes[i].Proof == nil {
			c.Quotes[i].Proof = [][]byte{}
		}
	}
	return canonical(&c)
}

// ParseNote reads a manifest. It accepts only what [Note.Manifest] returns, and verifies no proof: see [Check].
func ParseNote(manifest []byte) (*Note, error) {
	if len(manifest) > MaxManifest {
		return nil, fmt.Errorf("the note is larger than %d bytes", MaxManifest)
	}
	n := new(Note)
	if err := decodeStrict(manifest, n); err != nil {
		return nil, err
	}
	if err := n.Validate(); err != nil {
		return nil, err
	}
	again, err := n.manifest()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(manifest, again) {
		return nil, errNotCanonical
	}
	return n, nil
}

// Fingerprint is the SHA-256 of a manifest: what the ledger holds of a note. It can also be any other document's.
func Fingerprint(manifest []byte) [32]byte { return sha256.Sum256(manifest) }

// FormatFingerprint writes a fingerprint for people: hexadecimal digits in groups of four.
func FormatFingerprint(f [32]byte) string {
	s := hex.EncodeToString(f[:])
	var groups []string
	for chunk := range slices.Chunk([]byte(s), 4) {
		groups = append(groups, string(chunk))
	}
	return strings.Join(groups, " ")
}

// Validate reports the first rule of form that a note breaks. Whether its quotes are proven is [Check]'s.
func (n *Note) Validate() error {
	switch {
	case n.Format != NoteFormat:
		return fmt.Errorf("the note's format is not %s", NoteFormat)
	case n.Ref == "" || n.Title == "":
		return errors.New("the note has no reference or no title")
	case n.Version < 1:
		return errors.New("a note's version starts from 1")
	case len(n.Title) > MaxTitle:
		return fmt.Errorf("the note's title is longer than %d bytes", MaxTitle)
	case len(n.Summary) > MaxSummary:
		return fmt.Errorf("the note's summary is longer than %d bytes", MaxSummary)
	case !validTime(n.Filed):
		return errors.New("the note does not say when it was filed")
	case len(n.Salt) != 32:
		return errors.New("the note's salt is not 32 bytes")
	case len(n.Quotes) > MaxQuotes:
		return fmt.Errorf("the note has more than %d quotes", MaxQuotes)
	case len(n.Present) > MaxPresent:
		return fmt.Errorf("the note names more than %d people", MaxPresent)
	case len(n.Actions) > MaxActions:
		return fmt.Errorf("the note has more than %d actions", MaxActions)
	case len(n.Session.Root) != 0 && len(n.Session.Root) != 32, n.Session.Size < 0, n.Session.Size > 0 && len(n.Session.Root) != 32:
		return errors.New("the session's tree has no head of 32 bytes")
	case !utf8.ValidString(n.Summary):
		return errors.New("the note's summary is not UTF-8")
	}
	return n.validateLines()
}

// validateLines looks at every short text of the note.
func (n *Note) validateLines() error {
	lines := []string{n.Ref, n.Replaces, n.Organisation, n.Title, n.Conversation, n.DecidedBy, n.Authority, n.Marking,
		n.Handling, n.Folder, n.Session.ID, n.Session.URL}
	for _, p := range append([]Person{n.FiledBy}, n.Present...) {
		lines = append(lines, p.ID, p.Name, p.Role)
	}
	for _, a := range n.Actions {
		lines = append(lines, a.What, a.Owner, a.Due)
	}
	for _, q := range n.Quotes {
		lines = append(lines, q.Event, q.Sender.ID, q.Sender.Name, q.Sender.Role, q.Type)
		lines = append(lines, q.MarkedBy...)
		if !utf8.ValidString(q.Text) {
			return errors.New("a quote is not UTF-8")
		}
	}
	for _, s := range lines {
		if len(s) > MaxName {
			return fmt.Errorf("a name or another single line is longer than %d bytes", MaxName)
		}
		if !utf8.ValidString(s) {
			return errors.New("a name or another single line is not UTF-8")
		}
	}
	return nil
}
