package drive_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"winnow.org/winnow/internal/drive"
	"winnow.org/winnow/internal/fault"
)

// small returns a file system with 64 kB of space.
func small(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("winnow", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("mounting needs root:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// as runs do as a user who is nobody in particular.
func as(t *testing.T, do func()) {
	t.Helper()
	if os.Getuid() != 0 {
		do()
		return
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0)
	do()
	syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0)
}

func refused(t *testing.T, err error, words string) {
	t.Helper()
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(fault.Say(err), words) {
		t.Errorf("error %v, want words with %q", err, words)
	}
	if err != nil && strings.Contains(err.Error(), "N-2026-0417") {
		t.Errorf("the file's name is in %q", err)
	}
}

func TestFullDrive(t *testing.T) {
	d := drive.Folder{Path: small(t)}
	refused(t, d.Put(t.Context(), folder, name, bytes.Repeat([]byte("x"), 100_000)), "is full")
	if all := files(t, d.Path); len(all) != 0 {
		t.Errorf("left behind: %q", all)
	}
	if err := d.Put(t.Context(), folder, name, bytes.Repeat([]byte("x"), 10_000)); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

func TestReadOnlyDrive(t *testing.T) {
	d := drive.Folder{Path: small(t)}
	if err := d.Put(t.Context(), folder, name, []byte("note")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("winnow", d.Path, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	refused(t, d.Put(t.Context(), folder, "another N-2026-0417", []byte("note")), "can only be read")
	refused(t, d.Put(t.Context(), "another", name, []byte("note")), "can only be read")
	if _, _, err := d.Check(t.Context(), folder, name); err != nil {
		t.Errorf("reading: %v", err)
	}
}

func TestForbiddenDrive(t *testing.T) {
	for _, story := range []struct {
		name   string
		locked string
	}{{"top", "."}, {"folder", folder}} {
		t.Run(story.name, func(t *testing.T) {
			d := drive.Folder{Path: t.TempDir()}
			dir := filepath.Join(d.Path, story.locked)
			if err := os.Chmod(filepath.Dir(d.Path), 0o755); err != nil { // or nobody in particular cannot even come here
				t.Fatal(err)
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o555); err != nil {
				t.Fatal(err)
			}
			as(t, func() { refused(t, d.Put(t.Context(), folder, name, []byte("note")), "may not write") })
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			as(t, func() {
				if err := d.Put(t.Context(), folder, name, []byte("note")); err != nil {
					t.Errorf("with the right to: %v", err)
				}
			})
		})
	}
}

func TestMissingDrive(t *testing.T) {
	d := drive.Folder{Path: filepath.Join(t.TempDir(), "share")}
	refused(t, d.Put(t.Context(), folder, name, []byte("note")), "is not there")
	if _, err := os.Stat(d.Path); !os.IsNotExist(err) {
		t.Errorf("the drive was made: %v", err)
	}
}

func TestFileWhereAFolderShouldBe(t *testing.T) {
	d := drive.Folder{Path: t.TempDir()}
	if err := os.WriteFile(filepath.Join(d.Path, "Resilience fund"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, d.Put(t.Context(), folder, name, []byte("note")), "a file stands")
}
