package story_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"winnow.org/winnow/verify"
)

// crash is a real server process on a real disk, which is killed again and again, and what it has promised so far.
type crash struct {
	*testing.T
	dir, addr, url string
	cmd            *exec.Cmd
	out            bytes.Buffer
	key            note.Verifier
	saved          []byte // a checkpoint: the log must only grow

	http   *http.Client
	tokens map[string]string // Matrix access tokens
	cookie map[string]string // web sign-ins
	room   string
	txn    int

	notes    []string       // references of notes that were acknowledged
	sessions map[string]int // sessions that are known to have been
	slowest  time.Duration  // start
}

// TestCrash kills the server with SIGKILL at random moments of filing, delivering and disposing, and looks after each restart
// whether it keeps its word: WINNOW_CRASHES is how often (200), WINNOW_SEED where the dice begin.
func TestCrash(t *testing.T) {
	times := setting(t, "WINNOW_CRASHES", 200)
	seed := setting(t, "WINNOW_SEED", 1)
	dice := rand.New(rand.NewPCG(uint64(seed), 2026))
	c := openCrash(t)
	begun := time.Now()
	for range 3 {
		c.session()
	}
	length := time.Since(begun) / 3 // of one session
	stages := map[string]int{}
	for i := range times {
		done := make(chan string, 1)
		go func() { done <- c.session() }()
		select {
		case stage := <-done: // nobody was killed: the whole way
			stages[stage]++
			c.kill()
		case <-time.After(time.Duration(dice.Int64N(int64(length * 13 / 10)))):
			c.kill()
			stages[<-done]++
		}
		c.start()
		c.keepsItsWord()
		if time.Since(begun) > time.Minute && times == 200 { // a slow computer
			times = i + 1
			break
		}
		if t.Failed() {
			t.Fatalf("after crash %d with seed %d. The last start said:\n%s", i+1, seed, &c.out)
		}
	}
	t.Logf("%d crashes: %d notes were acknowledged and none is lost; %d sessions; the slowest start took %v; a session takes %v; killed while %v",
		times, len(c.notes), len(c.sessions), c.slowest.Round(time.Millisecond), length.Round(time.Millisecond), stages)
	if len(c.notes) == 0 || len(c.sessions) == 0 || len(stages) < 2 {
		t.Error("the crashes came too early or too late to show anything")
	}
}

func setting(t *testing.T, name string, preset int) int {
	t.Helper()
	if s := os.Getenv(name); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("%s is %q: write a number", name, s)
		}
		return n
	}
	return preset
}

func openCrash(t *testing.T) *crash {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // the server is to have this address, at every start
	c := &crash{T: t, dir: t.TempDir(), addr: l.Addr().String(), tokens: map[string]string{}, cookie: map[string]string{}, sessions: map[string]int{}}
	c.url = "http://" + c.addr
	c.http = &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	program(t)
	c.start()
	t.Cleanup(c.kill)
	c.slowest = 0 // the first start makes the department, and may take its time
	resp, err := c.http.Get(c.url + "/log/key")
	if err != nil {
		t.Fatal(err)
	}
	k, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if c.key, err = verify.ParseKey(strings.TrimSpace(string(k))); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"amara", "priya"} {
		var in struct {
			Token string `json:"access_token"`
		}
		c.matrix("POST", "login", "", map[string]any{"type": "m.login.password", "identifier": map[string]string{"type": "m.id.user", "user": who}, "password": password}, &in)
		c.tokens[who] = in.Token
		resp, err := c.http.PostForm(c.url+"/sign-in", url.Values{"username": {who}, "password": {password}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for _, k := range resp.Cookies() {
			c.cookie[who] = k.String()
		}
	}
	var made struct {
		Room string `json:"room_id"`
	}
	c.matrix("POST", "createRoom", "priya", map[string]any{"name": "Crash barriers", "preset": "public_chat"}, &made)
	c.room = made.Room
	c.matrix("POST", "join/"+url.PathEscape(c.room), "amara", map[string]any{}, nil)
	return c
}

// start runs the program and waits until it answers.
func (c *crash) start() {
	c.Helper()
	c.out.Reset()
	c.cmd = exec.Command(program(c.T), "serve", "--demo", "--data", c.dir, "--listen", c.addr, "--allow-unlocked-memory", "--drain", "1s")
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.out
	begun := time.Now()
	if err := c.cmd.Start(); err != nil {
		c.Fatal(err)
	}
	for {
		resp, err := c.http.Get(c.url + "/_matrix/client/versions")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(begun) > patience {
			c.kill()
			c.Fatalf("the server does not start:\n%s", &c.out)
		}
		time.Sleep(5 * time.Millisecond)
	}
	c.slowest = max(c.slowest, time.Since(begun))
	if c.slowest > 10*time.Second {
		c.Errorf("a start took %v", c.slowest)
	}
}

// kill is a power cut, as far as a process can tell.
func (c *crash) kill() {
	if c.cmd.ProcessState == nil {
		c.cmd.Process.Kill()
		c.cmd.Wait()
	}
}

// session plays one session from its first message until its note is delivered, and returns what it was doing when the server
// was gone.
func (c *crash) session() (stage string) {
	words := fmt.Sprintf("Decision %d: barriers at pier %s", c.txn, word())
	var sent struct {
		ID string `json:"event_id"`
	}
	for n, who := range []string{"amara", "priya", "amara"} {
		c.txn++
		if !c.tries("PUT", "rooms/"+url.PathEscape(c.room)+"/send/m.room.message/t"+strconv.Itoa(c.txn), who, map[string]any{"msgtype": "m.text", "body": words + strconv.Itoa(n)}, &sent) {
			return "talking"
		}
	}
	var state struct{ Session, State string }
	if !c.tries("GET", "rooms/"+url.PathEscape(c.room)+"/state/org.winnow.session", "amara", nil, &state) {
		return "talking"
	}
	c.sessions[state.Session]++
	c.txn++
	if !c.tries("PUT", "rooms/"+url.PathEscape(c.room)+"/send/m.reaction/t"+strconv.Itoa(c.txn), "priya",
		map[string]any{"m.relates_to": map[string]string{"rel_type": "m.annotation", "event_id": sent.ID, "key": "📌"}}, nil) {
		return "marking"
	}
	chat := "/chat/" + url.PathEscape(c.room)
	if c.form("amara", chat+"/end-session", nil) == "" {
		return "asking for the end"
	}
	if c.txn%3 > 0 { // else the mark files itself
		to := c.form("amara", chat+"/end", url.Values{"step": {"both"}, "do": {"file"}, "title": {words}, "summary": {"Agreed."}, "quote": {sent.ID}})
		if to == "" {
			return "filing"
		}
		ref := path.Base(strings.TrimSuffix(to, "?filed"))
		if !strings.HasPrefix(ref, "N-") {
			c.Errorf("filing led to %s", to)
		}
		c.notes = append(c.notes, ref)
	}
	if c.form("amara", chat+"/nothing", nil) == "" || c.form("priya", chat+"/nothing", nil) == "" {
		return "disposing"
	}
	for c.tries("GET", "rooms/"+url.PathEscape(c.room)+"/state/org.winnow.session", "amara", nil, &state) {
		if state.State == "ended" {
			return "delivering"
		}
	}
	return "disposing"
}

// tries is one request of the Matrix API. It returns false if the server is gone.
func (c *crash) tries(method, what, who string, body, answer any) bool {
	b, err := json.Marshal(body)
	if err != nil {
		c.Error(err)
		return false
	}
	req, err := http.NewRequest(method, c.url+"/_matrix/client/v3/"+what, bytes.NewReader(b))
	if err != nil {
		c.Error(err)
		return false
	}
	if body == nil {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("Authorization", "Bearer "+c.tokens[who])
	resp, err := c.http.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		return false
	}
	if resp.StatusCode != http.StatusOK {
		c.Errorf("%s %s: %d %s", method, what, resp.StatusCode, said)
		return false
	}
	if answer != nil {
		if err := json.Unmarshal(said, answer); err != nil {
			c.Errorf("%s %s: %v", method, what, err)
			return false
		}
	}
	return true
}

func (c *crash) matrix(method, what, who string, body, answer any) {
	c.Helper()
	if !c.tries(method, what, who, body, answer) {
		c.Fatalf("%s %s failed:\n%s", method, what, &c.out)
	}
}

// form posts a form of the pages and returns where it led; "" if the server is gone.
func (c *crash) form(who, where string, fields url.Values) string {
	req, err := http.NewRequest("POST", c.url+where, strings.NewReader(fields.Encode()))
	if err != nil {
		c.Error(err)
		return ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Cookie", c.cookie[who])
	resp, err := c.http.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		return ""
	}
	if resp.StatusCode != http.StatusSeeOther {
		if strings.HasSuffix(where, "/nothing") && resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone {
			return "over" // a note was the last answer
		}
		c.Errorf("%s: %d %.600s", where, resp.StatusCode, said)
		return ""
	}
	return resp.Header.Get("Location")
}

// keepsItsWord looks at all that was ever promised.
func (c *crash) keepsItsWord() {
	c.Helper()
	report, err := verify.Audit(context.Background(), c.http, c.url, verify.AuditOptions{Keys: []note.Verifier{c.key}, Saved: c.saved, Grace: time.Nanosecond})
	if err != nil {
		c.Fatal(err)
	}
	for _, p := range report.Problems {
		c.Errorf("audit: %s", p)
	}
	if report.InProgress > 0 {
		c.Errorf("%d disposals are decided and not completed", report.InProgress)
	}
	c.saved = report.Signed
	for sid := range c.sessions {
		if _, code := c.get("", "/certificates/"+sid+".json"); code != http.StatusOK {
			c.Errorf("the session %s is gone without a certificate: %d", sid, code)
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(c.dir, "winnow.db")+"?mode=ro")
	if err != nil {
		c.Fatal(err)
	}
	defer db.Close()
	for _, row := range rows(c, db, `select id, state, completion from session where state not in ('completed', 'lost')`) {
		c.Errorf("the session %s is neither over nor lost: %s", row[0], row[1])
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if n := string(rows(c, db, `select count(*) from delivery where done = 0`)[0][0]); n == "0" {
			break
		} else if time.Now().After(end) {
			c.Fatalf("%s files never arrive in the drive", n)
		}
	}
	inDrive := c.drive()
	for _, ref := range c.notes {
		for _, kind := range []string{".docx", ".eml"} {
			b, code := c.get("priya", "/notes/"+ref+kind)
			if code != http.StatusOK {
				c.Errorf("the acknowledged note %s%s is lost: %d", ref, kind, code)
			} else if !inDrive[sha256.Sum256(b)] {
				c.Errorf("the drive does not have %s%s as it was filed", ref, kind)
			}
		}
	}
}

func (c *crash) get(who, where string) ([]byte, int) {
	c.Helper()
	req, err := http.NewRequest("GET", c.url+where, nil)
	if err != nil {
		c.Fatal(err)
	}
	if who != "" {
		req.Header.Set("Cookie", c.cookie[who])
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	return b, resp.StatusCode
}

// drive has the hash of every file in the drive. What is half written must not look like a note.
func (c *crash) drive() map[[32]byte]bool {
	c.Helper()
	all := map[[32]byte]bool{}
	err := filepath.WalkDir(filepath.Join(c.dir, "drive"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[sha256.Sum256(b)] = true
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return all
}
