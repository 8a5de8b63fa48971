package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/winnowtest"
)

// next adds an entry at the end of the ledger by reading where the end is and then writing there: the transaction that goes
// wrong if two of them overlap.
func next(ctx context.Context, tx *store.Tx, entry []byte) error {
	var size int64
	if err := tx.QueryRow(ctx, []any{&size}, `select size from ledger_head`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `insert into ledger_entry (idx, entry) values ($1, $2)`, size, entry); err != nil {
		return err
	}
	return tx.ExecOne(ctx, `update ledger_head set size = $1`, size+1)
}

// entries returns all entries in order, and the recorded size.
func entries(t *testing.T, s *store.Store) (all []string, size int) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) error {
		all = nil
		err := tx.Query(t.Context(), func(scan func(...any) error) error {
			var e []byte
			defer func() { all = append(all, string(e)) }()
			return scan(&e)
		}, `select entry from ledger_entry order by idx`)
		if err != nil {
			return err
		}
		return tx.QueryRow(t.Context(), []any{&size}, `select size from ledger_head`)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, size
}

func TestUpdate(t *testing.T) {
	refused := fault.New(fault.Held, "A notice forbids it")
	stories := []struct {
		name  string
		fault string // the point that fails
		do    error  // what the function returns
		want  error
		kept  int
	}{
		{name: "commits", kept: 1},
		{name: "function refuses", do: refused, want: refused},
		{name: "fails before the commit", fault: store.Unpersisted, want: errBroken},
		{name: "fails after the commit", fault: store.Persisted, want: errBroken, kept: 1},
	}
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
				s.Fault = func(point string) error {
					if point == st.fault {
						return errBroken
					}
					return nil
				}
				err := s.Update(t.Context(), func(tx *store.Tx) error {
					if err := next(t.Context(), tx, []byte("a")); err != nil {
						return err
					}
					return st.do
				})
				if !errors.Is(err, st.want) {
					t.Errorf("error %v, want %v", err, st.want)
				}
				if all, size := entries(t, s); len(all) != st.kept || size != st.kept {
					t.Errorf("%d entries and size %d, want %d", len(all), size, st.kept)
				}
			})
		})
	}
}

var errBroken = errors.New("broken by the test")

func TestUpdatesInAHurry(t *testing.T) {
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		const writers, each = 16, 10
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for n := range each {
					err := s.Update(t.Context(), func(tx *store.Tx) error {
						return next(t.Context(), tx, fmt.Appendf(nil, "%d-%d", w, n))
					})
					if err != nil {
						t.Errorf("writer %d: %v", w, err)
					}
					entriesAgree(t, s)
				}
			})
		}
		wg.Wait()
		if all, size := entries(t, s); len(all) != writers*each || size != writers*each {
			t.Errorf("%d entries and size %d, want %d", len(all), size, writers*each)
		}
	})
}

// entriesAgree checks that a view sees one state: never an entry without the size that counts it.
func entriesAgree(t *testing.T, s *store.Store) {
	err := s.View(t.Context(), func(tx *store.Tx) error {
		var size, count int
		if err := tx.QueryRow(t.Context(), []any{&size}, `select size from ledger_head`); err != nil {
			return err
		}
		if err := tx.QueryRow(t.Context(), []any{&count}, `select count(*) from ledger_entry`); err != nil {
			return err
		}
		if size != count {
			t.Errorf("a view saw size %d and %d entries", size, count)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestKindsOfError(t *testing.T) {
	type name string // as the identifiers of package id are
	stories := []struct {
		name string
		do   func(context.Context, *store.Tx) error
		want fault.Kind
	}{
		{"no row", func(ctx context.Context, tx *store.Tx) error {
			var e []byte
			return tx.QueryRow(ctx, []any{&e}, `select entry from ledger_entry where idx = $1`, 7)
		}, fault.NotFound},
		{"nothing to change", func(ctx context.Context, tx *store.Tx) error {
			return tx.ExecOne(ctx, `update ledger_entry set entry = $1 where idx = $2`, []byte("x"), 7)
		}, fault.NotFound},
		{"there already", func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `insert into ledger_entry (idx, entry) values ($1, $2)`, 7, []byte("x")); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `insert into ledger_entry (idx, entry) values ($1, $2)`, 7, []byte("y"))
			return err
		}, fault.Conflict},
		{"a zero byte in text", func(ctx context.Context, tx *store.Tx) error {
			var n int
			return tx.QueryRow(ctx, []any{&n}, `select 1 where $1 = 'a'`, name("a\x00"))
		}, fault.Invalid},
		{"text that is not UTF-8", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `update ledger_head set size = size where $1 = 'a'`, "a\xff")
			return err
		}, fault.Invalid},
		{"not our error", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `insert into ledger_entry (idx) values (1)`)
			return err
		}, fault.Internal},
	}
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
				err := s.Update(t.Context(), func(tx *store.Tx) error { return st.do(t.Context(), tx) })
				if err == nil || fault.Of(err) != st.want {
					t.Errorf("error %v of kind %v, want kind %v", err, fault.Of(err), st.want)
				}
				if all, _ := entries(t, s); len(all) != 0 {
					t.Errorf("%q was kept", all)
				}
			})
		})
	}
}

func TestViewOnlyReads(t *testing.T) {
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		err := s.View(t.Context(), func(tx *store.Tx) error { return next(t.Context(), tx, []byte("a")) })
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("a view that writes: %v", err)
		}
	})
}

func TestContextEndsTheWait(t *testing.T) {
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Update(t.Context(), func(*store.Tx) error {
			cancel() // while we hold the only writing transaction, another one cannot begin and must not wait for ever
			if err := s.Update(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
				t.Errorf("the second update: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestViewsDoNotWait has a view begin while one update is under way and many others wait for it.
func TestViewsDoNotWait(t *testing.T) {
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		var waiting sync.WaitGroup
		err := s.Update(t.Context(), func(*store.Tx) error {
			for range 50 {
				waiting.Go(func() {
					if err := s.Update(t.Context(), func(tx *store.Tx) error { return next(t.Context(), tx, []byte("a")) }); err != nil {
						t.Error(err)
					}
				})
			}
			for range 20 {
				entriesAgree(t, s)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		waiting.Wait()
		if all, _ := entries(t, s); len(all) != 50 {
			t.Errorf("%d entries, want 50", len(all))
		}
	})
}
