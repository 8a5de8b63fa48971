package wire

import (
	"errors"
	"io"
	"net/http"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/vault"
)

var (
	errLong  = fault.New(fault.TooLarge, "This is too large to be sent. Nothing was kept")
	errCut   = fault.New(fault.Invalid, "The request did not arrive in full, or too slowly. Nothing was kept. Try again")
	errTwice = fault.New(fault.Internal, "There is a problem with the service. Nothing was kept").Because(errors.New("wire: the body was taken before"))
	errBare  = fault.New(fault.Internal, "There is a problem with the service. Nothing was kept").Because(errors.New("wire: not served by a wire.Server"))
)

// BodyClass returns the smallest class of buffer that holds the request's body, so that a short message does not
// occupy a large buffer while it arrives. It is [vault.Large] for what is too long for either: TakeBody refuses it.
func BodyClass(r *http.Request) vault.Class {
	if r.ContentLength <= int64(vault.Small.Size()) {
		return vault.Small
	}
	return vault.Large
}

// TakeBody reads the whole body of the request, which holds content, into buf behind what buf.B holds, and returns it:
// a part of buf. It answers Expect: 100-continue. The body may be taken once; r.Body is empty afterwards.
//
// The error is a [fault.TooLarge] if the body does not fit, and a [fault.Invalid] if it did not arrive in full
// within Config.ReadTimeout; buf is then as it was.
func TakeBody(w http.ResponseWriter, r *http.Request, buf *vault.Buf) ([]byte, error) {
	c, err := of(r)
	if err != nil {
		return nil, err
	}
	start := len(buf.B)
	if c.total > int64(cap(buf.B)-start) {
		return nil, errLong
	}
	end := start + int(c.total)
	if err := c.take(buf.B[start:end]); err != nil {
		clear(buf.B[start:end])
		return nil, err
	}
	if err := c.taken(); err != nil {
		clear(buf.B[start:end])
		return nil, err
	}
	buf.B = buf.B[:end]
	return buf.B[start:end:end], nil
}

// TakeParts is TakeBody for an upload that is larger than a buffer: it calls f for each part of the body in turn, each as long as the
// room in buf but the last. The part is wiped when f returns, so f seals it. The error is a [fault.TooLarge] if the
// body is longer than limit bytes, a [fault.Invalid] if a part did not arrive within Config.ReadTimeout, or what f
// returned, after which the rest of the body is dropped.
func TakeParts(w http.ResponseWriter, r *http.Request, buf *vault.Buf, limit int64, f func(part []byte) error) error {
	c, err := of(r)
	if err != nil {
		return err
	}
	if c.total > limit {
		return errLong
	}
	if len(buf.B) == cap(buf.B) {
		return errLong // no room for any part
	}
	room := buf.B[len(buf.B):cap(buf.B)]
	for left := c.total; left > 0; {
		part := room[:min(left, int64(len(room)))]
		err := c.take(part)
		if err == nil {
			vault.Scrub(func() { err = f(part) })
		}
		clear(part)
		if err != nil {
			return err
		}
		left -= int64(len(part))
	}
	return c.taken()
}

// take fills b from the body. net/http will read as many zeros for it.
func (c *conn) take(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if c.body < int64(len(b)) {
		return errTwice
	}
	if !c.settle() {
		return errCut
	}
	if c.ghost == 0 {
		c.req.Read(nil) // makes net/http answer Expect: 100-continue
	}
	c.Conn.SetReadDeadline(time.Now().Add(c.s.c.ReadTimeout))
	for n := 0; n < len(b); {
		m, err := c.raw(b[n:])
		if n += m; err != nil && n < len(b) {
			c.kill()
			return errCut.Because(err)
		}
	}
	c.body -= int64(len(b))
	c.ghost += int64(len(b))
	return nil
}

// taken lets net/http read the zeros to the end, so that it watches the connection for its end while the handler
// works; that read also makes crypto/tls and net/http give up what they still hold of the body.
func (c *conn) taken() error {
	if c.total == 0 {
		return nil
	}
	c.mu.Lock()
	if c.stash != nil { // another request has come already
		c.limit()
	}
	c.mu.Unlock()
	if _, err := io.Copy(io.Discard, c.req); err != nil {
		return errCut.Because(err)
	}
	return nil
}

// AllowBody reads the whole body of a request that holds no content, such as a sign-in or the creation of a room, into
// ordinary memory. The error is a [fault.TooLarge] if it is longer than limit bytes, and a [fault.Invalid] if it
// did not arrive in full within Config.ReadTimeout.
func AllowBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	c, err := of(r)
	if err != nil {
		return nil, err
	}
	if c.total == 0 {
		return nil, nil
	}
	if c.total > limit {
		return nil, errLong
	}
	if c.body != c.total {
		return nil, errTwice
	}
	if !c.settle() {
		return nil, errCut
	}
	c.allow = true
	c.Conn.SetReadDeadline(time.Now().Add(c.s.c.ReadTimeout))
	b, err := io.ReadAll(c.req)
	if err != nil {
		return nil, errCut.Because(err)
	}
	return b, nil
}

// plain is what net/http is given to send as a body. It cannot be read: only a conn knows what to do with it.
type plain struct{ send func() (int64, error) }

var errRoad = errors.New("wire: net/http did not hand over the connection")

func (*plain) Read([]byte) (int, error) { return 0, errRoad }
