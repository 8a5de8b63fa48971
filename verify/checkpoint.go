package verify

import (
	"errors"
	"fmt"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement of how large the ledger is and what its tree's head is (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string // the log's name, for example "chat.example.gov.uk/log"
	Size   int64
	Root   tlog.Hash
}

// MaxCheckpoint is the largest checkpoint in bytes: a few lines and some witnesses' signatures.
const MaxCheckpoint = 64 << 10

// SignCheckpoint signs a checkpoint. The signer's name must be the origin.
func SignCheckpoint(c Checkpoint, signer note.Signer) ([]byte, error) {
	if signer.Name() != c.Origin {
		return nil, fmt.Errorf("verify: the key is for %q, the log is %q", signer.Name(), c.Origin)
	}
	text := torchwood.Checkpoint{Origin: c.Origin, Tree: tlog.Tree{N: c.Size, Hash: c.Root}}.String()
	return note.Sign(&note.Note{Text: text}, signer)
}

// ErrUntrusted means that a checkpoint has no signature by any of the keys that the caller trusts.
var ErrUntrusted = errors.New("the checkpoint is not signed by a key that you trust")

// OpenCheckpoint verifies a signed checkpoint: one of the keys must have signed it, and that key's name must be the
// checkpoint's origin. Signatures by others, such as witnesses, are passed over.
func OpenCheckpoint(signed []byte, keys ...note.Verifier) (Checkpoint, error) {
	if len(signed) > MaxCheckpoint {
		return Checkpoint{}, errors.New("the checkpoint is too large")
	}
	n, err := note.Open(signed, note.VerifierList(keys...))
	var unverified *note.UnverifiedNoteError
	if errors.As(err, &unverified) {
		return Checkpoint{}, ErrUntrusted
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the checkpoint's signature is not right: %w", err)
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	for _, s := range n.Sigs {
		if s.Name == c.Origin {
			return Checkpoint{Origin: c.Origin, Size: c.N, Root: c.Hash}, nil
		}
	}
	return Checkpoint{}, ErrUntrusted
}

// ParseKey reads a log's public key in the form that signed-note gives it: "name+hash+key".
func ParseKey(vkey string) (note.Verifier, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, errors.New("the key is not in the form name+hash+key")
	}
	return v, nil
}
