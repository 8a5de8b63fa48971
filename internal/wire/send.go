package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"winnow.org/winnow/internal/vault"
)

var errSlow = errors.New("wire: the peer reads too slowly")

// ErrGone is what [Send] returns, with the reason, once a response has begun: the connection failed, so there is nobody left to
// answer.
var ErrGone = errors.New("wire: the peer is gone")

func gone(err error) error {
	if err == nil || errors.Is(err, errRoad) { // the latter is ours to mend
		return err
	}
	return fmt.Errorf("%w: %w", ErrGone, err)
}

// Send answers the request with content. fill writes the body into an Out; it runs inside [vault.Scrub] and may run only
// once. If fill fails nothing has been sent, and the error is returned as it is: the caller answers it. Otherwise the
// response goes out with its Content-Length and Cache-Control: no-store, past all buffers of net/http, and the error is
// about the connection: an [ErrGone], for there is nobody left to answer.
//
// Other headers may be set on w before. A body is written to the wire only where HTTP has one: not for HEAD, 204 and 304.
//
// A peer that stalls for Config.WriteTimeout is cut off, and so is one that takes less than 32 KiB a second
// beyond that time. Once a session has ended while the response was on its way, it is cut off at Config.WriteTimeout.
func Send(w http.ResponseWriter, r *http.Request, code int, contentType string, fill func(*Out) error) error {
	c, err := of(r)
	if err != nil {
		return err
	}
	o, err := newOut(r.Context(), c.s.c.Arena)
	if err != nil {
		return err
	}
	defer o.close()
	if err := filled(o, fill); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(o.Len()))
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	c.hold, c.held = true, c.held[:0]
	w.WriteHeader(code)
	err = c.w.(interface{ FlushError() error }).FlushError()
	c.hold = false
	if err != nil {
		return gone(err)
	}
	if r.Method == http.MethodHead || code == http.StatusNoContent || code == http.StatusNotModified || o.Len() == 0 {
		_, err = c.Write(c.held)
		return gone(err)
	}
	_, err = c.w.(io.ReaderFrom).ReadFrom(&plain{func() (int64, error) { return c.send(o, c.held) }})
	return gone(err)
}

// filled runs fill and seals the last chunk if there were others.
func filled(o *Out, fill func(*Out) error) (err error) {
	vault.Scrub(func() { err = fill(o) })
	if err == nil {
		err = o.Err()
	}
	if err == nil && len(o.parts) > 0 {
		o.spill()
		err = o.Err()
	}
	return err
}

// send writes the head, which is no content, and the response, and returns how many bytes of the response have left.
func (c *conn) send(o *Out, head []byte) (sent int64, err error) {
	begin, ends := time.Now(), o.arena.Ends()
	limit := c.s.c.WriteTimeout
	total := begin.Add(limit + time.Duration(o.Len())*time.Second/(32<<10))
	if len(o.parts) == 0 {
		n := int64(o.Len())
		if err := c.sendChunk(o.buf, head, begin.Add(limit)); err != nil {
			return 0, err
		}
		return n, nil
	}
	for _, s := range o.parts {
		now := time.Now()
		if now.Sub(begin) > limit && o.arena.Ends() != ends || now.After(total) {
			c.mute.Store(true)
			return sent, errSlow
		}
		if o.buf.B, err = o.key.Open(o.buf.B[:0], s); err != nil {
			c.mute.Store(true)
			return sent, err
		}
		if err := c.sendChunk(o.buf, head, now.Add(limit)); err != nil {
			return sent, err
		}
		sent += int64(s.Len())
		head = nil
	}
	return sent, nil
}

// sendChunk writes head and buf, in one write if buf has room for both, and wipes buf.
func (c *conn) sendChunk(buf *vault.Buf, head []byte, deadline time.Time) (err error) {
	if c.mute.Load() {
		return errSlow
	}
	vault.Scrub(func() {
		if len(head)+len(buf.B) > cap(buf.B) {
			if _, err = c.write(head, deadline); err != nil {
				return
			}
			head = nil
		}
		b := buf.B[:len(head)+len(buf.B)]
		copy(b[len(head):], buf.B)
		copy(b, head)
		_, err = c.write(b, deadline)
		clear(b)
	})
	buf.B = buf.B[:0]
	return err
}
