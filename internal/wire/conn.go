package wire

import (
	"crypto/tls"
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
