package wire_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/wire"
)

// empty waits until the server holds nothing: no buffers, and no keys but the chat's own.
func (s *site) empty(t *testing.T) {
	t.Helper()
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		u := s.arena.Stats()
		if u.Small.Taken+u.Large.Taken+u.Scratch.Taken == 0 && u.Keys.Taken <= 1 {
			return
		}
		if time.Since(start) > 5*time.Second {
			t.Fatalf("still held: %+v", u)
		}
	}
}

var hasty = wire.Config{ReadTimeout: 250 * time.Millisecond, WriteTimeout: 250 * time.Millisecond}

// Peers that stop in the middle of a request are cut off, and what they sent is wiped.
func TestStalledSenders(t *testing.T) {
	each(t, hasty, func(t *testing.T, s *site) {
		for _, c := range []struct {
			name, send string
			code       int
		}{
			{"in a head", "GET /la", 400},
			{"in a body", "POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of ", 400},
			{"before a body", "POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", 400},
			{"in a body that nobody takes", "POST /untaken HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf of ", 200},
			{"in an upload", "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("x", 120_000), 400},
			{"in a sign-in", "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf", 400},
			{"in the next head", get("/untaken") + "POST /se", 200},
		} {
			t.Run(c.name, func(t *testing.T) {
				p := s.dial()
				p.t = t
				p.write(c.send)
				if c.code != 0 {
					p.want(c.code, "")
				}
				if c.code == 200 && !strings.Contains(c.send, "half") {
					p.want(400, "")
				}
				p.wantEnd()
				s.empty(t)
			})
		}
	})
}

// A request that comes while another is served may wait for ReadTimeout only; then its text is wiped, and when the first has
// been answered the connection ends.
func TestEarlyTextDoesNotWait(t *testing.T) {
	each(t, hasty, func(t *testing.T, s *site) {
		p := s.dial()
		p.write(get("/events") + post("/send", "comes too early"))
		s.empty(t)
		// The stream goes on.
		s.dial().write(post("/send", "in time")).want(200, "7")
		var got [50]byte
		for all := ""; !strings.Contains(all, "data: in time\n\n"); {
			n, err := p.r.Read(got[:])
			if err != nil {
				t.Fatalf("%q %v", all, err)
			}
			all += string(got[:n])
		}
		p = s.dial()
		p.write(get("/slow") + post("/send", "comes too early"))
		p.want(200, "at last").wantEnd()
		if n, _ := s.now(); n.Len() != 7 {
			t.Error("text that came too early was taken after all")
		}
	})
}

// Peers that stop reading are cut off, whether the response is large or a stream.
func TestStalledReaders(t *testing.T) {
	each(t, hasty, func(t *testing.T, s *site) {
		q := s.dial()
		q.write(post("/send", strings.Repeat("x", 60_000))).want(200, "")
		p := s.connect(64 << 10)
		p.write(get("/many?n=500"))
		p.r.Peek(1) // it has begun
		s.empty(t)
		if n, _ := io.Copy(io.Discard, p.r); n > 29_000_000 {
			t.Errorf("%d bytes arrived", n)
		}
		p = s.connect(64 << 10)
		p.write(get("/events"))
		for ended := false; !ended; {
			q.write(post("/send", strings.Repeat("y", 60_000))).want(200, "")
			s.mu.Lock()
			ended = s.ended > 0
			s.mu.Unlock()
		}
		s.empty(t)
	})
}

// A slow download goes on while it makes progress, but not once a session has ended since it began.
func TestSlowReaderAfterTheEnd(t *testing.T) {
	each(t, hasty, func(t *testing.T, s *site) {
		s.dial().write(post("/send", strings.Repeat("x", 60_000))).want(200, "")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		read := func(p *peer, ends bool) (total int) {
			p.write(get("/many?n=150")) // 9 MB
			b := make([]byte, 100<<10)
			for start := time.Now(); ; <-tick.C {
				n, err := io.ReadFull(p.r, b[:min(len(b), 9_000_000-total)])
				if total += n; err != nil || total >= 9_000_000 {
					return total
				}
				if ends && time.Since(start) > hasty.WriteTimeout/2 {
					k, err := s.arena.NewKey() // somebody's session
					if err != nil {
						t.Fatal(err)
					}
					k.End()
					ends = false
				}
			}
		}
		if n := read(s.connect(512<<10), false); n < 9_000_000 {
			t.Errorf("a slow reader got %d bytes", n)
		}
		if n := read(s.connect(512<<10), true); n >= 9_000_000 {
			t.Error("a response with an ended session's text arrived whole")
		}
		s.empty(t)
	})
}

// Many peers at once, on few buffers.
func TestFewBuffers(t *testing.T) {
	each(t, wire.Config{}, func(t *testing.T, s *site) {
		done := make(chan string, 40)
		for i := range cap(done) {
			p := s.dial()
			go func() {
				for range 20 {
					text := strings.Repeat(fmt.Sprint(i%10), 9000)
					io.WriteString(p, post("/send", text)+get("/last"))
					for range 2 {
						if c, b := p.answer(); c != 200 || b != "9000" && len(b) != 9000 {
							done <- fmt.Sprintf("%d %.50q", c, b)
							return
						}
					}
				}
				done <- ""
			}()
		}
		for range cap(done) {
			if problem := <-done; problem != "" {
				t.Error(problem)
			}
		}
	})
}
