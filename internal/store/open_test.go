package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/winnowtest"
)

func TestOpenKeepsWhatWasThere(t *testing.T) {
	winnowtest.EachDatabase(t, func(t *testing.T, dsn string) {
		for n := range 3 {
			s, err := store.Open(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			if all, size := entries(t, s); len(all) != n || size != n {
				t.Errorf("opened %d times before: %d entries, size %d", n, len(all), size)
			}
			err = s.Update(t.Context(), func(tx *store.Tx) error { return next(t.Context(), tx, []byte("a")) })
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, data []byte) string {
		t.Helper()
		if err := os.WriteFile(path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return "sqlite:" + path(name)
	}
	stories := []struct {
		name, dsn string
		kind      fault.Kind
		words     string
	}{
		{"no such engine", "mysql://localhost/winnow", fault.Invalid, "sqlite:PATH"},
		{"no path", "sqlite:", fault.Invalid, "sqlite:PATH"},
		{"no such folder", "sqlite:" + path("nowhere/winnow.db"), fault.Unavailable, "does not exist. Create it"},
		{"a folder", "sqlite:" + dir, fault.Unavailable, "cannot be written"},
		{"not a database", write("text.db", bytes.Repeat([]byte("This is a text.\n"), 500)), fault.Unavailable, "damaged"},
		{"half a database", write("half.db", half(t)), fault.Unavailable, "damaged"},
		{"address in pieces", "postgres://winnow:secret%zz@localhost/winnow", fault.Invalid, "not understood"},
		{"nobody there", "postgres://winnow:secret@127.0.0.1:1/winnow", fault.Unavailable, "cannot be reached"},
	}
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			s, err := store.Open(t.Context(), st.dsn)
			if err == nil {
				s.Close()
				t.Fatal("opened")
			}
			if fault.Of(err) != st.kind || !strings.Contains(fault.Say(err), st.words) {
				t.Errorf("kind %v, words %q", fault.Of(err), fault.Say(err))
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the password is in %q", err)
			}
		})
	}
}

// half returns a database file whose second half is lost.
func half(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole.db")
	s := winnowtest.Open(t, "sqlite:"+path)
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		for range 50 {
			if err := next(t.Context(), tx, bytes.Repeat([]byte("x"), 1000)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = s.Checkpoint(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data[:len(data)/2/4096*4096]
}

func TestOpenRefusesNewerDatabase(t *testing.T) {
	winnowtest.EachDatabase(t, func(t *testing.T, dsn string) {
		s, err := store.Open(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), func(tx *store.Tx) error {
			return tx.ExecOne(t.Context(), `insert into schema_version (version_id, is_applied) values ($1, $2)`, 4711, true)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = store.Open(t.Context(), dsn)
		if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Say(err), "version 4711") || !strings.Contains(fault.Say(err), "versions up to ") {
			t.Errorf("error %v", err)
		}
	})
}

// TestErased writes, deletes and looks at the bytes on the disk.
func TestErased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "winnow.db")
	s := winnowtest.Open(t, "sqlite:"+path)
	secret := []byte("7d1c90be44f2a85e")
	update := func(do func(tx *store.Tx) error) {
		t.Helper()
		if err := s.Update(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx *store.Tx) error { return next(t.Context(), tx, secret) })
	if !onDisk(t, path, secret) {
		t.Fatal("what was committed is not on the disk, so this test shows nothing")
	}
	update(func(tx *store.Tx) error { return tx.ExecOne(t.Context(), `delete from ledger_entry`) })
	if err := s.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, path, secret) {
		t.Error("what was deleted is still on the disk")
	}
}

func onDisk(t *testing.T, path string, what []byte) bool {
	t.Helper()
	found := false
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		data, err := os.ReadFile(f)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		found = found || bytes.Contains(data, what)
	}
	return found
}
