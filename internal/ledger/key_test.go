package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/verify"
)

func TestKeyIsMadeOnceAndStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.key")
	keys := make([]string, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			_, vkey, err := ledger.LoadKey(path, origin)
			if err != nil {
				t.Error(err)
			}
			keys[i] = vkey
		})
	}
	wg.Wait()
	signer, vkey, err := ledger.LoadKey(path, origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k != vkey {
			t.Errorf("two keys: %s and %s", k, vkey)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("left beside the key: %v", files)
	}

	// The public key is that of the signer.
	v, err := verify.ParseKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "x\n"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(v)); err != nil {
		t.Error(err)
	}
}

func TestKeyThatIsRefused(t *testing.T) {
	good := filepath.Join(t.TempDir(), "key")
	if _, _, err := ledger.LoadKey(good, origin); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, origin, words string
		data                []byte
		mode                os.FileMode
	}{
		{"empty", origin, "Restore it from a backup", nil, 0o600},
		{"cut off", origin, "Restore it from a backup", key[:len(key)/2], 0o600},
		{"damaged", origin, "Restore it from a backup", bytes.Replace(key, key[len(key)-6:len(key)-4], []byte("00"), 1), 0o600},
		{"another log's", "other.example/log", "Set the right key file or the right name", key, 0o600},
		{"open to others", origin, "chmod 600", key, 0o640},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, c.data, c.mode); err != nil {
			t.Fatal(err)
		}
		_, _, err := ledger.LoadKey(path, c.origin)
		if err == nil || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && bytes.Contains([]byte(err.Error()), bytes.TrimSpace(key)[len(key)-30:]) {
			t.Errorf("%s: the error tells the key", c.name)
		}
		if now, _ := os.ReadFile(path); !bytes.Equal(now, c.data) {
			t.Errorf("%s: the file was changed", c.name)
		}
	}
	if _, _, err := ledger.LoadKey(t.TempDir(), origin); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a directory: %v", err)
	}
	if _, _, err := ledger.LoadKey(filepath.Join(t.TempDir(), "no", "key"), origin); err == nil {
		t.Error("no directory: accepted")
	}
	if _, _, err := ledger.LoadKey(filepath.Join(t.TempDir(), "key"), "a b"); err == nil {
		t.Error("a name with a space: accepted")
	}
}
