package winnowtest

import (
	"os"
	"path/filepath"
	"testing"

	"winnow.org/winnow/internal/store"
)

// EachStore runs a test on a fresh SQLite database and on a fresh database of a real PostgreSQL. Without PostgreSQL's
// programs the test fails; with WINNOW_NO_POSTGRES=1 in the environment that half is skipped instead.
func EachStore(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachDatabase(t, func(t *testing.T, dsn string) { test(t, Open(t, dsn)) })
}

// EachDatabase is EachStore for tests that open the database themselves, or more than once.
func EachDatabase(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite returns the address of an SQLite database that does not exist yet and goes with the test.
func SQLite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "winnow.db") }

// Open opens a database and closes it when the test ends.
func Open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("close the database:", err)
		}
	})
	return s
}

// Postgres returns the address of an empty database with all tables, which is dropped when the test ends. The server behind
// it is started by the first call in a test process and goes with the process.
func Postgres(t testing.TB) string {
	t.Helper()
	if os.Getenv("WINNOW_NO_POSTGRES") == "1" {
		t.Skip("WINNOW_NO_POSTGRES is set")
	}
	c, err := postgres()
	if err != nil {
		t.Fatal(err)
	}
	name, err := c.create()
	if err != nil {
		t.Fatal("create a PostgreSQL database:", err)
	}
	t.Cleanup(func() {
		if err := c.drop(name); err != nil {
			t.Error("drop a PostgreSQL database:", err)
		}
	})
	return c.dsn(name)
}
