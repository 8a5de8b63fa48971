package vault

import (
	"crypto/rand"
	"unsafe"

	"golang.org/x/sys/unix"
)

// advise keeps mem out of core dumps and hides it from forked children.
func advise(mem []byte) error {
	if err := unix.Madvise(mem, unix.MADV_DONTDUMP); err != nil {
		return err
	}
	return unix.Madvise(mem, unix.MADV_WIPEONFORK)
}

// random fills b by the getrandom(2) system call itself. crypto/rand and x/sys/unix go through the vDSO, whose generator
// state lies in ordinary memory and was seen to leave key bytes on a scheduler stack.
func random(b []byte) error {
	for len(b) > 0 {
		n, _, errno := unix.Syscall(unix.SYS_GETRANDOM, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0)
		switch errno {
		case 0:
			b = b[n:]
		case unix.EINTR:
		case unix.ENOSYS:
			_, err := rand.Read(b)
			return err
		default:
			return errno
		}
	}
	return nil
}
