package vault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/vault"
)

func open(t testing.TB, o vault.Options) *vault.Arena {
	t.Helper()
	a, err := vault.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func key(t testing.TB, a *vault.Arena) *vault.Key {
	t.Helper()
	k, err := a.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestDefaultSize(t *testing.T) {
	s := open(t, vault.Options{}).Stats()
	if s.Keys.Total < 1000 || s.Small.Total < 200 || s.Large.Total < 10 || s.Scratch.Total < 10 {
		t.Errorf("the default arena is too small: %+v", s)
	}
	if s.Bytes > 7<<20 {
		t.Errorf("the default arena takes %d bytes, which the usual limit of 8 MiB would not bear", s.Bytes)
	}
	if !s.Locked {
		t.Error("the arena is not locked")
	}
}

func TestBufferIsWipedAndComesBack(t *testing.T) {
	a := open(t, vault.Options{Bytes: 512 << 10, Wait: time.Millisecond})
	total := a.Stats().Large.Total
	var all []*vault.Buf
	for range total {
		b, err := a.Get(t.Context(), vault.Large)
		if err != nil {
			t.Fatal(err)
		}
		b.B = append(b.B, "a word for nobody"...)
		all = append(all, b)
	}
	if _, err := a.Get(t.Context(), vault.Large); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a full class gave %v, want Unavailable", err)
	}
	if b, err := a.Get(t.Context(), vault.Scratch); err != nil {
		t.Errorf("Scratch must not depend on Large: %v", err)
	} else {
		b.Put()
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Get(gone, vault.Large); !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait gave %v", err)
	}
	for _, b := range all {
		b.Put()
		b.Put() // twice is once
	}
	if got := a.Stats().Large.Taken; got != 0 {
		t.Errorf("%d buffers taken after all were put back", got)
	}
	for range total {
		b, err := a.Get(t.Context(), vault.Large)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Put()
		if len(b.B) != 0 || cap(b.B) != vault.Large.Size() {
			t.Errorf("lent with length %d and capacity %d", len(b.B), cap(b.B))
		}
		if n := bytes.Count(b.B[:cap(b.B)], []byte{0}); n != cap(b.B) {
			t.Fatalf("a buffer was lent with %d bytes that are not zero", cap(b.B)-n)
		}
	}
}

func TestBufferGrownByMistakeIsWiped(t *testing.T) {
	a := open(t, vault.Options{})
	b, err := a.Get(t.Context(), vault.Small)
	if err != nil {
		t.Fatal(err)
	}
	b.B = append(b.B, make([]byte, vault.Small.Size())...)
	b.B = append(b.B, "moved to the heap"...)
	stray := b.B
	b.Put()
	if bytes.Contains(stray, []byte("moved")) {
		t.Error("text that an append moved to the heap was left there")
	}
}

func TestSealOpenEnd(t *testing.T) {
	a := open(t, vault.Options{})
	k, other := key(t, a), key(t, a)
	for _, text := range []string{"", "x", "the minister will decide", strings.Repeat("long ", 20_000)} {
		s, err := k.Seal([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() != len(text) || s.IsZero() {
			t.Errorf("Len %d, IsZero %v for %d bytes", s.Len(), s.IsZero(), len(text))
		}
		dst := append(make([]byte, 0, len(text)+2), "> "...)
		got, err := k.Open(dst, s)
		if err != nil || string(got) != "> "+text {
			t.Errorf("opened %d bytes, %v", len(got), err)
		}
		if len(text) > 0 {
			if got, err := k.Open(make([]byte, 0, len(text)-1), s); !errors.Is(err, vault.ErrRoom) || len(got) != 0 {
				t.Errorf("without room: %d bytes, %v", len(got), err)
			}
		}
		if _, err := other.Open(dst, s); !errors.Is(err, vault.ErrForeign) {
			t.Errorf("another key: %v", err)
		}
	}
	one, _ := k.Seal([]byte("same"))
	two, _ := k.Seal([]byte("same"))
	if fmt.Sprintf("%#v", one) != "[sealed]" || one.Len() != two.Len() {
		t.Error("sealed values are not alike")
	}
	if _, err := k.Open(nil, vault.Sealed{}); !errors.Is(err, vault.ErrForeign) {
		t.Errorf("the zero value: %v", err)
	}
	k.End()
	k.End()
	if _, err := k.Open(make([]byte, 0, 9), one); !errors.Is(err, vault.ErrEnded) || !fault.Is(err, fault.Gone) {
		t.Errorf("opened after the end: %v", err)
	}
	if _, err := k.Seal([]byte("late")); !errors.Is(err, vault.ErrEnded) {
		t.Errorf("sealed after the end: %v", err)
	}
	if n := a.Ends(); n != 1 {
		t.Errorf("Ends = %d, want 1", n)
	}
	other.Drop()
	if n := a.Ends(); n != 1 {
		t.Errorf("Drop counted as an end: %d", n)
	}
	if u := a.Stats().Keys; u.Taken != 0 {
		t.Errorf("%d slots taken after all keys ended", u.Taken)
	}
}

func TestMoreKeysThanSlots(t *testing.T) {
	a := open(t, vault.Options{Bytes: 512 << 10})
	first := a.Stats().Keys.Total
	sealed := map[*vault.Key]vault.Sealed{}
	for i := range first + 300 {
		k := key(t, a)
		s, err := k.Seal(fmt.Appendf(nil, "message %d", i))
		if err != nil {
			t.Fatal(err)
		}
		sealed[k] = s
	}
	if a.Stats().Keys.Total <= first {
		t.Error("no more slots were mapped")
	}
	for k, s := range sealed {
		if _, err := k.Open(make([]byte, 0, 64), s); err != nil {
			t.Fatal(err)
		}
		k.End()
	}
}

func TestSealedPrintsNothing(t *testing.T) {
	a := open(t, vault.Options{})
	k := key(t, a)
	s, err := k.Seal([]byte("who said what"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Get(t.Context(), vault.Small)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Put()
	b.B = append(b.B, "who said what"...)
	type event struct {
		Body vault.Sealed
		Many []vault.Sealed
	}
	e := event{s, []vault.Sealed{s}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", s, "b", e, "c", k, "d", b)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "a", s, "b", e, "c", k, "d", b)
	j, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, s); got != "[sealed]" {
			t.Errorf("%s prints %q", verb, got)
		}
		fmt.Fprintf(&log, verb, e)
		if got := fmt.Sprintf(verb, b); got != "[buffer]" {
			t.Errorf("%s prints %q for a buffer", verb, got)
		}
		if got := fmt.Sprintf(verb, k); got != "[key]" {
			t.Errorf("%s prints %q for a key", verb, got)
		}
	}
	all := log.String() + string(j)
	if !strings.Contains(all, "[sealed]") || strings.Contains(all, "said") || strings.Contains(all, "119 104") {
		t.Errorf("printed:\n%s", all)
	}
}

// Many goroutines seal, open and end the same keys: nothing may be opened after the end, and the race detector watches.
func TestManyAtOnce(t *testing.T) {
	a := open(t, vault.Options{ForgetEvery: time.Hour})
	for range 20 {
		k := key(t, a)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 50 {
					b, err := a.Get(t.Context(), vault.Small)
					if err != nil {
						t.Error(err)
						return
					}
					text := fmt.Appendf(nil, "%d %d", g, i)
					s, err := k.Seal(text)
					if err == nil {
						b.B, err = k.Open(b.B, s)
					}
					switch {
					case errors.Is(err, vault.ErrEnded):
					case err != nil:
						t.Error(err)
					case !bytes.Equal(b.B, text):
						t.Errorf("opened %q, sealed %q", b.B, text)
					}
					b.Put()
				}
			})
		}
		wg.Go(k.End)
		wg.Wait()
	}
}

func TestCloseWithBuffersOut(t *testing.T) {
	a, err := vault.Open(vault.Options{Bytes: 512 << 10})
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Get(t.Context(), vault.Small)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err == nil {
		t.Error("Close said nothing of a buffer that is still out")
	}
	b.B = append(b.B, "still mapped"...)
	b.Put()
	if _, err := k.Seal(nil); !errors.Is(err, vault.ErrEnded) {
		t.Errorf("a key outlived its arena: %v", err)
	}
	if _, err := a.Get(t.Context(), vault.Small); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Get on a closed arena: %v", err)
	}
	if _, err := a.NewKey(); !fault.Is(err, fault.Unavailable) {
		t.Errorf("NewKey on a closed arena: %v", err)
	}
}

func BenchmarkSeal300(b *testing.B) {
	a := open(b, vault.Options{})
	k := key(b, a)
	text := make([]byte, 300)
	for b.Loop() {
		if _, err := k.Seal(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen300(b *testing.B) {
	a := open(b, vault.Options{})
	k := key(b, a)
	s, err := k.Seal(make([]byte, 300))
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 300)
	for b.Loop() {
		if _, err := k.Open(dst, s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	a := open(b, vault.Options{})
	for b.Loop() {
		k, err := a.NewKey()
		if err != nil {
			b.Fatal(err)
		}
		k.Drop()
	}
}

func BenchmarkScrub(b *testing.B) {
	for b.Loop() {
		vault.Scrub(func() {})
	}
}
