package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"winnow.org/winnow/internal/vault"
)

// A conn is what net/http has for a connection. net/http reads it from one goroutine at a time and writes it from the
// goroutine of the handler, so only what a timer or Close may touch too is under the mutex.
type conn struct {
	net.Conn          // the socket, or the TLS connection on it
	sock     net.Conn // the socket
	tls      *tls.Conn
	rec      *records // under tls
	s        *Server

	// Of the reader.
	head  head  // where the next head stands
	body  int64 // bytes of the current request's body that are still to come
	ghost int64 // zeros to give net/http in place of a body that was taken
	allow bool  // the body is no content: net/http may have it

	// Of the handler.
	w     http.ResponseWriter // net/http's own, under whatever middleware wraps it
	req   io.ReadCloser       // the request's body as net/http made it
	total int64               // the request's Content-Length; 0 if there is no body
	hold  bool                // keep what is written in held
	held  []byte              // the head of a response, until its first text
	wrote bool                // something of the response has left

	shook atomic.Bool // the TLS handshake is over
	mute  atomic.Bool // nothing more may be written

	mu    sync.Mutex
	dead  bool       // nothing more is read
	stash *vault.Buf // what came behind a head
	at    int        // where in stash it begins
	early *time.Timer
	alarm int // counts settings of early, so that one that fires late is known

	close sync.Once
}

var longAgo = time.Unix(1, 0)

// Read gives net/http the next bytes of a head, or zeros for a body.
//
// net/http reads into its buffer behind what it has not used yet, so p is what earlier reads have left there. Clearing it
// first, which io.Reader allows, cleans idle connections should anything below have let text through.
func (c *conn) Read(p []byte) (int, error) {
	clear(p)
	switch {
	case len(p) == 0:
		return 0, nil
	case c.ghost > 0:
		n := int(min(int64(len(p)), c.ghost))
		c.ghost -= int64(n)
		return n, nil
	case c.body > 0:
		n, err := c.raw(p[:min(int64(len(p)), c.body)])
		c.body -= int64(n)
		if !c.allow {
			clear(p[:n])
		}
		return n, err
	}
	n, err := c.raw(p)
	if n == 0 {
		return 0, err
	}
	k, done, ok := c.head.feed(p[:n])
	if ok && done && (k < n || n == len(p)) {
		ok = c.unread(p[k:n])
		clear(p[k:n])
		n = k
	}
	if ok && c.tls != nil && len(p) == 1 {
		// While a handler works, net/http waits for one byte, to see the connection end. A request that comes so early
		// must not stay in crypto/tls for as long as the handler likes.
		c.unread(nil)
	}
	if !ok {
		clear(p)
		c.kill()
		return 0, io.EOF
	}
	return n, err
}

// raw reads what was unread, or else from the network.
func (c *conn) raw(p []byte) (n int, err error) {
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		return 0, io.EOF
	}
	if c.stash != nil {
		from := c.stash.B[c.at:]
		n = copy(p, from)
		clear(from[:n])
		if c.at += n; c.at == len(c.stash.B) {
			c.drop()
		}
		c.mu.Unlock()
		return n, nil
	}
	c.unlimit()
	c.mu.Unlock()
	vault.Scrub(func() { n, err = c.Conn.Read(p) })
	if c.tls != nil {
		if err == nil {
			c.shook.Store(true)
		}
		err = c.handshakeError(err)
	}
	return n, err
}

// unread keeps b, which came behind a head, for the next raw, but no longer than ReadTimeout. With b empty it only sets the
// time limit, for what crypto/tls may still hold. It is false if there is no room.
func (c *conn) unread(b []byte) bool {
	c.mu.Lock()
	if c.stash != nil {
		c.at -= len(b) // it was taken from there
		copy(c.stash.B[c.at:], b)
		c.limit()
		c.mu.Unlock()
		return true
	}
	c.mu.Unlock()
	var buf *vault.Buf
	if len(b) > 0 {
		var err error
		if buf, err = c.s.c.Arena.Get(context.Background(), vault.Small); err != nil {
			return false
		}
		if len(b) > cap(buf.B) {
			buf.Put()
			return false
		}
		buf.B = append(buf.B, b...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		buf.Put()
		return false
	}
	c.stash, c.at = buf, 0
	c.limit()
	return true
}

// limit starts the time limit on text that waits. The caller holds mu.
func (c *conn) limit() {
	c.alarm++
	if c.early != nil {
		c.early.Stop()
	}
	mine := c.alarm
	c.early = time.AfterFunc(c.s.c.ReadTimeout, func() {
		c.mu.Lock()
		late := mine == c.alarm
		c.mu.Unlock()
		if late {
			c.kill()
		}
	})
}

// settle ends the time limit, because somebody reads what waits. It is false if it was too late.
func (c *conn) settle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unlimit()
	return !c.dead
}

func (c *conn) unlimit() {
	c.alarm++
	if c.early != nil {
		c.early.Stop()
		c.early = nil
	}
}

// drop wipes the stash. The caller holds mu.
func (c *conn) drop() {
	c.stash.Put()
	c.stash, c.at = nil, 0
	c.unlimit()
}

// kill ends reading: it wipes all that was read and not yet used, here and in crypto/tls. A response may go on.
func (c *conn) kill() {
	c.mu.Lock()
	c.dead = true
	c.drop()
	c.mu.Unlock()
	if c.tls == nil {
		return
	}
	// crypto/tls keeps the last record until it wants another one. Let it want one: records clears it and gives none.
	c.rec.shut.Store(true)
	c.Conn.SetReadDeadline(longAgo)
	var b [512]byte
	for {
		n, err := c.tls.Read(b[:])
		clear(b[:n])
		if err != nil {
			return
		}
	}
}

// Write sends what net/http has written: heads, and bodies without content. A peer that stalls is given up
// after WriteTimeout for each 64 KiB.
func (c *conn) Write(p []byte) (int, error) {
	if c.mute.Load() {
		return 0, net.ErrClosed
	}
	if c.hold {
		c.held = append(c.held, p...)
		return len(p), nil
	}
	done := 0
	for {
		n, err := c.write(p[done:min(len(p), done+64<<10)], time.Now().Add(c.s.c.WriteTimeout))
		if done += n; err != nil || done == len(p) {
			return done, err
		}
	}
}

// write sends p before the deadline. After an error nothing more can be sent.
func (c *conn) write(p []byte, deadline time.Time) (int, error) {
	c.wrote = true
	c.Conn.SetWriteDeadline(deadline)
	n, err := c.Conn.Write(p)
	if err != nil {
		c.mute.Store(true)
	}
	return n, err
}

// ReadFrom is where net/http hands over the connection. See plain.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	if p, ok := src.(*plain); ok {
		return p.send()
	}
	return io.Copy(struct{ io.Writer }{c}, src)
}

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
