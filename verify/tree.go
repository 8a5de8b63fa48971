package verify

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is the Merkle tree (RFC 6962, section 2.1) of a session that is going on: one leaf for each message, in order. It
// costs about 64 bytes for each message. The zero Tree is empty and ready; callers see to it that only one goroutine at a
// time uses a tree.
type Tree struct {
	size   int
	stored []tlog.Hash // every complete subtree's hash, at its tlog.StoredHashIndex
}

// Append adds the next message's leaf. The first leaf has position 1.
func (t *Tree) Append(leaf tlog.Hash) {
	hashes, err := tlog.StoredHashesForRecordHash(int64(t.size), leaf, t)
	if err != nil {
		panic("verify: a tree in memory cannot fail to read: " + err.Error())
	}
	t.stored = append(t.stored, hashes...)
	t.size++
}

// Size is the number of leaves.
func (t *Tree) Size() int { return t.size }

// Root is the tree's head. The head of an empty tree is the hash of nothing.
func (t *Tree) Root() tlog.Hash {
	root, err := tlog.TreeHash(int64(t.size), t)
	if err != nil {
		panic("verify: a tree in memory cannot fail to read: " + err.Error())
	}
	return root
}

// Inclusion proves that the tree, as large as it is now, has a leaf at a position (from 1): the hashes beside the path
// from the leaf to the head, leaf upwards. See [CheckInclusion].
func (t *Tree) Inclusion(position int) ([]tlog.Hash, error) {
	if position < 1 || position > t.size {
		return nil, fmt.Errorf("verify: no leaf at position %d in a tree of %d", position, t.size)
	}
	return tlog.ProveRecord(int64(t.size), int64(position-1), t)
}

// Consistency proves that the tree, when it had oldSize leaves, is the start of the tree as it is now. See
// [CheckConsistency].
func (t *Tree) Consistency(oldSize int) ([]tlog.Hash, error) {
	if oldSize < 1 || oldSize > t.size {
		return nil, fmt.Errorf("verify: a tree of %d never had %d leaves", t.size, oldSize)
	}
	return tlog.ProveTree(int64(t.size), int64(oldSize), t)
}

// ReadHashes makes Tree a [tlog.HashReader].
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(t.stored)) {
			return nil, fmt.Errorf("verify: no hash %d in a tree of %d", x, t.size)
		}
		out[i] = t.stored[x]
	}
	return out, nil
}

// CheckInclusion verifies that a tree with so many leaves and this root has this leaf at a position (from 1).
func CheckInclusion(proof []tlog.Hash, size int, root tlog.Hash, position int, leaf tlog.Hash) error {
	if position < 1 || position > size {
		return fmt.Errorf("verify: no leaf at position %d in a tree of %d", position, size)
	}
	return tlog.CheckRecord(proof, int64(size), root, int64(position-1), leaf)
}

// CheckConsistency verifies that the tree with oldSize leaves and oldRoot is the start of the one with size and root.
func CheckConsistency(proof []tlog.Hash, size int, root tlog.Hash, oldSize int, oldRoot tlog.Hash) error {
	if oldSize < 1 || oldSize > size {
		return errors.New("verify: the earlier tree is larger than the later one, or empty")
	}
	return tlog.CheckTree(proof, int64(size), root, int64(oldSize), oldRoot)
}
