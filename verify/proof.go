package verify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Bundle proves, without the network, that an entry is in the ledger: the entry, its inclusion proof, and the signed
// checkpoint that the proof leads to. Its text form is a C2SP tlog-proof whose extra data is Key, a line feed and Entry.
type Bundle struct {
	Entry      []byte      // the entry's JSON
	Index      int64       // of the entry in the ledger, from 0
	Proof      []tlog.Hash // inclusion proof, leaf upwards
	Checkpoint []byte      // signed
	Key        string      // the log's public key as the server gives it; it proves nothing unless it is known from elsewhere
}

// MaxBundle is the largest bundle in bytes, as text.
const MaxBundle = 256 << 10

// maxProof is the longest inclusion proof: a tree of 2^63 leaves has no longer one.
const maxProof = 63

// MarshalText returns the bundle as a C2SP tlog-proof.
func (b Bundle) MarshalText() ([]byte, error) {
	if strings.Contains(b.Key, "\n") {
		return nil, errors.New("verify: a key has no line feed")
	}
	extra := append([]byte(b.Key+"\n"), b.Entry...)
	text := torchwood.FormatProofWithExtraData(b.Index, extra, b.Proof, b.Checkpoint)
	if _, err := ParseBundle(text); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return text, nil
}

// ParseBundle reads a bundle's text. It verifies nothing: see [Bundle.Check].
func ParseBundle(text []byte) (Bundle, error) {
	if len(text) > MaxBundle {
		return Bundle{}, errors.New("the proof is too large")
	}
	head, checkpoint, ok := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !ok || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) > 3+maxProof {
		return Bundle{}, errors.New("the proof is not a C2SP tlog-proof")
	}
	extra, err := member(lines[1], "extra ")
	if err != nil {
		return Bundle{}, err
	}
	key, entry, ok := bytes.Cut(extra, []byte("\n"))
	if !ok || len(entry) > MaxEntry {
		return Bundle{}, errors.New("the proof does not hold its entry")
	}
	number, ok := strings.CutPrefix(lines[2], "index ")
	index, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != number {
		return Bundle{}, errors.New("the proof's index is not a number")
	}
	b := Bundle{Entry: entry, Index: index, Checkpoint: checkpoint, Key: string(key)}
	for _, line := range lines[3:] {
		h, err := member(line, "")
		if err != nil || len(h) != tlog.HashSize {
			return Bundle{}, errors.New("a line of the proof is not a hash")
		}
		b.Proof = append(b.Proof, tlog.Hash(h))
	}
	return b, nil
}

// member decodes a base64 line after its name, in the one form that is allowed.
func member(line, name string) ([]byte, error) {
	s, ok := strings.CutPrefix(line, name)
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if !ok || err != nil || strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("a line of the proof is not understood")
	}
	return b, nil
}

// Check verifies that the entry is in the ledger: the checkpoint is signed by one of the keys, and the proof leads from
// the entry to the checkpoint's head. It returns the entry and the checkpoint.
func (b Bundle) Check(keys ...note.Verifier) (Entry, Checkpoint, error) {
	c, err := OpenCheckpoint(b.Checkpoint, keys...)
	if err != nil {
		return Entry{}, Checkpoint{}, err
	}
	if b.Index < 0 || b.Index >= c.Size {
		return Entry{}, Checkpoint{}, fmt.Errorf("entry %d is not in a log of %d entries", b.Index, c.Size)
	}
	if err := tlog.CheckRecord(b.Proof, c.Size, c.Root, b.Index, tlog.RecordHash(b.Entry)); err != nil {
		return Entry{}, Checkpoint{}, fmt.Errorf("the proof does not lead from entry %d to the log's head", b.Index)
	}
	e, err := ParseEntry(b.Entry)
	if err != nil {
		return Entry{}, Checkpoint{}, fmt.Errorf("entry %d: %w", b.Index, err)
	}
	return e, c, nil
}
