package drive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"winnow.org/winnow/internal/drive"
	"winnow.org/winnow/internal/fault"
)

const (
	folder = "Resilience fund/Round 2/Decisions"
	name   = "2026-11-10 N-2026-0417 Small-harbour cap raised to 400000.docx"
)

// files lists what is on a drive, folders left out.
func files(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			all = append(all, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPut(t *testing.T) {
	stories := []struct {
		name   string
		before string // what is there under the name
		put    string
		want   error
	}{
		{name: "new", put: "note"},
		{name: "same again", before: "note", put: "note"},
		{name: "another file in its place", before: "other", put: "note", want: fault.New(fault.Conflict, "")},
		{name: "half a file in its place", before: "no", put: "note", want: fault.New(fault.Conflict, "")},
		{name: "empty", put: ""},
		{name: "large", put: strings.Repeat("note ", 1<<20)},
	}
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			d := drive.Folder{Path: t.TempDir()}
			if st.before != "" {
				if err := d.Put(t.Context(), folder, name, []byte(st.before)); err != nil {
					t.Fatal(err)
				}
			}
			err := d.Put(t.Context(), folder, name, []byte(st.put))
			if (err == nil) != (st.want == nil) || (err != nil && fault.Of(err) != fault.Of(st.want)) {
				t.Fatalf("put: %v, want %v", err, st.want)
			}
			want := st.put
			if st.want != nil {
				want = st.before
			}
			sum, size, err := d.Check(t.Context(), folder, name)
			if err != nil || sum != sha256.Sum256([]byte(want)) || size != int64(len(want)) {
				t.Errorf("check: %x, %d bytes, %v", sum, size, err)
			}
			if all := files(t, d.Path); len(all) != 1 || all[0] != filepath.Join(folder, name) {
				t.Errorf("on the drive: %q", all)
			}
		})
	}
}

func TestPutAtTheTop(t *testing.T) {
	d := drive.Folder{Path: t.TempDir()}
	if err := d.Put(t.Context(), "", name, []byte("note")); err != nil {
		t.Fatal(err)
	}
	if all := files(t, d.Path); len(all) != 1 || all[0] != name {
		t.Errorf("on the drive: %q", all)
	}
}

// TestPutInAHurry has many writers for one name: one of them wins whole, the others hear of it.
func TestPutInAHurry(t *testing.T) {
	d := drive.Folder{Path: t.TempDir()}
	const writers = 16
	errs := make([]error, writers)
	data := func(n int) []byte { return bytes.Repeat([]byte(fmt.Sprint(n%4)), 100_000) }
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() { errs[n] = d.Put(t.Context(), folder, name, data(n)) })
	}
	wg.Wait()
	sum, _, err := d.Check(t.Context(), folder, name)
	if err != nil {
		t.Fatal(err)
	}
	for n, err := range errs {
		if won := sum == sha256.Sum256(data(n)); won && err != nil || !won && !fault.Is(err, fault.Conflict) {
			t.Errorf("writer %d: won %v, error %v", n, won, err)
		}
	}
	if all := files(t, d.Path); len(all) != 1 {
		t.Errorf("on the drive: %q", all)
	}
}

func TestNames(t *testing.T) {
	d := drive.Folder{Path: t.TempDir()}
	good := []struct{ folder, name string }{
		{"", "b"}, {"Ŵŷ/Łukasz Żółć", "Siân.docx"}, {"a b", "a.b.docx"}, {"Console", "Nullable.docx"}, {"a", "COM10.txt"},
		{"a", strings.Repeat("a", 240)}, {"a", "🙂.docx"},
	}
	for _, g := range good {
		if err := d.Put(t.Context(), g.folder, g.name, []byte("note")); err != nil {
			t.Errorf("%q %q: %v", g.folder, g.name, err)
		}
	}
	bad := []struct{ folder, name string }{
		{"", ""}, {"..", "a"}, {"a/..", "a"}, {"a/../..", "a"}, {"/etc", "a"}, {"a//b", "a"}, {"a/", "a"}, {"a/./b", "a"},
		{"a", ".."}, {"a", "../a"}, {"a", "a/b"}, {"a", `a\b`}, {`..\a`, "a"}, {"C:", "a"}, {"a", "a:b"}, {"a", "a\x00"},
		{"a", "a\nb"}, {"a\x7f", "b"}, {"a", "\u202excod.exe"}, {"a", "\xff"}, {"a", "NUL"}, {"a", "nul.docx"}, {"aux", "a"}, {"a", "com1.txt"},
		{"a", "LPT¹"}, {"a", "con .txt"}, {"a", "a."}, {"a", " a"}, {"a ", "a"}, {"a", ".a"}, {"a", "what?"}, {"a", strings.Repeat("a", 241)},
		{strings.Repeat("a/", 600) + "a", "a"},
	}
	before := len(files(t, d.Path))
	for _, b := range bad {
		if err := d.Put(t.Context(), b.folder, b.name, []byte("note")); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q %q: %v", b.folder, b.name, err)
		}
	}
	if after := len(files(t, d.Path)); after != before {
		t.Errorf("%d files, were %d", after, before)
	}
}

func TestLinksDoNotLeadOut(t *testing.T) {
	outside, d := t.TempDir(), drive.Folder{Path: t.TempDir()}
	if err := os.Symlink(outside, filepath.Join(d.Path, "a")); err != nil {
		t.Fatal(err)
	}
	if err := d.Put(t.Context(), "a", "b", []byte("note")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("put: %v", err)
	}
	if all := files(t, outside); len(all) != 0 {
		t.Errorf("outside: %q", all)
	}
}

func TestCheck(t *testing.T) {
	d := drive.Folder{Path: t.TempDir()}
	if _, _, err := d.Check(t.Context(), "a", "b"); !fault.Is(err, fault.NotFound) {
		t.Errorf("no file: %v", err)
	}
	if _, _, err := (drive.Folder{Path: filepath.Join(d.Path, "gone")}).Check(t.Context(), "a", "b"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no drive: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := d.Check(ctx, "a", "b"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
