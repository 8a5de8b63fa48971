// Package ledger keeps the server's transparency log: an append-only RFC 6962 Merkle tree of [verify.Entry], in the same
// database and the same transactions as the records that its entries are about. It is served as C2SP tlog-tiles with
// signed C2SP checkpoints, so that anybody can copy and check all of it.
package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/verify"
)

// Tx is what the ledger needs of a database transaction; the store fills it.
type Tx interface {
	// LedgerSize is how many entries the log has. In a transaction that may write it locks the log's head for the rest
	// of the transaction, so that entries are numbered without gaps.
	LedgerSize(ctx context.Context) (int64, error)
	SetLedgerSize(ctx context.Context, n int64) error
	// LedgerHashes reads stored hashes by their tlog.StoredHashIndex, in the order of indexes. One that is missing is
	// an error.
	LedgerHashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error)
	// InsertLedgerHashes adds hashes at first, first+1, …
	InsertLedgerHashes(ctx context.Context, first int64, h []tlog.Hash) error
	InsertLedgerEntry(ctx context.Context, index int64, entry []byte) error
	// LedgerEntries reads the entries from ≤ index < to, in order. One that is missing is an error.
	LedgerEntries(ctx context.Context, from, to int64) ([][]byte, error)
}

// Log is the ledger as others see it.
type Log struct {
	Origin string      // the log's name, in every checkpoint; also the signer's name
	Signer note.Signer // see LoadKey
	Key    string      // the signer's public key, given out with proofs
	View   func(ctx context.Context, f func(Tx) error) error
}

// Append adds an entry within the caller's transaction and returns its index, from 0. The entry is in the log if and only
// if the transaction commits. A faulty entry, or one that completes something that was never decided, is an error.
func Append(ctx context.Context, tx Tx, e verify.Entry) (int64, error) {
	data, err := e.Bytes()
	if err != nil {
		return 0, fmt.Errorf("ledger: refusing a %s entry: %w", e.Kind, err)
	}
	size, err := tx.LedgerSize(ctx)
	if err != nil {
		return 0, err
	}
	if e.Kind == verify.KindCompleted {
		if err := decided(ctx, tx, size, *e.Completed); err != nil {
			return 0, err
		}
	}
	hashes, err := tlog.StoredHashes(size, data, reader(ctx, tx))
	if err != nil {
		return 0, err
	}
	if err := tx.InsertLedgerEntry(ctx, size, data); err != nil {
		return 0, err
	}
	if err := tx.InsertLedgerHashes(ctx, tlog.StoredHashCount(size), hashes); err != nil {
		return 0, err
	}
	return size, tx.SetLedgerSize(ctx, size+1)
}

// decided refuses a completion whose decision is not in the log.
func decided(ctx context.Context, tx Tx, size int64, c verify.Completed) error {
	if c.Decision < 0 || c.Decision >= size {
		return fmt.Errorf("ledger: entry %d completes the decision %d, which is not in the log", size, c.Decision)
	}
	e, err := Entry(ctx, tx, c.Decision)
	if err != nil {
		return err
	}
	if e.Kind != verify.KindDecided || e.Decided.Session != c.Session {
		return fmt.Errorf("ledger: entry %d is not the decision on session %s", c.Decision, c.Session)
	}
	return nil
}

// Entry reads one entry of the log.
func Entry(ctx context.Context, tx Tx, index int64) (verify.Entry, error) {
	size, err := tx.LedgerSize(ctx)
	if err != nil {
		return verify.Entry{}, err
	}
	if index < 0 || index >= size {
		return verify.Entry{}, fault.New(fault.NotFound, "The public log has no entry %d", index)
	}
	entries, err := tx.LedgerEntries(ctx, index, index+1)
	if err != nil {
		return verify.Entry{}, err
	}
	e, err := verify.ParseEntry(entries[0])
	if err != nil {
		return verify.Entry{}, fmt.Errorf("ledger: entry %d: %w", index, err)
	}
	return e, nil
}

// Prove returns the offline proof of an entry, signed at the size that the log has in the caller's transaction.
//
// A checkpoint must never be shown of a tree that could still roll back: two trees of one size, both signed, are the
// proof of a log that lies. Signing inside the transaction is safe here for one reason only: the bytes leave the server
// by the same commit, as part of a note's files in the same database. If the transaction fails, nobody has ever seen
// them. Callers must not send a proof anywhere before the transaction has committed; and because the log's head is locked
// for the rest of the transaction, no other transaction can sign another tree of this size meanwhile.
func (l *Log) Prove(ctx context.Context, tx Tx, index int64) (verify.Bundle, error) {
	size, err := tx.LedgerSize(ctx)
	if err != nil {
		return verify.Bundle{}, err
	}
	if index < 0 || index >= size {
		return verify.Bundle{}, fault.New(fault.NotFound, "The public log has no entry %d", index)
	}
	entries, err := tx.LedgerEntries(ctx, index, index+1)
	if err != nil {
		return verify.Bundle{}, err
	}
	proof, err := tlog.ProveRecord(size, index, reader(ctx, tx))
	if err != nil {
		return verify.Bundle{}, err
	}
	signed, err := l.sign(ctx, tx, size)
	if err != nil {
		return verify.Bundle{}, err
	}
	return verify.Bundle{Entry: entries[0], Index: index, Proof: proof, Checkpoint: signed, Key: l.Key}, nil
}

// Checkpoint returns the signed checkpoint of the log as it is committed.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	var size int64
	var root tlog.Hash
	err := l.View(ctx, func(tx Tx) (err error) {
		if size, err = tx.LedgerSize(ctx); err != nil {
			return err
		}
		root, err = tlog.TreeHash(size, reader(ctx, tx))
		return err
	})
	if err != nil {
		return nil, err
	}
	return verify.SignCheckpoint(verify.Checkpoint{Origin: l.Origin, Size: size, Root: root}, l.Signer)
}

func (l *Log) sign(ctx context.Context, tx Tx, size int64) ([]byte, error) {
	root, err := tlog.TreeHash(size, reader(ctx, tx))
	if err != nil {
		return nil, err
	}
	return verify.SignCheckpoint(verify.Checkpoint{Origin: l.Origin, Size: size, Root: root}, l.Signer)
}

// reader lets tlog read stored hashes of a transaction.
func reader(ctx context.Context, tx Tx) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return tx.LedgerHashes(ctx, indexes) })
}

// ProveNow is Prove in a transaction of its own, under what is committed now.
func (l *Log) ProveNow(ctx context.Context, index int64) (b verify.Bundle, err error) {
	err = l.View(ctx, func(tx Tx) error {
		b, err = l.Prove(ctx, tx, index)
		return err
	})
	return b, err
}

// Get returns one committed entry.
func (l *Log) Get(ctx context.Context, index int64) (e verify.Entry, err error) {
	err = l.View(ctx, func(tx Tx) error {
		e, err = Entry(ctx, tx, index)
		return err
	})
	return e, err
}
