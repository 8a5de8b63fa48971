package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/verify"
)

const origin = "chat.example.org/log"

// memory is a database in memory with one kind of transaction: all or nothing, one at a time.
type memory struct {
	mu      sync.Mutex
	size    int64
	hashes  map[int64]tlog.Hash
	entries map[int64][]byte
	fail    func(step string) error // may be nil
}

// memoryTx collects writes until the end.
type memoryTx struct {
	m       *memory
	size    int64
	hashes  map[int64]tlog.Hash
	entries map[int64][]byte
}

func (m *memory) broken(step string) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(step)
}

func (m *memory) Update(_ context.Context, f func(ledger.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	tx := &memoryTx{m: m, size: m.size, hashes: map[int64]tlog.Hash{}, entries: map[int64][]byte{}}
	if err := f(tx); err != nil {
		return err
	}
	if err := m.broken("before commit"); err != nil {
		return err
	}
	m.size = tx.size
	if m.hashes == nil {
		m.hashes, m.entries = map[int64]tlog.Hash{}, map[int64][]byte{}
	}
	for i, h := range tx.hashes {
		m.hashes[i] = h
	}
	for i, e := range tx.entries {
		m.entries[i] = e
	}
	return m.broken("after commit")
}

func (m *memory) View(ctx context.Context, f func(ledger.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f(&memoryTx{m: m, size: m.size})
}

func (tx *memoryTx) LedgerSize(context.Context) (int64, error) { return tx.size, tx.m.broken("size") }

func (tx *memoryTx) SetLedgerSize(_ context.Context, n int64) error {
	tx.size = n
	return tx.m.broken("set size")
}

func (tx *memoryTx) LedgerHashes(_ context.Context, indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		h, ok := tx.hashes[i]
		if !ok {
			h, ok = tx.m.hashes[i]
		}
		if !ok {
			return nil, fmt.Errorf("no hash %d", i)
		}
		out = append(out, h)
	}
	return out, nil
}

func (tx *memoryTx) InsertLedgerHashes(_ context.Context, first int64, hashes []tlog.Hash) error {
	for i, h := range hashes {
		if _, ok := tx.m.hashes[first+int64(i)]; ok {
			return errors.New("a hash twice")
		}
		tx.hashes[first+int64(i)] = h
	}
	return tx.m.broken("insert hashes")
}

func (tx *memoryTx) InsertLedgerEntry(_ context.Context, i int64, entry []byte) error {
	if _, ok := tx.m.entries[i]; ok {
		return errors.New("an entry twice")
	}
	tx.entries[i] = slices.Clone(entry)
	return tx.m.broken("insert entry")
}

func (tx *memoryTx) LedgerEntries(_ context.Context, from, to int64) ([][]byte, error) {
	var out [][]byte
	for i := from; i < to; i++ {
		e, ok := tx.entries[i]
		if !ok {
			e, ok = tx.m.entries[i]
		}
		if !ok {
			return nil, fmt.Errorf("no entry %d", i)
		}
		out = append(out, e)
	}
	return out, nil
}

// newLog is a log over a database, with a fresh key.
func newLog(t testing.TB, view func(context.Context, func(ledger.Tx) error) error) (*ledger.Log, note.Verifier) {
	t.Helper()
	signer, vkey, err := ledger.LoadKey(t.TempDir()+"/key", origin)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.ParseKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return &ledger.Log{Origin: origin, Signer: signer, Key: vkey, View: view}, v
}

// filed is an entry that differs for each n.
func filed(n int) verify.Entry {
	f := verify.Fingerprint([]byte(fmt.Sprint(n)))
	return verify.Entry{Kind: verify.KindNote, Time: 1794301320000, Note: &verify.Filed{Session: "S-1", Fingerprint: f, Size: n + 1, Root: f}}
}

func TestProofInTheSameTransaction(t *testing.T) {
	ctx := context.Background()
	m := new(memory)
	log, v := newLog(t, m.View)
	for n := range 20 {
		var b verify.Bundle
		err := m.Update(ctx, func(tx ledger.Tx) error {
			i, err := ledger.Append(ctx, tx, filed(n))
			if err != nil {
				return err
			}
			if i != int64(n) {
				t.Errorf("entry %d got index %d", n, i)
			}
			b, err = log.Prove(ctx, tx, i)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		e, c, err := b.Check(v)
		if err != nil || e.Note.Fingerprint != filed(n).Note.Fingerprint || c.Size != int64(n+1) {
			t.Errorf("entry %d: %v, log of %d", n, err, c.Size)
		}
		signed, err := log.Checkpoint(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := verify.OpenCheckpoint(signed, v); err != nil || got != c {
			t.Errorf("the checkpoint after the commit is %+v, %v; in the transaction it was %+v", got, err, c)
		}
	}
}

func TestEmptyLogHasACheckpoint(t *testing.T) {
	m := new(memory)
	log, v := newLog(t, m.View)
	signed, err := log.Checkpoint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if c, err := verify.OpenCheckpoint(signed, v); err != nil || c.Size != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}
