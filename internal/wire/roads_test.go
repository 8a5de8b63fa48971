package wire_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/wire"
)

// The ordinary roads, several requests on one connection.
func TestRoads(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		p := s.dial()
		p.write(post("/send", "")).want(200, "0")
		p.write(get("/last")).want(200, "")
		for _, n := range []int{1, 2, 300, 4095, 4096, 4097, 8192, 8193, 20_000, 65_536, 96 << 10} {
			text := strings.Repeat("wörds ", n/7+1)[:n]
			p.write(post("/send", text)).want(200, fmt.Sprint(n))
			if c, b := p.write(get("/last")).answer(); c != 200 || b != text {
				t.Fatalf("%d bytes came back as %d, code %d", n, len(b), c)
			}
		}
		p.write(post("/untaken", strings.Repeat("x", 100_000))).want(200, "not read")
		p.write(post("/peek", strings.Repeat("x", 9000))).want(200, "9000 bytes, 9000 zeros, <nil>")
		p.write(post("/login", "ann")).want(200, "hello ann")
		p.write(post("/login", "")).want(200, "hello ")
		p.write(post("/login", strings.Repeat("x", 101))).want(413, "too large")
		p.write(post("/twice", "x")).want(500, "Nothing was kept")
		p.write(post("/nowhere", "x")).want(404, "")
		p.write(post("/fails", "x")).want(400, "No such thing")
		p.write(post("/send", strings.Repeat("x", 96<<10+1))).want(413, "too large")
		p.write(post("/upload", strings.Repeat("xy", 150_000))).want(200, "4 parts, 150000 x")
		p.write(post("/upload", strings.Repeat("x", 1<<20+1)))
		if c, _ := p.answer(); c != 413 {
			t.Errorf("an upload over its limit: %d", c)
		}
		s.dial().write(get("/tls")).want(200, fmt.Sprint(s.config != nil))
	})
}

func TestHeaders(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		p := s.dial()
		p.write(post("/send", "hello")).want(200, "5")
		p.write("HEAD /last HTTP/1.1\r\nHost: x\r\n\r\n")
		r, err := http.ReadResponse(p.r, &http.Request{Method: "HEAD"})
		if err != nil {
			t.Fatal(err)
		}
		if r.ContentLength != 5 || r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("HEAD: %v", r.Header)
		}
		p.write("GET /last HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").want(200, "hello")
		p.write("GET /last HTTP/1.0\r\n\r\n").want(200, "hello").wantEnd()
	})
}

func TestExpectContinue(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		p := s.dial()
		for _, text := range []string{"x", "hello", strings.Repeat("long", 5000)} {
			p.write(fmt.Sprintf("POST /send HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(text)))
			r, err := http.ReadResponse(p.r, nil)
			if err != nil || r.StatusCode != 100 {
				t.Fatalf("%v %v, want 100", r, err)
			}
			p.write(text).want(200, fmt.Sprint(len(text)))
		}
		// Refused without being asked for: answered at once, and the connection ends.
		p.write("POST /untaken HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").want(200, "not read").wantEnd()
	})
}

func TestPipelining(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		p := s.dial()
		p.write(get("/untaken") + post("/send", "first") + get("/last") + post("/untaken", "dropped") + post("/send", "second") + get("/last"))
		p.want(200, "not read").want(200, "5").want(200, "first").want(200, "not read").want(200, "6").want(200, "second")
		var all strings.Builder
		for i := range 300 {
			all.WriteString(post("/send", strings.Repeat("x", i*7%5000)))
		}
		go io.WriteString(p, all.String())
		for i := range 300 {
			p.want(200, fmt.Sprint(i*7%5000))
		}
	})
}

// A head and a body may arrive in any pieces.
func TestPieces(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		all := post("/send", "in pieces") + get("/last") + strings.ReplaceAll(post("/send", "bare line ends"), "\r\n", "\n") + get("/last")
		for _, size := range []int{1, 2, 3, 7, 50} {
			p := s.dial()
			for rest := all; rest != ""; {
				n := min(size, len(rest))
				p.write(rest[:n])
				rest = rest[n:]
			}
			p.want(200, "9").want(200, "in pieces").want(200, "14").want(200, "bare line ends")
		}
	})
}

// What is not a request is never parsed, and ends the connection.
func TestMalformed(t *testing.T) {
	each(t, wire.Config{MaxBody: 1 << 20}, func(t *testing.T, s *site) {
		for _, c := range []struct {
			name, send string
			code       int // of an answer before the end; 0 for none
		}{
			{"text where a head should be", "the minister said so\r\n\r\n", 0},
			{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
			{"a method that is not served", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 0},
			{"lower case", "get / HTTP/1.1\r\nHost: x\r\n\r\n", 0},
			{"absolute target", "GET http://x/last HTTP/1.1\r\nHost: x\r\n\r\n", 0},
			{"options for all", "OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nsecret", 0},
			{"many empty lines", strings.Repeat("\r\n", 10) + get("/last"), 0},
			{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
			{"no version", "GET /\r\n\r\n", 400},
			{"bad header", "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400},
			{"bad length", "POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\nsecret", 400},
			{"two lengths", "POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 6\r\n\r\nsecret", 400},
			{"unknown coding", "POST /send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nsecret", 501},
			{"chunked", "POST /send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecret\r\n0\r\n\r\n", 411},
			{"larger than any body", "POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\nsecret", 413},
			{"strange expectation", "POST /send HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 6\r\n\r\nsecret", 417},
			{"long head", "GET / HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("x", 40_000) + "\r\n\r\n", 431},
			{"length too small", post("/send", "sec") + "ret and more\r\n\r\n", 200},
			{"body on GET", "GET /last HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nsecret and more\r\n\r\n", 200},
		} {
			t.Run(c.name, func(t *testing.T) {
				p := s.dial()
				p.t = t
				p.write(c.send)
				if c.code != 0 {
					p.want(c.code, "")
				}
				p.wantEnd()
			})
		}
		if log := s.log.String(); strings.Contains(log, "secret") || strings.Contains(log, "minister") {
			t.Errorf("the log quotes requests:\n%s", log)
		}
		s.dial().write(get("/untaken")).want(200, "not read")
	})
}

// An empty line or two before a request are borne, as RFC 9112, section 2.2, asks.
func TestEmptyLineFirst(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		s.dial().write(post("/send", "x")+"\r\n"+get("/last")).want(200, "1").want(200, "x")
	})
}

func TestPanic(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		s.dial().write(get("/panic")).want(500, "problem with the service").wantEnd()
		s.dial().write(post("/panic", "another secret")).want(500, "problem with the service").wantEnd()
		s.dial().write(get("/panic-inside")).want(500, "problem with the service").wantEnd()
		log := s.log.String()
		if strings.Contains(log, "secret") || !strings.Contains(log, "a handler failed") || !strings.Contains(log, "(*chat).serve") {
			t.Errorf("the log:\n%s", log)
		}
		if taken := s.arena.Stats().Small.Taken; taken != 0 {
			t.Errorf("%d buffers were not returned", taken)
		}
	})
}

// A response of several megabytes keeps one chunk in clear and arrives whole.
func TestLargeResponse(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		p := s.dial()
		text := strings.Repeat("0123456789abcdef", 4000)
		p.write(post("/send", text)).want(200, "64000")
		for _, n := range []int{1, 100} {
			if c, b := p.write(get(fmt.Sprintf("/many?n=%d", n))).answer(); c != 200 || b != strings.Repeat(text, n) {
				t.Fatalf("%d bytes, code %d", len(b), c)
			}
		}
		p.write(get("/many?n=1100")).want(413, "larger than 64 MiB")
		if st := s.arena.Stats(); st.Keys.Taken != 1 {
			t.Errorf("keys of responses were not returned: %+v", st)
		}
	})
}

func TestStream(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		p, q := s.dial(), s.dial()
		p.write(get("/events"))
		r, err := http.ReadResponse(p.r, nil) // the head comes before there is anything to say
		if err != nil {
			t.Fatal(err)
		}
		if r.Header.Get("Content-Type") != "text/event-stream" || r.TransferEncoding != nil || r.ContentLength != -1 {
			t.Errorf("head of a stream: %v %v", r.Header, r.TransferEncoding)
		}
		for i := range 50 {
			text := fmt.Sprintf("event %d %s", i, strings.Repeat("x", i*401))
			q.write(post("/send", text)).want(200, "")
			want := "data: " + text + "\n\n"
			got := make([]byte, len(want))
			if _, err := io.ReadFull(r.Body, got); err != nil || string(got) != want {
				t.Fatalf("event %d: %.50q %v", i, got, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.server.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown with a stream open: %v", err)
		}
		if rest, err := io.ReadAll(r.Body); len(rest) > 0 || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("after Shutdown: %q %v", rest, err)
		}
	})
}

// The end of a connection ends the context of its request, with and without a body.
func TestContextEnds(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		for _, request := range []string{get("/wait"), get("/events")} {
			p := s.dial()
			p.write(request)
			p.Close()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.server.Shutdown(ctx); err != nil {
			t.Errorf("handlers did not end: %v", err)
		}
	})
}

func TestClientsOfNetHTTP(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		tr := &http.Transport{TLSClientConfig: s.config, ForceAttemptHTTP2: true}
		defer tr.CloseIdleConnections()
		client := &http.Client{Transport: tr}
		scheme := map[bool]string{true: "https://", false: "http://"}[s.config != nil]
		for range 20 {
			r, err := client.Post(scheme+s.addr+"/send", "text/plain", strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(r.Body)
			r.Body.Close()
			if string(b) != "5" || r.ProtoMajor != 1 {
				t.Fatalf("%q over %s", b, r.Proto)
			}
		}
	})
}

func TestPlainHTTPOnTLS(t *testing.T) {
	s := newSite(t, true, wire.Config{})
	s.config = nil
	s.dial().write(get("/last")).want(400, "needs https")
}

func TestOldTLS(t *testing.T) {
	s := newSite(t, true, wire.Config{})
	s.config.MaxVersion = tls.VersionTLS12
	p := s.dial()
	p.write(post("/send", strings.Repeat("x", 50_000))).want(200, "50000")
	p.write(get("/last")).want(200, "xxx")
}

// Without a wire server there is an error and no leak.
func TestNotServedByWire(t *testing.T) {
	r, err := http.NewRequest("GET", "/", bytes.NewReader([]byte("x")))
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.Send(nil, r, 200, "", nil); !fault.Is(err, fault.Internal) {
		t.Error(err)
	}
	if _, err := wire.TakeBody(nil, r, nil); !fault.Is(err, fault.Internal) {
		t.Error(err)
	}
	if _, err := wire.AllowBody(nil, r, 1); !fault.Is(err, fault.Internal) {
		t.Error(err)
	}
	if _, err := wire.NewStream(nil, r, ""); !fault.Is(err, fault.Internal) {
		t.Error(err)
	}
}
