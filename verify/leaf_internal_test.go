package verify

import (
	"crypto/sha256"
	"reflect"
	"strings"
	"testing"
)

// TestOverwrite looks into the hash's buffer, where the end of what was hashed would stay.
func TestOverwrite(t *testing.T) {
	for n := range 130 {
		h := sha256.New()
		field(h, []byte(strings.Repeat("s", n)))
		h.Sum(nil)
		overwrite(h)
		buffer := reflect.ValueOf(h).Elem().FieldByName("x")
		if buffer.Len() != sha256.BlockSize {
			t.Fatal("crypto/sha256 has another buffer now: see what overwrite must do")
		}
		for i := range buffer.Len() {
			if buffer.Index(i).Uint() != 0 {
				t.Fatalf("after %d bytes, byte %d of the buffer is left", n, i)
			}
		}
	}
}

func BenchmarkLeaf(b *testing.B) {
	salt, content := make([]byte, 32), make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		Leaf(salt, "abcdefghijklmnop", 5, "@a:example.org", 1794301320000, "m.room.message", content)
	}
}

func BenchmarkTreeAppend(b *testing.B) {
	var t Tree
	b.ReportAllocs()
	for b.Loop() {
		t.Append([32]byte{1})
	}
}
