package wire_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// A chat is the smallest application: it keeps one sealed message and can say it in all the ways that wire has.
type chat struct {
	arena *vault.Arena
	key   *vault.Key

	mu   sync.Mutex
	last vault.Sealed
	rang chan struct{} // closed when last changes

	ended int // streams that have ended
}

func newChat(a *vault.Arena) (*chat, error) {
	k, err := a.NewKey()
	return &chat{arena: a, key: k, rang: make(chan struct{})}, err
}

func (c *chat) now() (vault.Sealed, chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last, c.rang
}

func (c *chat) say(s vault.Sealed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = s
	close(c.rang)
	c.rang = make(chan struct{})
}

func (c *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := c.serve(w, r); err != nil {
		code := http.StatusInternalServerError
		switch fault.Of(err) {
		case fault.TooLarge:
			code = http.StatusRequestEntityTooLarge
		case fault.Invalid:
			code = http.StatusBadRequest
		}
		http.Error(w, fault.Say(err), code)
	}
}

func (c *chat) serve(w http.ResponseWriter, r *http.Request) error {
	const text = "text/plain; charset=utf-8"
	switch r.URL.Path {
	case "/send": // takes a message and answers its length
		buf, err := c.arena.Get(r.Context(), wire.BodyClass(r))
		if err != nil {
			return err
		}
		defer buf.Put()
		body, err := wire.TakeBody(w, r, buf)
		if err != nil {
			return err
		}
		s, err := c.key.Seal(body)
		if err != nil {
			return err
		}
		c.say(s)
		io.WriteString(w, strconv.Itoa(s.Len()))
		return nil
	case "/last":
		s, _ := c.now()
		return wire.Send(w, r, http.StatusOK, text, func(o *wire.Out) error { return o.Sealed(c.key, s) })
	case "/many": // the message so many times
		s, _ := c.now()
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		return wire.Send(w, r, http.StatusOK, text, func(o *wire.Out) error {
			for range n {
				if err := o.Sealed(c.key, s); err != nil {
					return err
				}
			}
			return nil
		})
	case "/events":
		stream, err := wire.NewStream(w, r, "text/event-stream")
		if err != nil {
			return err
		}
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.ended++
		}()
		for {
			s, rang := c.now()
			if !s.IsZero() {
				if err := stream.Send(func(o *wire.Out) error {
					o.Str("data: ")
					defer o.Str("\n\n")
					return o.Sealed(c.key, s)
				}); err != nil {
					return nil
				}
			}
			select {
			case <-rang:
			case <-r.Context().Done():
				return nil
			}
		}
	case "/upload":
		buf, err := c.arena.Get(r.Context(), vault.Large)
		if err != nil {
			return err
		}
		defer buf.Put()
		parts, sum := 0, 0
		if err := wire.TakeParts(w, r, buf, 1<<20, func(part []byte) error {
			parts++
			sum += bytes.Count(part, []byte("x"))
			return nil
		}); err != nil {
			return err
		}
		fmt.Fprintf(w, "%d parts, %d x", parts, sum)
		return nil
	case "/login":
		b, err := wire.AllowBody(w, r, 100)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "hello %s", b)
		return nil
	case "/untaken":
		io.WriteString(w, "not read")
		return nil
	case "/peek": // reads the body as net/http has it
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d bytes, %d zeros, %v", len(b), bytes.Count(b, []byte{0}), err)
		return nil
	case "/twice":
		buf, err := c.arena.Get(r.Context(), vault.Large)
		if err != nil {
			return err
		}
		defer buf.Put()
		wire.TakeBody(w, r, buf)
		_, err = wire.TakeBody(w, r, buf)
		return err
	case "/fails":
		return wire.Send(w, r, http.StatusOK, text, func(o *wire.Out) error {
			o.QuotedText(bytes.Repeat([]byte("half an answer "), 2000))
			return fault.New(fault.Invalid, "No such thing")
		})
	case "/panic":
		panic("a secret in a panic")
	case "/panic-inside":
		return wire.Send(w, r, http.StatusOK, text, func(*wire.Out) error { panic("a secret in a panic") })
	case "/hold": // keeps the body in its buffer
		buf, err := c.arena.Get(r.Context(), vault.Small)
		if err != nil {
			return err
		}
		defer buf.Put()
		if _, err := wire.TakeBody(w, r, buf); err != nil {
			return err
		}
		<-r.Context().Done()
		return nil
	case "/end":
		c.key.End()
		return nil
	case "/wait":
		<-r.Context().Done()
		return nil
	case "/slow": // longer than a hasty server's ReadTimeout
		time.Sleep(400 * time.Millisecond)
		return wire.Send(w, r, http.StatusOK, text, func(o *wire.Out) error { o.Str("at last"); return nil })
	case "/tls":
		fmt.Fprint(w, r.TLS != nil && r.TLS.HandshakeComplete)
		return nil
	}
	http.NotFound(w, r)
	return nil
}

// A site is a running server. Each test of a road runs on plain TCP and on TLS.
type site struct {
	*chat
	t      testing.TB
	addr   string
	config *tls.Config // of clients; nil for plain TCP
	server *wire.Server
	log    *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"winnow.test"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func newSite(t testing.TB, secure bool, c wire.Config) *site {
	t.Helper()
	a, err := vault.Open(vault.Options{ForgetEvery: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	chat, err := newChat(a)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{chat: chat, t: t, log: &lockedBuffer{}}
	c.Arena = a
	c.Log = slog.New(slog.NewTextHandler(s.log, nil))
	if secure {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{certificate()}}
		pool := x509.NewCertPool()
		leaf, err := x509.ParseCertificate(certificate().Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		pool.AddCert(leaf)
		s.config = &tls.Config{RootCAs: pool, ServerName: "winnow.test", NextProtos: []string{"h2", "http/1.1"}}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	s.server = wire.NewServer(s.chat, c)
	done := make(chan error, 1)
	go func() { done <- s.server.Serve(l) }()
	t.Cleanup(func() {
		s.server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
		for start := time.Now(); a.Close() != nil; { // handlers that end with their connections
			if time.Since(start) > 5*time.Second {
				t.Errorf("buffers were never returned: %+v", a.Stats())
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	return s
}

// each runs a story on both kinds of connection.
func each(t *testing.T, c wire.Config, story func(t *testing.T, s *site)) {
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "plain", true: "tls"}[secure], func(t *testing.T) {
			t.Parallel()
			story(t, newSite(t, secure, c))
		})
	}
}

// A peer is one client connection, as rude as a test wants.
type peer struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func (s *site) dial() *peer { return s.connect(0) }

// connect connects with a receive buffer of so many bytes, if not 0, so that little is under way to a peer that does not read.
func (s *site) connect(buffer int) *peer {
	s.t.Helper()
	var c net.Conn
	c, err := net.Dial("tcp", s.addr)
	if err == nil && s.config != nil {
		t := tls.Client(c, s.config)
		c, err = t, t.Handshake()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if buffer > 0 {
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			tcp = c.(*tls.Conn).NetConn().(*net.TCPConn)
		}
		if err := tcp.SetReadBuffer(buffer); err != nil {
			s.t.Fatal(err)
		}
	}
	return &peer{c, s.t, bufio.NewReader(c)}
}

func (p *peer) write(text string) *peer {
	p.t.Helper()
	if _, err := io.WriteString(p, text); err != nil {
		p.t.Fatal(err)
	}
	return p
}

// answer reads one response and returns its code and body.
func (p *peer) answer() (int, string) {
	p.t.Helper()
	r, err := http.ReadResponse(p.r, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

func (p *peer) want(code int, body string) *peer {
	p.t.Helper()
	if c, b := p.answer(); c != code || !strings.Contains(b, body) {
		p.t.Fatalf("got %d %.200q, want %d %q", c, b, code, body)
	}
	return p
}

// wantEnd checks that the server closes the connection without another byte.
func (p *peer) wantEnd() {
	p.t.Helper()
	if b, err := io.ReadAll(p.r); len(b) > 0 || errors.Is(err, context.DeadlineExceeded) {
		p.t.Fatalf("got %.200q, %v, want the end of the connection", b, err)
	}
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

func post(path, body string, headers ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n%s", path, len(body), strings.Join(headers, ""), body)
}
