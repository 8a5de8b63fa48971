package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"winnow.org/winnow/internal/fault"
)

const (
	slotSize = 1 << 10   // bytes for one key: crypto/cipher's GCM with its schedule and tables is 760 on amd64
	growBy   = 256 << 10 // bytes mapped at a time when the slots are all taken
)

// Errors of a Key.
var (
	// ErrEnded is returned by Seal and Open once the key has ended: its session is over and its content destroyed.
	ErrEnded error = fault.New(fault.Gone, "This conversation has ended and its messages are destroyed")
	// ErrRoom is returned by Open if dst cannot hold the text. Nothing was opened.
	ErrRoom error = fault.New(fault.TooLarge, "This message is too large to be shown here").Because(errors.New("vault: no room to open"))
	// ErrForeign is returned by Open for what another key sealed, or for altered ciphertext.
	ErrForeign error = fault.New(fault.Internal, "This message cannot be opened").Because(errors.New("vault: authentication failed"))
)

// Key seals and opens the content of one chat session. Its methods may be called from any goroutine.
//
// crypto/cipher's GCM value holds the expanded key. It is plain data without pointers, so it is copied into a locked slot
// and used from there; the copies on the heap are wiped before NewKey returns. Nonces count up from one: a key is used by
// one Key value only and never stored, so a nonce cannot repeat.
type Key struct {
	arena *Arena
	mu    sync.RWMutex
	slot  []byte      // nil once ended
	aead  cipher.AEAD // points into slot
	count atomic.Uint64
}

// NewKey makes a random AES-256-GCM key in a locked slot. When all slots are taken it maps and locks more; the error
// is a [fault.Unavailable] if the system refuses.
func (a *Arena) NewKey() (*Key, error) {
	slot, err := a.takeSlot()
	if err != nil {
		return nil, err
	}
	k := &Key{arena: a, slot: slot}
	Scrub(func() { k.aead, err = expand(slot) })
	if err != nil {
		a.putSlot(k, slot)
		return nil, err
	}
	a.mu.Lock()
	closed := a.closed.Load()
	if !closed {
		a.keys[k] = struct{}{}
	}
	a.mu.Unlock()
	if closed {
		k.Drop()
		return nil, errClosed
	}
	return k, nil
}

// expand makes a key in slot and leaves there the AEAD that uses it.
func expand(slot []byte) (cipher.AEAD, error) {
	raw := slot[:32]
	if err := random(raw); err != nil {
		return nil, fault.New(fault.Unavailable, "The system has no random numbers").Because(err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	t := reflect.TypeOf(gcm).Elem()
	copy(slot, bytesOf(gcm)) // over the raw key
	wipe(bytesOf(gcm))
	wipe(bytesOf(block))
	return reflect.NewAt(t, unsafe.Pointer(unsafe.SliceData(slot))).Interface().(cipher.AEAD), nil
}

// bytesOf returns the memory that the pointer in v points to.
func bytesOf(v any) []byte {
	p := reflect.ValueOf(v)
	return unsafe.Slice((*byte)(p.UnsafePointer()), p.Type().Elem().Size())
}

// checkAEAD makes sure that this version of Go still keeps a GCM as plain data that fits a slot: otherwise a key would
// have copies that cannot be wiped, and the server must not start.
func checkAEAD() error {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return fault.New(fault.Internal, "This build cannot protect keys: AES-GCM is not available").Because(err)
	}
	for _, v := range []any{block, gcm} {
		t := reflect.TypeOf(v)
		if t.Kind() != reflect.Pointer || !plain(t.Elem()) || t.Elem().Size() > slotSize {
			return fault.New(fault.Internal, "This build cannot protect keys. Build Winnow with the Go version that go.mod names").
				Because(fmt.Errorf("vault: %v is not plain data of at most %d bytes", t, slotSize))
		}
	}
	return nil
}

// plain reports whether a type holds no pointers.
func plain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !plain(f.Type) {
				return false
			}
		}
		return true
	}
	return false
}

// Seal encrypts text. The result lies on the ordinary heap and tells nothing but its length. It returns ErrEnded after
// End. The caller keeps plain and wipes it.
func (k *Key) Seal(text []byte) (Sealed, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.slot == nil {
		return Sealed{}, ErrEnded
	}
	s := Sealed{n: k.count.Add(1)}
	nonce := s.nonce()
	out := make([]byte, 0, len(text)+k.aead.Overhead())
	Scrub(func() { s.c = k.aead.Seal(out, nonce[:], text, nil) })
	return s, nil
}

// Open appends the text of s to dst, which should be a buffer of the arena, and returns the longer slice. It never
// reallocates: without room the error is ErrRoom. It returns ErrEnded after End and ErrForeign if another key sealed s.
func (k *Key) Open(dst []byte, s Sealed) ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.slot == nil {
		return dst, ErrEnded
	}
	if s.IsZero() {
		return dst, ErrForeign
	}
	if cap(dst)-len(dst) < s.Len() {
		return dst, ErrRoom
	}
	nonce := s.nonce()
	var out []byte
	var err error
	Scrub(func() { out, err = k.aead.Open(dst, nonce[:], s.c, nil) })
	if err != nil {
		return dst, ErrForeign
	}
	return out, nil
}

// End destroys the key: it waits for operations that are under way, wipes the slot, and asks for Forget. Everything
// that the key sealed is noise from then on. Calling it again does nothing.
func (k *Key) End() {
	if k.drop() {
		k.arena.ends.Add(1)
		k.arena.Forget()
	}
}

// Drop destroys a key that served one response or one upload rather than a session: like End, but without Forget.
func (k *Key) Drop() { k.drop() }

func (k *Key) drop() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.slot == nil {
		return false
	}
	slot := k.slot
	k.slot, k.aead = nil, nil
	k.arena.putSlot(k, slot)
	return true
}

// Ends counts the keys that End has destroyed since the arena was opened. A response that takes long compares it
// to learn whether a session has ended since it began.
func (a *Arena) Ends() uint64 { return a.ends.Load() }

func (a *Arena) takeSlot() ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed.Load() {
		return nil, errClosed
	}
	if len(a.slots) == 0 {
		mem, locked, err := mapping(growBy, a.o.Unlocked)
		if err != nil {
			return nil, err
		}
		a.locked = a.locked && locked
		a.chunks = append(a.chunks, mem)
		for ; len(mem) >= slotSize; mem = mem[slotSize:] {
			a.slots = append(a.slots, mem[:slotSize:slotSize])
			a.total++
		}
	}
	slot := a.slots[len(a.slots)-1]
	a.slots = a.slots[:len(a.slots)-1]
	return slot, nil
}

// putSlot wipes a slot and gives it back. The caller has made sure that nobody uses it.
func (a *Arena) putSlot(k *Key, slot []byte) {
	wipe(slot)
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.keys, k)
	a.slots = append(a.slots, slot)
}

// Sealed is content as ciphertext: what everything outside a buffer of the arena holds. Without its key it is noise,
// and it prints as [sealed] however it is printed. The zero value is no content at all.
type Sealed struct {
	n uint64 // the nonce, counted by the key
	c []byte // ciphertext and tag
}

const tagSize = 16 // of AES-GCM, NIST SP 800-38D

func (s Sealed) nonce() (n [12]byte) {
	binary.BigEndian.PutUint64(n[4:], s.n)
	return n
}

// Len returns the length of the text in bytes.
func (s Sealed) Len() int { return max(0, len(s.c)-tagSize) }

// IsZero reports whether s is the zero value.
func (s Sealed) IsZero() bool { return s.c == nil }
