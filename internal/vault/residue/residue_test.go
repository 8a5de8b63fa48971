//go:build linux

package residue_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"os"
	"runtime"
	"slices"
	"testing"
	"unicode/utf16"

	"winnow.org/winnow/internal/vault/residue"
)

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = 'a' + b[i]%26
	}
	return b
}

func TestForms(t *testing.T) {
	text := random(40)
	units := utf16.Encode([]rune(string(text)))
	le, be := make([]byte, 0, 80), make([]byte, 0, 80)
	for _, u := range units {
		le, be = append(le, byte(u), byte(u>>8)), append(be, byte(u>>8), byte(u))
	}
	b64 := func(skip int) []byte { return []byte(base64.StdEncoding.EncodeToString(text[skip:])) }
	for _, c := range []struct {
		name string
		mem  []byte
		form residue.Form
		none bool
	}{
		{"raw", text, residue.Raw, false},
		{"eight bytes of it", text[13:21], residue.Raw, false},
		{"seven bytes of it", text[13:20], residue.Raw, true},
		{"UTF-16LE", le, residue.UTF16LE, false},
		{"UTF-16BE", be, residue.UTF16BE, false},
		{"hex", []byte(hex.EncodeToString(text)), residue.Hex, false},
		{"base64", b64(0), residue.Base64, false},
		{"base64 one further", b64(1), residue.Base64, false},
		{"base64 two further", b64(2), residue.Base64, false},
		{"eleven characters of base64", b64(0)[:11], residue.Base64, true},
		{"other text", random(4000), residue.Raw, true},
	} {
		s := residue.New()
		s.Add(random(100))
		n := s.Add(text)
		var r residue.Result
		mem := append(bytes.Repeat([]byte{0}, 100), c.mem...)
		s.Bytes(&r, mem, len(mem), 0, "")
		if (r.Fragments == 0) != c.none {
			t.Errorf("%s: %d fragments", c.name, r.Fragments)
		}
		found := func(f residue.Find) bool { return f.Text == n && f.Form == c.form }
		if !c.none && (!slices.ContainsFunc(r.First, found) || r.Texts != 1) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

// A process finds what it holds, across the edges of pages and pieces.
func TestOwnMemory(t *testing.T) {
	s := residue.New()
	held := make([]byte, 3<<20)
	var at []int
	for i := 4096 - 20; i+64 < len(held); i += 61*4096 + 7 {
		copy(held[i:], random(64))
		s.Add(held[i : i+64])
		at = append(at, i)
	}
	r, err := s.Process(os.Getpid())
	if err != nil {
		t.Skip("this system does not let a process read its own memory:", err)
	}
	if r.Texts != len(at) || r.Fragments < len(at)*57 {
		t.Errorf("found %d of %d texts, %d fragments, in %d bytes", r.Texts, len(at), r.Fragments, r.Bytes)
	}
	runtime.KeepAlive(held)
	if r.Bytes < int64(len(held)) {
		t.Errorf("searched %d bytes only", r.Bytes)
	}
}
