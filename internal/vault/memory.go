package vault

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"winnow.org/winnow/internal/fault"
)

// mapping maps size bytes of zeroed memory outside the Go heap. It is locked (mlock(2)), left out of core dumps and
// zero in a forked child (madvise(2)). With unlocked set, a refused lock is accepted and locked is false.
//
// mlockall(2) is deliberately not used: it would count the whole address space that Go reserves.
func mapping(size int, unlocked bool) (mem []byte, locked bool, err error) {
	mem, err = unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, false, fault.New(fault.Unavailable, "The system has no %s of memory left for protected buffers", mib(size)).Because(err)
	}
	if err := advise(mem); err != nil {
		unix.Munmap(mem)
		return nil, false, fault.New(fault.Internal, "The system cannot keep protected memory out of core dumps").Because(err)
	}
	switch err := unix.Mlock(mem); {
	case err == nil:
		locked = true
	case !unlocked:
		unix.Munmap(mem)
		return nil, false, lockRefused(size, err)
	}
	return mem, locked, nil
}

// lockRefused explains what an operator can do.
func lockRefused(size int, cause error) error {
	limit := "unknown"
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &r) == nil {
		limit = mib(int(min(r.Cur, 1<<50)))
	}
	return fault.New(fault.Unavailable,
		"The system refused to lock %s of memory, so keys and messages could be written to the swap file. "+
			"The limit on locked memory (RLIMIT_MEMLOCK) is %s. Raise it: LimitMEMLOCK=64M in the systemd unit, or ulimit -l 65536 "+
			"in the shell. If this machine has no swap, --allow-unlocked-memory goes on without locking",
		mib(size), limit).Because(cause)
}

func mib(n int) string {
	switch {
	case n >= 1<<40:
		return "unlimited"
	case n%(1<<20) == 0 && n > 0:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// wipe overwrites b with zeros. It is not inlined, so that no compiler can show the stores to be dead.
//
//go:noinline
func wipe(b []byte) { clear(b) }

var errClosed = fault.New(fault.Unavailable, "The service is stopping. Try again in a minute").Because(errors.New("vault: arena closed"))
