//go:build linux

package wire_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/harden"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/vault/residue"
	"winnow.org/winnow/internal/wire"
)

// served names the variable that makes the test binary the server under test, with the settings of production.
const served = "WINNOW_TEST_SERVE"

func TestMain(m *testing.M) {
	mode := os.Getenv(served)
	if mode == "" {
		os.Exit(m.Run())
	}
	harden.Main()
	if err := serve(mode == "tls"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(secure bool) error {
	a, err := vault.Open(vault.Options{ForgetEvery: 200 * time.Millisecond})
	if err != nil {
		return err
	}
	c, err := newChat(a)
	if err != nil {
		return err
	}
	config := wire.Config{Arena: a, ReadTimeout: 500 * time.Millisecond, WriteTimeout: 500 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if secure {
		config.TLS = &tls.Config{Certificates: []tls.Certificate{certificate()}}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return wire.NewServer(c, config).Serve(l)
}

// A subject is the server in a process of its own.
type subject struct {
	site
	cmd *exec.Cmd
	err bytes.Buffer
}

func start(t *testing.T, secure bool) *subject {
	u := &subject{cmd: exec.Command("/proc/self/exe")}
	u.t = t
	mode := "plain"
	if secure {
		mode = "tls"
		u.config = &tls.Config{InsecureSkipVerify: true}
	}
	u.cmd.Env = append(os.Environ(), served+"="+mode, harden.Dumpable+"=1")
	u.cmd.Stderr = &u.err
	out, err := u.cmd.StdoutPipe()
	if err == nil {
		err = u.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		u.cmd.Process.Kill()
		u.cmd.Wait()
		if t.Failed() {
			t.Logf("standard error of the server:\n%s", &u.err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	u.addr = strings.TrimSpace(line)
	return u
}

// words returns n random characters: any eight of them are unlike all else.
func words(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, n)
	rand.Read(b)
	for i, c := range b {
		b[i] = letters[c%64]
	}
	return string(b)
}

func (u *subject) search(s *residue.Search) residue.Result {
	u.t.Helper()
	r, err := s.Process(u.cmd.Process.Pid)
	if err != nil {
		u.t.Skip("this system does not let a process read its child's memory:", err)
	}
	return r
}

// The promise of this package: messages go in and out by every road, polite and rude, the connections stay open, and when the
// session has ended there is nothing of any of them in the server's memory.
func TestNothingIsLeft(t *testing.T) {
	if raced {
		t.Skip("not with the race detector")
	}
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "plain", true: "tls"}[secure], func(t *testing.T) { nothingIsLeft(t, start(t, secure)) })
	}
}

func nothingIsLeft(t *testing.T, u *subject) {
	texts := residue.New()
	say := func(n int) string {
		w := words(n)
		texts.AddRaw([]byte(w))
		return w
	}

	// Controls: the search finds text that waits in a buffer, and text that a handler keeps like any other program.
	control := residue.New()
	held, kept := words(300), words(80)
	control.Add([]byte(held))
	control.Add([]byte(kept))
	holder := u.dial()
	holder.write(post("/hold", held))
	u.dial().write(post("/login", kept)).want(200, kept)
	for begun := time.Now(); ; {
		if r := u.search(control); r.Texts == 2 && r.Fragments > 293 {
			break
		} else if time.Since(begun) > 5*time.Second {
			t.Fatalf("the search does not find what is there: %+v", r)
		}
	}
	holder.Close()

	var idle []*peer
	for range 20 {
		idle = append(idle, u.dial())
	}
	heard := make(chan int)
	const messages = 200
	for range 4 {
		p := u.dial()
		p.write(get("/events"))
		go func() {
			n, _ := io.Copy(io.Discard, p.r)
			heard <- int(n)
		}()
	}
	for i := range messages {
		p := idle[i%len(idle)]
		size := []int{16, 40, 300, 300, 1100, 1500, 3000, 6000}[i%8]
		if i%50 == 49 {
			size = 60_000
		}
		text := say(size)
		request := post("/send", text)
		if cut := len(request) - size/2; i%3 == 0 { // head and half of the body, then the rest
			p.write(request[:cut]).write(request[cut:])
		} else {
			p.write(request)
		}
		p.want(200, fmt.Sprint(size))
		if c, b := idle[(i+7)%len(idle)].write(get("/last")).answer(); c != 200 || b != text {
			t.Fatalf("message %d came back wrong", i)
		}
	}
	p := u.dial()
	p.write(get("/many?n=40"))
	p.answer()
	idle = append(idle, p)

	// The rude roads; most of these connections are left open by the client.
	rude := func(all ...string) {
		p := u.dial()
		for _, s := range all {
			io.WriteString(p, s)
		}
	}
	for range 10 {
		rude("POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n", say(900))                // stalls in the body
		rude("POST /untaken HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n"+say(900), say(100))    // the same, not taken
		rude(post("/untaken", say(2000)))                                                               // nobody takes it
		rude(post("/nowhere", say(5000)), get("/last"))                                                 // no such page
		rude(post("/send", say(30))+say(500), say(100))                                                 // Content-Length too small
		rude("GET /last HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + say(3000))                // body on GET, and more
		rude("POST /send HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + say(1024)) // chunked
		rude("POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + say(50_000))          // too large
		rude(say(700) + "\r\n\r\n")                                                                     // no head at all
		rude(post("/panic", say(600)))
		rude(post("/send", say(600), "Connection: close\r\n"))
		rude("POST /send HTTP/1.0\r\nContent-Length: 900\r\n\r\n" + say(900))
		rude(get("/wait") + post("/send", say(900)))                    // early, while another waits
		rude(get("/events") + post("/send", say(9000)))                 // early, larger than a buffer
		rude(strings.ReplaceAll(post("/send", say(600)), "\r\n", "\n")) // bare line feeds
		rude("POST /send HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n", say(500))
		rude("POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n" + say(800))
		u.dial().write("POST /send HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n" + say(800)).Close()
	}
	// While the session is live, its messages exist sealed only. With TLS the collector has to come first: see the package
	// comment.
	none := func(when string) {
		t.Helper()
		for begun := time.Now(); ; {
			r := u.search(texts)
			took := time.Since(begun)
			if r.Fragments == 0 {
				t.Logf("%s: none after %v, in %d KiB", when, took.Round(time.Millisecond), r.Bytes>>10)
				return
			}
			if took > 10*time.Second {
				t.Fatalf("%s: %d fragments of %d texts are left: %+v", when, r.Fragments, r.Texts, r.First)
			}
		}
	}
	if u.config == nil {
		none("live")
	}
	u.dial().write(post("/end", "")).want(200, "")
	none("ended")
	// The connections are still there and work.
	for _, p := range idle {
		p.write(get("/untaken")).want(200, "not read")
	}
	if r := u.search(texts); r.Fragments != 0 {
		t.Errorf("%d fragments came back: %+v", r.Fragments, r.First)
	}
	u.cmd.Process.Kill()
	for range 4 {
		if n := <-heard; n < 16*messages/4 {
			t.Errorf("a stream heard %d bytes only", n)
		}
	}
}
