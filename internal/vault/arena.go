package vault

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"winnow.org/winnow/internal/fault"
)

// Options says how much memory an [Arena] takes and how it behaves.
type Options struct {
	Bytes       int           // locked memory in bytes; 0 means 6 MiB, at least 512 KiB. Key slots beyond it are mapped on demand
	Unlocked    bool          // go on when the system refuses to lock memory: a setting that an operator chose
	ForgetEvery time.Duration // the least time between two runs of the garbage collector by Forget; 0 means 1 s
	Wait        time.Duration // how long Get waits for a buffer; 0 means 5 s
}

const (
	defaultBytes = 6 << 20
	leastBytes   = 512 << 10
)

// Class is a size of buffer. Sizes are fixed so that the arena cannot fragment.
type Class int

const (
	Small   Class = iota // 8 KiB: a piece of a response, an ordinary message
	Large                // 96 KiB: one Matrix event of 65,536 bytes and its escapes, or a web form
	Scratch              // as Large; a class of its own, so that holding one Large and one Scratch cannot deadlock
	classes
)

// Size returns the capacity in bytes of a buffer of the class.
func (c Class) Size() int {
	if c == Small {
		return 8 << 10
	}
	return 96 << 10
}

// Arena is locked memory, divided into buffers and key slots. Its methods may be called from any goroutine.
type Arena struct {
	o      Options
	locked bool
	mem    []byte
	free   [classes]chan []byte
	forget forgetter

	closed atomic.Bool

	mu     sync.Mutex
	chunks [][]byte // mapped for keys when the first slots were all taken
	slots  [][]byte // free key slots
	total  int      // key slots in all
	keys   map[*Key]struct{}
	ends   atomic.Uint64
}

// Open maps and locks an arena. The error is a [fault.Unavailable] that tells an operator the limit, what is needed and
// what to do, or a [fault.Invalid] if o asks for too little.
func Open(o Options) (*Arena, error) {
	if o.Bytes == 0 {
		o.Bytes = defaultBytes
	}
	if o.Bytes < leastBytes {
		return nil, fault.New(fault.Invalid, "Protected memory must be at least %s", mib(leastBytes))
	}
	if o.ForgetEvery <= 0 {
		o.ForgetEvery = time.Second
	}
	if o.Wait <= 0 {
		o.Wait = 5 * time.Second
	}
	if err := checkAEAD(); err != nil {
		return nil, err
	}
	page := unix.Getpagesize()
	o.Bytes = (o.Bytes + page - 1) / page * page
	mem, locked, err := mapping(o.Bytes, o.Unlocked)
	if err != nil {
		return nil, err
	}
	a := &Arena{o: o, locked: locked, mem: mem, keys: map[*Key]struct{}{}}
	a.forget.every = o.ForgetEvery

	// A quarter each for Large and Scratch, a sixth for keys, the rest for Small: with 6 MiB, 16, 16, 1,024 and 256.
	rest := mem
	cut := func(size int) []byte {
		b := rest[:size:size]
		rest = rest[size:]
		return b
	}
	for range o.Bytes / 6 / slotSize {
		a.slots = append(a.slots, cut(slotSize))
	}
	a.total = len(a.slots)
	for _, c := range []Class{Large, Scratch} {
		n := o.Bytes / 4 / c.Size()
		a.free[c] = make(chan []byte, n)
		for range n {
			a.free[c] <- cut(c.Size())
		}
	}
	n := len(rest) / Small.Size()
	a.free[Small] = make(chan []byte, n)
	for range n {
		a.free[Small] <- cut(Small.Size())
	}
	return a, nil
}

// Close wipes every key and all memory and gives it back to the system. If buffers are still lent out it wipes the
// keys only, keeps the memory mapped, so that their holders do not fault, and says so.
func (a *Arena) Close() error {
	a.mu.Lock()
	if a.closed.Swap(true) {
		a.mu.Unlock()
		return nil
	}
	live := make([]*Key, 0, len(a.keys))
	for k := range a.keys {
		live = append(live, k)
	}
	a.mu.Unlock()
	for _, k := range live {
		k.Drop()
	}
	a.forget.stop()

	lent := 0
	for c := range classes {
		lent += cap(a.free[c])
		for len(a.free[c]) > 0 {
			<-a.free[c]
			lent--
		}
	}
	if lent > 0 {
		return fault.New(fault.Internal, "Protected memory is still in use").Because(fmt.Errorf("vault: %d buffers not returned", lent))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range append(a.chunks, a.mem) {
		wipe(m)
		if err := unix.Munmap(m); err != nil {
			return err
		}
	}
	a.chunks, a.mem, a.slots = nil, nil, nil
	return nil
}

// Buf is a buffer of the arena on loan.
type Buf struct {
	B []byte // length 0 and fixed capacity when lent; an append destination that must never grow past its capacity

	mem   []byte
	class Class
	arena *Arena
	back  atomic.Bool
}

// Get lends a buffer of class c, empty and all zeros. It waits at most Options.Wait (5 s), and not longer than ctx
// allows; then the error is a [fault.Unavailable].
func (a *Arena) Get(ctx context.Context, c Class) (*Buf, error) {
	if a.closed.Load() {
		return nil, errClosed
	}
	select {
	case m := <-a.free[c]:
		return a.lend(m, c), nil
	default:
	}
	t := time.NewTimer(a.o.Wait)
	defer t.Stop()
	var cause error
	select {
	case m := <-a.free[c]:
		return a.lend(m, c), nil
	case <-ctx.Done():
		cause = ctx.Err()
	case <-t.C:
		cause = context.DeadlineExceeded
	}
	return nil, fault.New(fault.Unavailable, "The service is busy. Nothing was lost. Try again in a few seconds").
		Because(fmt.Errorf("vault: no free buffer of %d bytes: %w", c.Size(), cause))
}

func (a *Arena) lend(m []byte, c Class) *Buf {
	return &Buf{B: m[:0], mem: m, class: c, arena: a}
}

// Put wipes the buffer and gives it back. It is safe to call twice, and on nil; B must not be used afterwards.
func (b *Buf) Put() {
	if b == nil || !b.back.CompareAndSwap(false, true) {
		return
	}
	// An append past the capacity has moved the text to the heap: a mistake of the holder. Wipe what can be wiped.
	if over := b.B[:cap(b.B)]; len(over) > 0 && !within(over, b.mem) {
		wipe(over)
	}
	m := b.mem
	b.B, b.mem = nil, nil
	wipe(m)
	b.arena.free[b.class] <- m
}

// within reports whether b starts inside mem.
func within(b, mem []byte) bool {
	p, q := uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(unsafe.Pointer(unsafe.SliceData(mem)))
	return p >= q && p < q+uintptr(cap(mem))
}

// Use is how much of something is taken.
type Use struct{ Taken, Total int }

// Stats counts what an arena holds, for health pages and benchmarks.
type Stats struct {
	Locked                      bool // the system locked the memory
	Bytes                       int  // mapped in all
	Keys, Small, Large, Scratch Use
}

// Stats returns counts only, as they are at this moment.
func (a *Arena) Stats() Stats {
	var s Stats
	for c, u := range map[Class]*Use{Small: &s.Small, Large: &s.Large, Scratch: &s.Scratch} {
		*u = Use{Taken: cap(a.free[c]) - len(a.free[c]), Total: cap(a.free[c])}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s.Locked = a.locked
	s.Bytes = len(a.mem)
	for _, c := range a.chunks {
		s.Bytes += len(c)
	}
	s.Keys = Use{Taken: a.total - len(a.slots), Total: a.total}
	return s
}
