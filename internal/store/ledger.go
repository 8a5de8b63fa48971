package store

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/internal/ledger"
)

var _ ledger.Tx = (*Tx)(nil)

// LedgerSize returns how many entries the ledger has. Updates happen one after another (see Store.beginUpdate), so in an
// update nobody else adds an entry before the transaction ends.
func (tx *Tx) LedgerSize(ctx context.Context) (n int64, err error) {
	return n, tx.queryRow(ctx, []any{&n}, `select size from ledger_head`)
}

// SetLedgerSize records how many entries the ledger has.
func (tx *Tx) SetLedgerSize(ctx context.Context, n int64) error {
	return tx.execOne(ctx, `update ledger_head set size = $1`, n)
}

// LedgerHashes returns stored hashes of the ledger's tree in the order of indexes. A missing one is an error.
func (tx *Tx) LedgerHashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	args := make([]any, len(indexes))
	for i, x := range indexes {
		args[i] = x
	}
	found := make(map[int64]tlog.Hash, len(indexes))
	err := tx.query(ctx, func(scan func(...any) error) error {
		var idx int64
		var hash []byte
		if err := scan(&idx, &hash); err != nil {
			return err
		}
		if len(hash) != tlog.HashSize {
			return fmt.Errorf("store: the ledger's hash %d has %d bytes", idx, len(hash))
		}
		found[idx] = tlog.Hash(hash)
		return nil
	}, `select idx, hash from ledger_hash where idx in (`+places(1, len(args))+`)`, args...)
	if err != nil {
		return nil, err
	}
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		h, ok := found[x]
		if !ok {
			return nil, fmt.Errorf("store: the ledger's hash %d is missing", x)
		}
		out[i] = h
	}
	return out, nil
}

// InsertLedgerHashes adds stored hashes of the ledger's tree from index first on.
func (tx *Tx) InsertLedgerHashes(ctx context.Context, first int64, hashes []tlog.Hash) error {
	var rows []string
	var args []any
	for i, h := range hashes {
		rows = append(rows, "("+places(len(args)+1, 2)+")")
		args = append(args, first+int64(i), h[:])
	}
	_, err := tx.exec(ctx, `insert into ledger_hash (idx, hash) values `+strings.Join(rows, ", "), args...)
	return err
}

// InsertLedgerEntry adds an entry.
func (tx *Tx) InsertLedgerEntry(ctx context.Context, index int64, entry []byte) error {
	return tx.execOne(ctx, `insert into ledger_entry (idx, entry) values ($1, $2)`, index, entry)
}

// LedgerEntries returns the entries from ≤ index < to, in order. A missing one is an error.
func (tx *Tx) LedgerEntries(ctx context.Context, from, to int64) ([][]byte, error) {
	var all [][]byte
	err := tx.query(ctx, func(scan func(...any) error) error {
		var idx int64
		var entry []byte
		if err := scan(&idx, &entry); err != nil {
			return err
		}
		if idx != from+int64(len(all)) {
			return fmt.Errorf("store: the ledger's entry %d is missing", from+int64(len(all)))
		}
		all = append(all, entry)
		return nil
	}, `select idx, entry from ledger_entry where idx >= $1 and idx < $2 order by idx`, from, to)
	if err == nil && int64(len(all)) != to-from {
		err = fmt.Errorf("store: the ledger's entry %d is missing", from+int64(len(all)))
	}
	return all, err
}

// places returns n placeholders from a number on: "$3, $4".
func places(from, n int) string {
	s := make([]string, n)
	for i := range s {
		s[i] = fmt.Sprintf("$%d", from+i)
	}
	return strings.Join(s, ", ")
}
