package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/winnowtest"
	"winnow.org/winnow/verify"
)

var errBroken = errors.New("broken on purpose")

// brittle is a transaction of the real store that breaks at one step, after the step was done or instead of it.
type brittle struct {
	ledger.Tx
	step string
}

func (b brittle) try(step string, do func() error) error {
	if b.step == "instead of "+step {
		return errBroken
	}
	if err := do(); err != nil {
		return err
	}
	if b.step == "after "+step {
		return errBroken
	}
	return nil
}

func (b brittle) SetLedgerSize(ctx context.Context, n int64) error {
	return b.try("set size", func() error { return b.Tx.SetLedgerSize(ctx, n) })
}

func (b brittle) InsertLedgerHashes(ctx context.Context, first int64, h []tlog.Hash) error {
	return b.try("insert hashes", func() error { return b.Tx.InsertLedgerHashes(ctx, first, h) })
}

func (b brittle) InsertLedgerEntry(ctx context.Context, i int64, e []byte) error {
	return b.try("insert entry", func() error { return b.Tx.InsertLedgerEntry(ctx, i, e) })
}

func view(s *store.Store) func(context.Context, func(ledger.Tx) error) error {
	return func(ctx context.Context, f func(ledger.Tx) error) error {
		return s.View(ctx, func(tx *store.Tx) error { return f(tx) })
	}
}

// TestAppendAllOrNothing breaks every write, and the commit before and after it happened, and verifies the whole log
// after each.
func TestAppendAllOrNothing(t *testing.T) {
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		log, key := newLog(t, view(s))
		size := int64(0)
		for n := range 5 {
			for _, c := range []struct {
				step string
				kept bool
			}{
				{step: "instead of insert entry"}, {step: "after insert entry"}, {step: "instead of insert hashes"},
				{step: "after insert hashes"}, {step: "instead of set size"}, {step: "after set size"},
				{step: "the caller's own work after it"}, {step: store.Unpersisted}, {step: store.Persisted, kept: true},
				{step: "", kept: true},
			} {
				s.Fault = func(point string) error {
					if point == c.step {
						return errBroken
					}
					return nil
				}
				err := s.Update(ctx, func(tx *store.Tx) error {
					i, err := ledger.Append(ctx, brittle{tx, c.step}, filed(n))
					if err == nil && i != size {
						t.Errorf("%s: index %d, want %d", c.step, i, size)
					}
					if err == nil && c.step == "the caller's own work after it" {
						err = errBroken
					}
					return err
				})
				if (c.step == "") != (err == nil) || err != nil && !errors.Is(err, errBroken) {
					t.Fatalf("%s: %v", c.step, err)
				}
				s.Fault = nil
				if c.kept {
					size++
				}
				whole(t, log, key, size)
			}
		}
	})
}

func TestAppendInAHurry(t *testing.T) {
	const writers, each = 8, 10
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		log, key := newLog(t, view(s))
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for n := range each {
					err := s.Update(ctx, func(tx *store.Tx) error {
						if _, err := ledger.Append(ctx, tx, filed(w*each+n)); err != nil {
							return err
						}
						if n%5 == 4 {
							return errBroken
						}
						return nil
					})
					if err != nil && !errors.Is(err, errBroken) {
						t.Error(err)
					}
					// Readers meanwhile see a whole log of some size.
					if b, err := log.Checkpoint(ctx); err != nil {
						t.Error(err)
					} else if _, err := verify.OpenCheckpoint(b, key); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		whole(t, log, key, writers*each*4/5)
	})
}

// whole reads the log as a stranger does, through its tiles, and verifies every entry against the signed checkpoint.
func whole(t *testing.T, log *ledger.Log, key note.Verifier, size int64) {
	t.Helper()
	ctx := t.Context()
	signed, err := log.Read(ctx, "checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	c, err := verify.OpenCheckpoint(signed.Body, key)
	if err != nil {
		t.Fatal(err)
	}
	if c.Size != size {
		t.Fatalf("the log has %d entries, want %d", c.Size, size)
	}
	client, err := torchwood.NewClient(tiles{log})
	if err != nil {
		t.Fatal(err)
	}
	next := int64(0)
	for i, e := range client.AllEntries(ctx, tlog.Tree{N: c.Size, Hash: c.Root}, 0) {
		if _, err := verify.ParseEntry(e); err != nil || i != next {
			t.Errorf("entry %d (want %d): %v", i, next, err)
		}
		next++
	}
	if err := client.Err(); err != nil || next != size {
		t.Errorf("read %d of %d entries: %v", next, size, err)
	}
}

// tiles lets torchwood's client, which is not ours, read the log by its paths.
type tiles struct{ log *ledger.Log }

func (r tiles) ReadTiles(ctx context.Context, ts []tlog.Tile) (out [][]byte, err error) {
	for _, t := range ts {
		b, err := r.ReadEndpoint(ctx, torchwood.TilePath(t))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", torchwood.TilePath(t), err)
		}
		out = append(out, b)
	}
	return out, nil
}

func (r tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (r tiles) ReadEndpoint(ctx context.Context, path string) ([]byte, error) {
	res, err := r.log.Read(ctx, path)
	return res.Body, err
}
