package verify

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Problem is one thing that is wrong: where, and what in a sentence for people.
type Problem struct {
	Where string // "Quote 2 of 4 (message 5, Priya Raman)"
	What  string // "the words are not what was sent"
	Want  string // what should stand there, shortened; may be empty
	Got   string // what stands there, shortened; may be empty
}

func (p Problem) String() string {
	s := p.Where + ": " + p.What
	if p.Want != "" || p.Got != "" {
		s += fmt.Sprintf(" (should be %q, is %q)", p.Want, p.Got)
	}
	return s
}

// Check verifies what a note says of its quotes: that each was sent in the session in these words, by this person, at
// this time and place. It computes every leaf again from the quote's content and follows its proof to the head of the
// session's tree. The manifest is the note's canonical bytes, whose fingerprint the ledger holds. No problems means that
// all of it holds, for a tree with that head: whether the ledger knows the head, [Bundle.Check] says.
func Check(n *Note, manifest []byte) []Problem {
	var problems []Problem
	whole := func(what string, args ...any) {
		problems = append(problems, Problem{Where: "The note", What: fmt.Sprintf(what, args...)})
	}
	if again, err := n.Manifest(); err != nil {
		whole("is not valid: %v", err)
	} else if !bytes.Equal(again, manifest) {
		whole("is not the one that the manifest holds")
	}
	if len(n.Quotes) > 0 && n.Session.Size < 1 {
		whole("quotes messages of a session without saying how many it had")
		return problems
	}
	last := 0
	for i, q := range n.Quotes {
		for _, what := range n.checkQuote(q, last) {
			problems = append(problems, Problem{Where: n.label(i) + ", " + FormatTime(q.Time), What: what})
		}
		last = q.Position
	}
	return problems
}

// checkQuote returns what is wrong with a quote that follows the one at position last.
func (n *Note) checkQuote(q Quote, last int) (wrong []string) {
	if q.Position <= last {
		wrong = append(wrong, fmt.Sprintf("is out of order: it follows message %d", last))
	}
	if q.Edits < 0 || q.Edits >= q.Position {
		wrong = append(wrong, fmt.Sprintf("cannot be a new wording of message %d, which was not sent before it", q.Edits))
	}
	if words, err := Words(q.Content); err != nil {
		wrong = append(wrong, err.Error())
	} else if words != q.Text {
		wrong = append(wrong, "the words are not what was sent")
	}
	proof := make([]tlog.Hash, len(q.Proof))
	for i, h := range q.Proof {
		if len(h) != tlog.HashSize {
			return append(wrong, "its proof is damaged")
		}
		proof[i] = tlog.Hash(h)
	}
	if len(q.Salt) != 32 || len(n.Session.Root) != tlog.HashSize {
		return append(wrong, "its proof is damaged")
	}
	leaf := Leaf(q.Salt, n.Session.ID, q.Position, q.Sender.ID, q.Time, q.Type, q.Content)
	if CheckInclusion(proof, n.Session.Size, tlog.Hash(n.Session.Root), q.Position, leaf) != nil {
		wrong = append(wrong, "its words, sender, time or place are not those of a message that was sent in this session")
	}
	return wrong
}
