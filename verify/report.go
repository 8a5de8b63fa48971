package verify

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Report is what checking a filed note found.
type Report struct {
	Note        *Note    // nil if the file holds no note that can be read
	Fingerprint [32]byte // of the manifest in the file
	Entry       int64    // index of the note's entry in the log
	Log         Checkpoint
	Key         string    // the public key that signed the checkpoint
	Trusted     bool      // the key is one that the caller gave. If not, it is the file's own: see OK
	Passed      []string  // sentences: what was checked and holds
	Problems    []Problem // what does not hold
}

// OK reports whether nothing is wrong. If Trusted is false as well, that is the file's own word only: somebody could have
// made the file and a log of their own to go with it. Whoever must be sure gets the log's public key from elsewhere.
func (r *Report) OK() bool { return r.Note != nil && len(r.Problems) == 0 }

func (r *Report) pass(s string, args ...any) { r.Passed = append(r.Passed, fmt.Sprintf(s, args...)) }

func (r *Report) fail(where, what string, args ...any) {
	r.Problems = append(r.Problems, Problem{Where: where, What: fmt.Sprintf(what, args...)})
}

// CheckFiled checks a note by its manifest and the bundle that proves its ledger entry: that the quotes were sent (see
// [Check]), that the log has an entry with the manifest's fingerprint and the same tree, and that the log's checkpoint
// is signed by one of the keys, or, if none is given, by the key that the bundle itself names.
func CheckFiled(manifest []byte, b Bundle, keys ...note.Verifier) *Report {
	r := &Report{Fingerprint: Fingerprint(manifest), Entry: b.Index}
	n, err := ParseNote(manifest)
	if err != nil {
		r.fail("The note", "cannot be read: %v", err)
		return r
	}
	r.Note = n
	if p := Check(n, manifest); len(p) != 0 {
		r.Problems = append(r.Problems, p...)
	} else if len(n.Quotes) > 0 {
		r.pass("Checked %s: exactly as sent, each at its place in the session.", plural(len(n.Quotes), "quote"))
	}
	r.checkLog(b, keys)
	return r
}

// checkLog checks the note's entry in the log.
func (r *Report) checkLog(b Bundle, keys []note.Verifier) {
	const where = "The public log"
	r.Trusted = len(keys) > 0
	if !r.Trusted {
		own, err := ParseKey(b.Key)
		if err != nil {
			r.fail(where, "the file does not name the log's public key, and no other was given")
			return
		}
		keys = []note.Verifier{own}
	}
	e, c, err := b.Check(keys...)
	if err != nil {
		r.fail(where, "%v", err)
		return
	}
	r.Log = c
	for _, k := range keys {
		if k.Name() == c.Origin {
			r.Key = fmt.Sprintf("%s+%08x", k.Name(), k.KeyHash())
		}
	}
	switch {
	case e.Kind != KindNote:
		r.fail(where, "entry %s is not about a note", Commas(b.Index))
	case e.Note.Fingerprint != r.Fingerprint:
		r.fail(where, "entry %s is about another note, or this one was changed after it was filed", Commas(b.Index))
	case e.Note.Session != r.Note.Session.ID || e.Note.Size != r.Note.Session.Size || !sameRoot(e.Note.Root, r.Note.Session.Root):
		r.fail(where, "entry %s is about another session, or another moment of it", Commas(b.Index))
	default:
		r.pass("The note is entry %s of the public log %s, which had %s entries.", Commas(b.Index), c.Origin, Commas(c.Size))
		if r.Trusted {
			r.pass("The log is signed by a key that you trust, %s.", r.Key)
		}
	}
}

func sameRoot(h tlog.Hash, b []byte) bool {
	return len(b) == 0 && h == tlog.Hash{} || len(b) == tlog.HashSize && h == tlog.Hash(b)
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	var b strings.Builder
	if n := r.Note; n != nil {
		fmt.Fprintf(&b, "%s %s\n", n.Ref, n.Title)
		fmt.Fprintf(&b, "%s, filed %s\n\n", n.Organisation, FormatTime(n.Filed))
	}
	for _, s := range r.Passed {
		fmt.Fprintf(&b, "Passed: %s\n", s)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "FAILED: %s\n", p)
	}
	b.WriteString("\n")
	switch {
	case !r.OK():
		fmt.Fprintf(&b, "This is not the note as it was filed, or it cannot be proven: %s.\n", plural(len(r.Problems), "problem"))
	case r.Trusted:
		b.WriteString("The note is as it was filed, and its quotes are as they were sent.\n")
	default:
		fmt.Fprintf(&b, "The file agrees with itself, but the key that signed its log, %s, is the file's own. "+
			"To be sure that the log is the organisation's, get its public key from the organisation and check again with it.\n", r.Key)
	}
	_, err := io.WriteString(w, safe(b.String()))
	return err
}

// safe takes out what could move a terminal's cursor or turn the direction of text, because part of a report is copied
// from files that anybody may have made.
func safe(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 0x200e || r == 0x200f || r == 0x061c, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
			return '\uFFFD'
		}
		return r
	}, block(s))
}
