package wire

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/vault"
)

// Config says how a Server works. Only Arena is needed.
type Config struct {
	Arena        *vault.Arena  // buffers for text
	ReadTimeout  time.Duration // for a head, for a body that is taken, and for text that nobody takes; 0 means 5 s
	WriteTimeout time.Duration // for each write; 0 means 5 s
	IdleTimeout  time.Duration // for a connection without a request; 0 means 2 min
	MaxBody      int64         // bytes of any body; 0 means 64 MiB
	TLS          *tls.Config   // with certificates; nil serves plain HTTP
	Log          *slog.Logger  // nil drops what there is to say

	// Refuse answers a request that wire does not pass on: 411 for a body without a Content-Length, 413 for one larger than
	// MaxBody. The error has words for people. Nil answers in plain text.
	Refuse func(w http.ResponseWriter, r *http.Request, code int, err error)
}

// Server serves HTTP/1.1 without keeping text.
type Server struct {
	c       Config
	h       http.Handler
	http    *http.Server
	closing atomic.Bool

	mu      sync.Mutex
	streams map[*conn]struct{}
}

// NewServer returns a server for h.
func NewServer(h http.Handler, c Config) *Server {
	preset := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	preset(&c.ReadTimeout, 5*time.Second)
	preset(&c.WriteTimeout, 5*time.Second)
	preset(&c.IdleTimeout, 2*time.Minute)
	if c.MaxBody <= 0 {
		c.MaxBody = 64 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Refuse == nil {
		c.Refuse = func(w http.ResponseWriter, _ *http.Request, code int, err error) { http.Error(w, fault.Say(err), code) }
	}
	s := &Server{c: c, h: h, streams: map[*conn]struct{}{}}
	s.http = &http.Server{
		Handler:                      http.HandlerFunc(s.serve),
		DisableGeneralOptionsHandler: true, // it would read bodies past serve
		ReadHeaderTimeout:            c.ReadTimeout,
		IdleTimeout:                  c.IdleTimeout,
		MaxHeaderBytes:               32 << 10,
		ErrorLog:                     errorLog(c.Log),
		ConnContext: func(ctx context.Context, nc net.Conn) context.Context {
			return context.WithValue(ctx, key{}, nc)
		},
		Protocols:    new(http.Protocols),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	s.http.Protocols.SetHTTP1(true)
	if c.TLS != nil {
		s.c.TLS = c.TLS.Clone()
		s.c.TLS.NextProtos = []string{"http/1.1"}
	}
	return s
}

// Serve accepts connections on l until Shutdown or Close; then the error is [http.ErrServerClosed].
func (s *Server) Serve(l net.Listener) error { return s.http.Serve(&listener{l, s}) }

// Shutdown stops accepting connections, ends streams, and waits until requests are answered or ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing.Store(true)
	for c := range s.streams {
		c.sock.SetReadDeadline(longAgo) // net/http then ends the request's context
	}
	s.mu.Unlock()
	return s.http.Shutdown(ctx)
}

// Close ends all connections at once.
func (s *Server) Close() error {
	s.closing.Store(true)
	return s.http.Close()
}

var errStopping = fault.New(fault.Unavailable, "The service is stopping. Try again in a minute")

// stream keeps account of the streams; false if there may be no more.
func (s *Server) stream(c *conn, on bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !on {
		delete(s.streams, c)
		return true
	}
	if s.closing.Load() {
		return false
	}
	s.streams[c] = struct{}{}
	return true
}

type listener struct {
	net.Listener
	s *Server
}

func (l *listener) Accept() (net.Conn, error) {
	sock, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	short(sock)
	c := &conn{Conn: sock, sock: sock, s: l.s}
	if l.s.c.TLS != nil {
		c.rec = newRecords(sock)
		c.tls = tls.Server(c.rec, l.s.c.TLS)
		c.Conn = c.tls
	}
	return c, nil
}

type key struct{}

// of returns the connection of a request.
func of(r *http.Request) (*conn, error) {
	if c, ok := r.Context().Value(key{}).(*conn); ok {
		return c, nil
	}
	return nil, errBare
}

var errLength = fault.New(fault.Invalid, "The request has a body of unknown length. Send it with a Content-Length")

// serve is the outermost handler. It tells the connection what net/http has read in the head: whether a body follows.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	c, err := of(r)
	if err != nil {
		http.Error(w, fault.Say(err), http.StatusInternalServerError)
		return
	}
	c.w, c.req, c.total, c.wrote = w, r.Body, 0, false
	defer func() {
		s.stream(c, false)
		if v := recover(); v != nil {
			c.broke(v)
		}
	}()
	if c.tls != nil {
		state := c.tls.ConnectionState()
		r.TLS = &state
	}
	// Without a body net/http reads on already, in another goroutine: nothing of the reader may be touched.
	switch n := r.ContentLength; {
	case n < 0:
		s.refuse(c, w, r, http.StatusLengthRequired, errLength)
		return
	case n > s.c.MaxBody:
		s.refuse(c, w, r, http.StatusRequestEntityTooLarge, errLong)
		return
	case n > 0:
		c.total, c.body, c.ghost, c.allow = n, n, 0, false
		c.Conn.SetReadDeadline(time.Now().Add(s.c.ReadTimeout)) // for a body that nobody takes
	}
	s.h.ServeHTTP(w, r)
	if c.total > 0 && c.body == c.total && r.Header.Get("Expect") != "" {
		c.kill() // the peer waits to be asked for its body; net/http closes, and need not wait for it
	}
}

// refuse answers a request without its body. The connection cannot be used again.
func (s *Server) refuse(c *conn, w http.ResponseWriter, r *http.Request, code int, err error) {
	c.kill()
	w.Header().Set("Connection", "close")
	s.c.Refuse(w, r, code, err)
}

const (
	sorry    = "There is a problem with the service. Try again in a few minutes.\n"
	sorryAll = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + sorry
)

// broke ends a request whose handler has panicked. The value of a panic may be text (a string is printed in full), so it is
// never printed: the log gets its type and the functions on the stack.
func (c *conn) broke(v any) {
	if v != http.ErrAbortHandler {
		c.s.c.Log.Error("a handler failed", "panic", panicType(v), "stack", frames())
		if !c.wrote && !c.mute.Load() {
			c.write([]byte(sorryAll), time.Now().Add(c.s.c.WriteTimeout))
		}
	}
	c.mute.Store(true)
	panic(http.ErrAbortHandler)
}
