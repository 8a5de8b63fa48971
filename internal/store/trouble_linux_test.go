package store_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/store"
)

// small returns a file system with 2 MB of space.
func small(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("winnow", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("mounting needs root:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestFullDisk writes until the disk is full. What was acknowledged stays, and nothing else.
func TestFullDisk(t *testing.T) {
	dsn := "sqlite:" + filepath.Join(small(t), "winnow.db")
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for ; err == nil && acknowledged < 1000; acknowledged++ {
		err = s.Update(t.Context(), func(tx *store.Tx) error {
			return next(t.Context(), tx, bytes.Repeat([]byte("x"), 20_000))
		})
	}
	acknowledged-- // the last one was not
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Say(err), "disk is full") {
		t.Errorf("after %d entries: %v", acknowledged, err)
	}
	if all, size := entries(t, s); len(all) != acknowledged || size != acknowledged || acknowledged == 0 {
		t.Errorf("%d entries and size %d, want %d", len(all), size, acknowledged)
	}
	s.Close() // may complain that the log cannot be emptied
}

func TestReadOnlyDisk(t *testing.T) {
	dir := small(t)
	dsn := "sqlite:" + filepath.Join(dir, "winnow.db")
	s, err := store.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("winnow", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if s, err = store.Open(t.Context(), dsn); err == nil {
		s.Close()
	}
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Say(err), "cannot be written") {
		t.Errorf("error %v", err)
	}
}
