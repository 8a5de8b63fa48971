package wire

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// CloseWrite tells the peer that no more will come, while what it sends may still be read (net/http asks for it after
// errors, so that the peer sees the answer before the connection is reset).
func (c *conn) CloseWrite() error {
	if c.tls != nil && c.shook.Load() {
		c.tls.CloseWrite()
	}
	if t, ok := c.sock.(interface{ CloseWrite() error }); ok {
		return t.CloseWrite()
	}
	return nil
}

// Close wipes all that the connection holds and closes it. If the peer was cut off while it was still sending, its
// data is read and dropped for half a second, so that the answer is not lost in a reset.
func (c *conn) Close() (err error) {
	c.close.Do(func() {
		c.mu.Lock()
		cut := c.dead
		c.mu.Unlock()
		if c.tls == nil || c.shook.Load() {
			c.kill()
		}
		if cut && !c.s.closing.Load() {
			c.CloseWrite()
			c.linger()
		}
		if c.tls != nil && !c.mute.Load() && !cut && c.shook.Load() && !c.s.closing.Load() {
			err = c.tls.Close() // tells the peer
			return
		}
		err = c.sock.Close()
	})
	return err
}

// linger reads and drops what the peer still sends: of TLS the ciphertext.
func (c *conn) linger() {
	c.sock.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	var b [2048]byte
	for {
		n, err := c.sock.Read(b[:])
		clear(b[:n])
		if err != nil {
			return
		}
	}
}

// handshakeError turns errors of crypto/tls into the end of the connection: net/http would answer them. A peer that speaks
// HTTP without TLS is told so.
func (c *conn) handshakeError(err error) error {
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) && plain.Conn != nil {
		for _, s := range starts {
			if s[:5] == string(plain.RecordHeader[:]) {
				c.mute.Store(true)
				c.sock.SetWriteDeadline(time.Now().Add(c.s.c.WriteTimeout))
				io.WriteString(c.sock, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nThis address needs https.\n")
				break
			}
		}
		return io.EOF
	}
	var n net.Error
	if err == nil || errors.As(err, &n) {
		return err
	}
	return io.EOF
}
