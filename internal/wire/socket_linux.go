package wire

import (
	"net"

	"golang.org/x/sys/unix"
)

// unsent is how many bytes the kernel may queue on a connection beyond what is on its way to the peer.
const unsent = 128 << 10

// short keeps the kernel's queue of a connection short. The queue is out of our reach, and would otherwise take up to
// some megabytes of text for a peer that does not read (plain HTTP; with TLS it is ciphertext). A full queue
// also wakes its writer only when a third of it has drained, so that with a long one a slow but honest peer would seem to stall.
func short(c net.Conn) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	if raw, err := t.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent) })
	}
}
