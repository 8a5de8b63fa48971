package wire

import (
	"context"
	"io"
	"time"

	"winnow.org/winnow/internal/vault"
)

// This file is about bytes that have come before anybody wants them: what follows a head in the same packet or record, and
// requests that a client sends without waiting for the answer. They stand in a buffer of the arena, for a limited time.

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
