package vault

import (
	"runtime"
	"sync"
	"time"
)

// Forget asks for two runs of the garbage collector, so that dead heap which text has passed through is freed and (with
// GODEBUG=clobberfree=1, see package harden) overwritten. The one known holder is crypto/tls: a TLS 1.3 record that
// outgrows its buffer leaves plaintext in the smaller one. Everything else is wiped where it stands.
//
// The first run comes one interval (Options.ForgetEvery, 1 s) after the call; a second one after seven, when every write
// that was under way has met its deadline. There is never more than one run per interval, and a later call does not push
// an earlier one back. Forget does not wait.
func (a *Arena) Forget() {
	a.forget.after(1)
	a.forget.after(7)
}

// forgetter runs the collector on ticks of a fixed length, each at most once.
type forgetter struct {
	every time.Duration

	mu      sync.Mutex
	stopped bool
	ticks   map[int64]*time.Timer
	run     sync.Mutex // one run at a time
}

// after asks for a run at the first tick that is at least n intervals away.
func (f *forgetter) after(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now().UnixNano()
	tick := (now+int64(f.every)-1)/int64(f.every) + n
	if f.stopped || f.ticks[tick] != nil {
		return
	}
	if f.ticks == nil {
		f.ticks = map[int64]*time.Timer{}
	}
	f.ticks[tick] = time.AfterFunc(time.Duration(tick*int64(f.every)-now), func() {
		f.mu.Lock()
		delete(f.ticks, tick)
		f.mu.Unlock()
		f.run.Lock()
		defer f.run.Unlock()
		runtime.GC() // finishes the sweep of the cycle before, marks and sweeps
		runtime.GC() // frees what pools (sync.Pool) kept as victims during the first
	})
}

func (f *forgetter) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	for _, t := range f.ticks {
		t.Stop()
	}
}
