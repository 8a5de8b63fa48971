//go:build linux

package story_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/harden"
	"winnow.org/winnow/internal/vault/residue"
)

// promise is how long after the end of a session the last byte of it may stand anywhere (SECURITY.md).
const promise = 10 * time.Second

// TestMemory is the promise of the whole program: people talk by every road there is, their connections stay open, the sessions
// end, and after at most ten seconds not eight bytes in a row of what they said stand in the memory of the process.
func TestMemory(t *testing.T) {
	t.Run("plain", func(t *testing.T) { memoryIsEmpty(t, openMemory(t, false)) })
	t.Run("tls", func(t *testing.T) { memoryIsEmpty(t, openMemory(t, true)) })
}

func memoryIsEmpty(t *testing.T, m *memory) {
	m.control()
	room, other := m.made("amara", "Harbour walls"), m.made("amara", "Harbour lights")
	hear := m.listen("priya", room)
	for i := range 40 {
		m.api(room, i)
	}
	for i := range 20 {
		m.pages(room, i)
	}
	m.refused(room, other)
	m.drafts(room)
	if heard := hear(); heard < 100 {
		m.Errorf("the stream said %d things only", heard)
	}
	for _, r := range []string{room, other} {
		for _, who := range []string{"amara", "priya"} {
			m.page(who, "POST", "/chat/"+url.PathEscape(r)+"/nothing", nil, "", "303")
		}
	}
	m.page("amara", "POST", "/chat/"+url.PathEscape(room)+"/end-session", nil, "", "303 404 410")
	m.page("amara", "POST", "/chat/"+url.PathEscape(other)+"/end-session", nil, "", "303 404 410")
	for _, r := range []string{room, other} {
		var state struct{ State string }
		m.json("amara", "GET", "rooms/"+url.PathEscape(r)+"/state/org.winnow.session", "", "200", &state)
		if state.State != "ended" {
			m.Fatalf("the session in %s is %q", r, state.State)
		}
	}
	begun := time.Now()
	for {
		res := m.search(m.texts)
		took := time.Since(begun)
		if res.Fragments == 0 {
			t.Logf("%d texts; none left after %v, in %d KiB", len(m.roads), took.Round(time.Millisecond), res.Bytes>>10)
			break
		}
		if took > promise {
			for _, f := range res.First {
				t.Errorf("%s, %s, in %s: %q", m.roads[f.Text], f.Form, f.In, m.around(f.At))
			}
			t.Fatalf("%d fragments of %d texts are left after %v", res.Fragments, res.Texts, took)
		}
		time.Sleep(100 * time.Millisecond)
	}
	for who := range m.signed { // the connections are open still, and work
		m.json(who, "GET", "account/whoami", "", "200", nil)
	}
	if res := m.search(m.texts); res.Fragments != 0 {
		t.Errorf("%d fragments came back: %+v", res.Fragments, res.First)
	}
}

// memory is the program in a process of its own, with the settings of production but that its memory may be read.
type memory struct {
	*testing.T
	url, addr string
	dial      func(network, addr string) (net.Conn, error)
	cmd       *exec.Cmd
	http      *http.Client
	signed    map[string]struct{ token, cookie string }
	texts     *residue.Search
	roads     []string // by which each text went
	road      string
	txn       int
}

func openMemory(t *testing.T, secure bool) *memory {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	m := &memory{T: t, addr: l.Addr().String(), url: "http://" + l.Addr().String(), dial: net.Dial, signed: map[string]struct{ token, cookie string }{}, texts: residue.New()}
	m.http = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 50}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var out bytes.Buffer
	args := []string{"serve", "--demo", "--data", t.TempDir(), "--listen", m.addr, "--allow-unlocked-memory", "--drain", "1s"}
	if secure {
		cert, key := certificate(t)
		args = append(args, "--tls-cert", cert, "--tls-key", key)
		blind := &tls.Config{InsecureSkipVerify: true} // it is made anew for each test
		m.url, m.http.Transport = "https://"+m.addr, &http.Transport{MaxIdleConnsPerHost: 50, TLSClientConfig: blind}
		m.dial = func(network, addr string) (net.Conn, error) { return tls.Dial(network, addr, blind) }
	}
	m.cmd = exec.Command(program(t), args...)
	m.cmd.Env = append(os.Environ(), harden.Dumpable+"=1")
	m.cmd.Stdout, m.cmd.Stderr = &out, &out
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.cmd.Process.Kill()
		m.cmd.Wait()
		if t.Failed() {
			t.Logf("the server said:\n%s", &out)
		}
	})
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if resp, err := m.http.Get(m.url + "/healthz"); err == nil {
			resp.Body.Close()
			break
		} else if time.Since(begun) > patience {
			t.Fatal("the server does not start")
		}
	}
	for _, who := range []string{"amara", "priya", "sian"} {
		var in struct {
			Token string `json:"access_token"`
		}
		m.json("", "POST", "login", `{"type":"m.login.password","identifier":{"type":"m.id.user","user":"`+who+`"},"password":"`+password+`"}`, "200", &in)
		resp, err := m.http.PostForm(m.url+"/sign-in", url.Values{"username": {who}, "password": {password}})
		if err != nil || len(resp.Cookies()) == 0 {
			t.Fatal("sign in:", err)
		}
		resp.Body.Close()
		m.signed[who] = struct{ token, cookie string }{in.Token, resp.Cookies()[0].String()}
	}
	return m
}

// certificate makes a certificate for this computer and returns the files of it and of its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", public), write("key.pem", "PRIVATE KEY", private)
}

// say makes a text of n random characters that the search looks for. With hard, what must be escaped stands in it too.
func (m *memory) say(n int, hard bool) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	var all strings.Builder
	for n > 0 {
		run := make([]byte, min(n, 40))
		rand.Read(run)
		for i, c := range run {
			run[i] = letters[c%64]
		}
		m.texts.Add(run)
		m.roads = append(m.roads, m.road)
		all.Write(run)
		if n -= len(run); hard {
			all.WriteString(" \"<é&\n💧\\")
		}
	}
	return all.String()
}

func (m *memory) search(s *residue.Search) residue.Result {
	m.Helper()
	r, err := s.Process(m.cmd.Process.Pid)
	if err != nil {
		m.Skip("this system does not let a process read its child's memory:", err)
	}
	return r
}

// around is what stands about an address, to see who keeps it.
func (m *memory) around(at uint64) []byte {
	b := make([]byte, 240)
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", m.cmd.Process.Pid))
	if err != nil {
		return nil
	}
	defer f.Close()
	n, _ := f.ReadAt(b, int64(at)-120)
	return b[:n]
}

// control shows that the search finds what the program keeps on purpose: the name of a conversation.
func (m *memory) control() {
	m.Helper()
	s, name := residue.New(), word()
	s.Add([]byte(name))
	m.made("amara", name)
	if r := m.search(s); r.Fragments == 0 {
		m.Fatal("the search does not find what the program keeps")
	}
}

// made makes a conversation of amara and priya.
func (m *memory) made(who, name string) string {
	m.Helper()
	var made struct {
		Room string `json:"room_id"`
	}
	m.json(who, "POST", "createRoom", `{"name":"`+name+`","preset":"public_chat"}`, "200", &made)
	m.json("priya", "POST", "join/"+url.PathEscape(made.Room), "{}", "200", nil)
	return made.Room
}

// listen reads the stream of a page until the function is called, which returns how many lines with data came. The
// connection stays open.
func (m *memory) listen(who, room string) func() int {
	m.Helper()
	c, err := m.dial("tcp", m.addr)
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "GET /chat/%s/events?from=0 HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", url.PathEscape(room), m.addr, m.signed[who].cookie)
	said, asked := make(chan int), make(chan struct{})
	go func() {
		n := 0
		for lines := bufio.NewReader(c); ; {
			line, err := lines.ReadString('\n')
			if strings.HasPrefix(line, "data: ") {
				n++
			}
			select {
			case <-asked:
				said <- n
				io.Copy(io.Discard, c)
				return
			default:
			}
			if err != nil {
				<-asked
				said <- n
				return
			}
		}
	}()
	return func() int { close(asked); return <-said }
}

// chunked sends a body without saying how long it is.
func (m *memory) chunked(in, text string) {
	m.Helper()
	req, err := http.NewRequest("PUT", m.url+"/_matrix/client/v3/"+in+"/send/m.room.message/chunked", io.MultiReader(strings.NewReader(`{"body":"`+text), strings.NewReader(`"}`)))
	if err != nil {
		m.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+m.signed["amara"].token)
	m.do(req, "411", nil)
}

// json is a call of the Matrix API.
func (m *memory) json(who, method, what, body, want string, into any) {
	m.Helper()
	req, err := http.NewRequest(method, m.url+"/_matrix/client/v3/"+what, strings.NewReader(body))
	if rest, ok := strings.CutPrefix(what, "../"); ok {
		req, err = http.NewRequest(method, m.url+"/_matrix/client/"+rest, strings.NewReader(body))
	}
	if err != nil {
		m.Error(err)
		return
	}
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+m.signed[who].token)
	}
	m.do(req, want, into)
}

// page asks for a page or posts a form.
func (m *memory) page(who, method, where string, form url.Values, live, want string) {
	m.Helper()
	m.raw(who, method, where, form.Encode(), live, want)
}

func (m *memory) raw(who, method, where, body, live, want string) {
	m.Helper()
	req, err := http.NewRequest(method, m.url+where, strings.NewReader(body))
	if err != nil {
		m.Error(err)
		return
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if live != "" {
		req.Header.Set("Winnow-Live", live)
	}
	if who != "" {
		req.Header.Set("Cookie", m.signed[who].cookie)
	}
	m.do(req, want, nil)
}

// do wants one of some codes; of pages that our script asked for, 204 is as good as a redirect.
func (m *memory) do(req *http.Request, want string, into any) {
	m.Helper()
	resp, err := m.http.Do(req)
	if err != nil {
		m.Errorf("%s %s: %v", req.Method, req.URL.Path, err)
		return
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		m.Errorf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	if codes := strings.Fields(want); len(codes) > 0 && !slices.Contains(codes, fmt.Sprint(resp.StatusCode)) {
		m.Errorf("%s: %s %s: %d, not %s: %.200s", m.road, req.Method, req.URL.Path, resp.StatusCode, want, b)
	}
	if into != nil {
		if err := json.Unmarshal(b, into); err != nil {
			m.Errorf("%s %s: %v", req.Method, req.URL.Path, err)
		}
	}
}
