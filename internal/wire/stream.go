package wire

import (
	"io"
	"net/http"
)

// Stream is a response that goes on: server-sent events (HTML Living Standard, section 9.2). It is used by one goroutine,
// that of the handler; the handler's return ends it, and so does the connection's.
type Stream struct {
	c *conn
	r *http.Request
}

// NewStream answers the request with the head of a stream, which is sent at once. The end of the connection ends
// r.Context, and so does the server's Shutdown.
func NewStream(w http.ResponseWriter, r *http.Request, contentType string) (*Stream, error) {
	c, err := of(r)
	if err != nil {
		return nil, err
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Accel-Buffering", "no")       // a proxy of the nginx kind would keep events back
	h.Set("Transfer-Encoding", "identity") // no chunks: net/http then lets text pass, and ends the stream by closing
	h.Set("Connection", "close")           // so that the client expects it
	if !c.s.stream(c, true) {
		return nil, errStopping
	}
	w.WriteHeader(http.StatusOK)
	if err := c.w.(interface{ FlushError() error }).FlushError(); err != nil {
		return nil, err
	}
	return &Stream{c, r}, nil
}

// Send sends what fill writes, as one write if it is no larger than 7 KiB. If fill fails nothing is sent, the error is
// returned, and the stream can go on. Any other error means that the peer has gone or stalled for Config.WriteTimeout:
// the handler must return.
func (s *Stream) Send(fill func(*Out) error) error {
	if err := s.r.Context().Err(); err != nil {
		return err
	}
	o, err := newOut(s.r.Context(), s.c.s.c.Arena)
	if err != nil {
		return err
	}
	defer o.close()
	if err := filled(o, fill); err != nil || o.Len() == 0 {
		return err
	}
	_, err = s.c.w.(io.ReaderFrom).ReadFrom(&plain{func() (int64, error) { return s.c.send(o, nil) }})
	return err
}
