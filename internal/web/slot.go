package web

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"strconv"
)

// Slot is an opaque token that stands for a piece of content: a message's body, a file's name, the words of a draft.
// It goes through html/template unchanged wherever text or an attribute's value may stand, and the assembler puts the
// escaped text in its place. The empty Slot stands for nothing.
type Slot string

// Slots makes the tokens of one rendering. A token holds a random nonce, so that nobody can write one into a name or
// a title and have other people's words appear there.
type Slots struct {
	mark []byte // how a token of this rendering begins
	n    int
}

// A token is slotOpen, the nonce, a colon, the slot's number, slotClose. Both ends are private-use characters, which
// neither html/template nor a browser gives a meaning to.
const (
	slotOpen  = "\ue000"
	slotClose = "\ue001"
)

// NewSlots starts a rendering; random gives the nonce.
func NewSlots(random io.Reader) (*Slots, error) {
	var nonce [12]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return nil, fmt.Errorf("read a nonce: %w", err)
	}
	return &Slots{mark: []byte(slotOpen + hex.EncodeToString(nonce[:]) + ":")}, nil
}

// New makes the next slot. They are numbered from 0.
func (s *Slots) New() Slot {
	t := Slot(string(s.mark) + strconv.Itoa(s.n) + slotClose)
	s.n++
	return t
}

// Split goes through a shell in order: a literal piece with slot -1, or an empty piece with a slot's number. A slot
// may come more than once, or not at all. What looks like a token but was not made here is literal.
func (s *Slots) Split(shell []byte) iter.Seq2[[]byte, int] {
	return func(yield func([]byte, int) bool) {
		from := 0 // start of the literal piece
		for at := 0; ; {
			i := bytes.Index(shell[at:], s.mark)
			if i < 0 {
				break
			}
			i += at
			digits := shell[i+len(s.mark):]
			end := bytes.Index(digits, []byte(slotClose))
			n := -1
			if end > 0 && end < 8 {
				if v, err := strconv.Atoi(string(digits[:end])); err == nil && v >= 0 && v < s.n {
					n = v
				}
			}
			if n < 0 {
				at = i + len(s.mark)
				continue
			}
			if i > from && !yield(shell[from:i], -1) {
				return
			}
			if !yield(nil, n) {
				return
			}
			from = i + len(s.mark) + end + len(slotClose)
			at = from
		}
		if from < len(shell) {
			yield(shell[from:], -1)
		}
	}
}
