package ledger_test

import (
	"context"
	"strings"
	"testing"

	"filippo.io/torchwood"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/ledger"
)

func TestParseTile(t *testing.T) {
	for path, want := range map[string]struct {
		l    int
		n    int64
		w    int
		good bool
	}{
		"tile/0/000":                {0, 0, 256, true},
		"tile/0/x001/234.p/5":       {0, 1234, 5, true},
		"tile/7/000.p/1":            {7, 0, 1, true},
		"tile/entries/000":          {-1, 0, 256, true},
		"tile/entries/x001/234.p/5": {-1, 1234, 5, true},
		"tile/8/000":                {},
		"tile/data/000":             {},
		"tile/0/0":                  {},
		"tile/0/000.p/0":            {},
		"tile/0/000.p/256":          {},
		"tile/0/000.p/+5":           {},
		"tile/0/x000/001":           {},
		"tile/00/000":               {},
		"tile/-1/000":               {},
		"tile/0/000/":               {},
		"/tile/0/000":               {},
		"tile/0/../000":             {},
		"tile/0/x999/x999/x999/x999/x999/x999/999": {},
		"tile/7/001":   {},
		"tile/entries": {},
		"tile":         {},
		"":             {},
	} {
		got, err := ledger.ParseTile(path)
		if (err == nil) != want.good {
			t.Errorf("%s: %+v, %v", path, got, err)
		} else if err != nil && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v is not a fault.NotFound", path, err)
		} else if err == nil && (got.L != want.l || got.N != want.n || got.W != want.w || got.H != 8) {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func FuzzParseTile(f *testing.F) {
	for _, s := range []string{"tile/0/x001/234.p/5", "tile/entries/000", "tile/7/000", "checkpoint"} {
		f.Add(s)
	}
	log, _ := newLog(f, longLog(f, 1).View)
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ledger.ParseTile(path)
		if err == nil && torchwood.TilePath(tile) != path {
			t.Errorf("%q has two forms: %q", path, torchwood.TilePath(tile))
		}
		if _, err := log.Read(context.Background(), path); err != nil && !fault.Is(err, fault.NotFound) {
			t.Errorf("%q: %v", path, err)
		}
	})
}

// longLog is a database in memory with a log of so many entries.
func longLog(t testing.TB, size int) *memory {
	t.Helper()
	m := new(memory)
	err := m.Update(context.Background(), func(tx ledger.Tx) error {
		for n := range size {
			if _, err := ledger.Append(context.Background(), tx, filed(n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTiles(t *testing.T) {
	for _, size := range []int{0, 1, 255, 256, 257, 700} {
		log, key := newLog(t, longLog(t, size).View)
		whole(t, log, key, int64(size))
	}

	log, _ := newLog(t, longLog(t, 700).View)
	for path, bytes := range map[string]int{
		"tile/0/000": 256 * 32, "tile/0/000.p/3": 3 * 32, "tile/0/002.p/188": 188 * 32, "tile/1/000.p/2": 2 * 32,
		"tile/0/002.p/189": 0, "tile/0/002": 0, "tile/0/003": 0, "tile/1/000.p/3": 0, "tile/1/000": 0, "tile/2/000.p/1": 0,
		"tile/entries/002": 0, "tile/entries/003": 0, "tile/entries/x999/x999/x999/x999/x999/999": 0, "other": 0,
	} {
		r, err := log.Read(t.Context(), path)
		if (bytes == 0) != fault.Is(err, fault.NotFound) || len(r.Body) != bytes {
			t.Errorf("%s: %d bytes, %v", path, len(r.Body), err)
		}
		if bytes > 0 && !r.Immutable {
			t.Errorf("%s may not be kept", path)
		}
	}
	r, err := log.Read(t.Context(), "checkpoint")
	if err != nil || r.Immutable || !strings.HasPrefix(string(r.Body), origin+"\n700\n") {
		t.Errorf("%+v, %v", r, err)
	}
}
