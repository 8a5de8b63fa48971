//go:build linux

package vault_test

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/vault"
)

// When the system refuses to lock memory, the error must tell an operator what to do, and the setting must work.
func TestLockRefused(t *testing.T) {
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: 64 << 10, Max: old.Max}); err != nil {
		t.Skip("this system does not let a test lower RLIMIT_MEMLOCK:", err)
	}
	defer unix.Setrlimit(unix.RLIMIT_MEMLOCK, &old)
	type result struct {
		refused error
		arena   *vault.Arena
		allowed error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread has lost a capability and must end with the goroutine
		dropLockCapability(t)
		var r result
		_, r.refused = vault.Open(vault.Options{})
		r.arena, r.allowed = vault.Open(vault.Options{Unlocked: true})
		done <- r
	}()
	r := <-done
	if !fault.Is(r.refused, fault.Unavailable) {
		t.Fatalf("Open gave %v, want Unavailable", r.refused)
	}
	for _, word := range []string{"6 MiB", "64 KiB", "RLIMIT_MEMLOCK", "LimitMEMLOCK", "ulimit -l", "--allow-unlocked-memory"} {
		if !strings.Contains(r.refused.Error(), word) {
			t.Errorf("the error does not name %s: %v", word, r.refused)
		}
	}
	if r.allowed != nil {
		t.Fatal(r.allowed)
	}
	if r.arena.Stats().Locked {
		t.Error("the arena says that it is locked")
	}
	if err := r.arena.Close(); err != nil {
		t.Error(err)
	}
}

func dropLockCapability(t *testing.T) {
	h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var d [2]unix.CapUserData
	if err := unix.Capget(&h, &d[0]); err != nil {
		t.Error(err)
	}
	d[0].Effective &^= 1 << unix.CAP_IPC_LOCK
	if err := unix.Capset(&h, &d[0]); err != nil {
		t.Error(err)
	}
}

// The end of a key brings two collections soon, and many ends bring no more than one pair in an interval.
func TestForget(t *testing.T) {
	const every = 200 * time.Millisecond
	a := open(t, vault.Options{ForgetEvery: every})
	collections := func() uint32 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.NumForcedGC
	}
	start, before := time.Now(), collections()
	for range 500 {
		key(t, a).End()
	}
	for collections() < before+2 {
		if time.Since(start) > 10*time.Second {
			t.Fatal("no collection came")
		}
		runtime.Gosched()
	}
	took := time.Since(start)
	if took < every {
		t.Errorf("the first collection came after %v, before a response under way could end", took)
	}
	pairs := uint32(took/every) + 1
	if n := collections() - before; n > 2*pairs {
		t.Errorf("%d collections in %v, want at most %d", n, took, 2*pairs)
	}
}

// The kernel has the arena as locked, left out of dumps, and wiped in children: flags lo, dd and wf of proc(5), smaps.
func TestKernelFlags(t *testing.T) {
	protected := func() (kib int) {
		b, err := os.ReadFile("/proc/self/smaps")
		if err != nil {
			t.Skip("this system has no smaps:", err)
		}
		size := 0
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			switch f[0] {
			case "Size:":
				size, _ = strconv.Atoi(f[1])
			case "VmFlags:":
				if slices.Contains(f, "lo") && slices.Contains(f, "dd") && slices.Contains(f, "wf") {
					kib += size
				}
			}
		}
		return kib
	}
	before := protected()
	a := open(t, vault.Options{})
	if got := protected() - before; got != 6<<10 {
		t.Errorf("%d KiB are protected, want %d", got, 6<<10)
	}
	for range a.Stats().Keys.Total + 1 { // the chunk for more keys too
		key(t, a)
	}
	if got := protected() - before; got != 6<<10+256 {
		t.Errorf("with more keys %d KiB are protected", got)
	}
}
