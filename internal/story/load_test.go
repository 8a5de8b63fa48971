package story_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
)

// tally counts answers by their status.
type tally struct {
	mu sync.Mutex
	n  map[int]int
}

func (c *tally) add(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[int]int{}
	}
	c.n[code]++
}

// TestCrowd: two hundred at once in one conversation, who send, wait, read pages, stall and walk away. Everybody is answered,
// nothing is said twice or lost, and afterwards nothing of them is left running.
func TestCrowd(t *testing.T) {
	h := openHouse(t)
	who := []string{"amara", "priya", "rhys", "idris", "marek", "dougal", "sian", "helen"}
	var callers []*caller
	var visitors []*visitor
	for _, w := range who {
		callers, visitors = append(callers, h.caller(w)), append(visitors, h.visitor(w))
	}
	where := h.room(fund)
	chat, in := "/chat/"+url.PathEscape(string(where)), "/_matrix/client/v3/rooms/"+url.PathEscape(string(where))
	visitors[0].sends(chat, fields("text", "Let us begin"))
	http.DefaultClient.CloseIdleConnections()
	before := settled(runtime.NumGoroutine() - 1)

	transport := &http.Transport{MaxIdleConnsPerHost: 300}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	codes := map[string]*tally{"send": {}, "post": {}, "sync": {}, "page": {}, "stream": {}}
	var sent, heard atomic.Int64
	do := func(kind, method, where, token, cookie, body string) *http.Response {
		req, err := http.NewRequestWithContext(ctx, method, h.url+where, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return nil
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		if cookie != "" {
			req.Header.Set("Cookie", cookie)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		resp, err := client.Do(req)
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("%s: %v", kind, err)
			}
			return nil
		}
		codes[kind].add(resp.StatusCode)
		return resp
	}
	var all sync.WaitGroup
	for i := range 200 {
		c, v := callers[i%8], visitors[i%8]
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				var resp *http.Response
				switch i / 8 % 5 {
				case 0:
					size := 50
					if n%20 == 7 {
						size = 60_000
					}
					resp = do("send", "PUT", fmt.Sprintf("%s/send/m.room.message/c%d.%d", in, i, n), c.token, "", `{"msgtype":"m.text","body":"`+strings.Repeat("x", size)+`"}`)
				case 1:
					resp = do("post", "POST", chat+"/messages", "", v.cookie, fields("text", fmt.Sprintf("%d of %d", n, i), "txn", fmt.Sprintf("%d.%d", i, n)))
				case 2:
					resp = do("sync", "GET", "/_matrix/client/v3/sync?timeout=1000&since=s1", c.token, "", "")
				case 3:
					resp = do("page", "GET", []string{chat, chat + "/end", "/chat"}[n%3], "", v.cookie, "")
				case 4:
					resp = do("stream", "GET", chat+"/events?from=0", "", v.cookie, "")
				}
				if resp == nil {
					return
				}
				b, err := io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if err == nil && resp.StatusCode < 400 && i/8%5 < 2 {
					sent.Add(1)
				}
				if i/8%5 == 4 {
					heard.Add(b)
				}
			}
		})
	}
	var stalled []net.Conn
	for range 20 { // these ask for much and read nothing
		c, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET %s/events?from=0 HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", chat, visitors[0].cookie)
		d, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		stalled = append(stalled, c, d)
		fmt.Fprintf(d, "GET %s/messages?dir=b&limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", in, callers[1].token)
	}
	all.Wait()
	for kind, c := range codes {
		t.Logf("%s: %v", kind, c.n)
		for code := range c.n {
			if code >= 500 || code >= 400 && kind != "stream" {
				t.Errorf("%s: %d answers of %d", kind, c.n[code], code)
			}
		}
	}
	view, err := h.Sessions.Look(t.Context(), h.who("amara"), where)
	if err != nil {
		t.Fatal(err)
	}
	if n := int64(view.Messages); n < sent.Load()+1 || n > sent.Load()+1+80 { // the last of each may have arrived without an answer
		t.Errorf("%d messages, but %d were answered", n, sent.Load())
	}
	if sent.Load() < 100 || heard.Load() < 1000 {
		t.Errorf("%d messages were sent and %d bytes heard: that is no crowd", sent.Load(), heard.Load())
	}
	t.Logf("%d messages in 3 s", view.Messages)
	transport.CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	for _, c := range stalled {
		c.Close()
	}
	h.until("nothing is left running, and protected memory is given back", func() bool {
		a := h.Arena.Stats()
		return runtime.NumGoroutine() <= before+2 && a.Small.Taken+a.Large.Taken+a.Scratch.Taken == 0 && a.Keys.Taken <= 1
	})
	t.Logf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// settled is how many goroutines there are when no more end.
func settled(n int) int {
	for range 100 {
		time.Sleep(10 * time.Millisecond)
		if now := runtime.NumGoroutine(); now == n {
			return n
		} else {
			n = now
		}
	}
	return n
}

// TestLarge: what is too large is refused at once, and a list of a thousand conversations is a page like any other.
func TestLarge(t *testing.T) {
	h := openHouse(t)
	amara, c := h.visitor("amara"), h.caller("amara")
	chat, in := "/chat/"+url.PathEscape(string(h.room(fund))), "v3/rooms/"+url.PathEscape(string(h.room(fund)))
	for _, x := range []struct {
		where string
		size  int
		want  []int
	}{
		{in + "/send/m.room.message/a", 63_000, []int{200}}, {in + "/send/m.room.message/b", 64 << 10, []int{413}}, {in + "/send/m.room.message/c", 1 << 20, []int{413}},
		{in + "/send/m.room.message/d", 64<<20 + 1000, []int{413}}, {in + "/state/m.room.topic", 1 << 20, []int{413}}, {"v3/user/%40amara%3Alocalhost/account_data/x.y", 1 << 20, []int{413}},
	} {
		code, said := c.call("PUT", x.where, `{"msgtype":"m.text","body":"`+strings.Repeat("x", x.size)+`"}`)
		if !slices.Contains(x.want, code) || len(said) > 500 {
			t.Errorf("%s with %d bytes: %d %.300s", x.where, x.size, code, said)
		}
	}
	for _, size := range []int{200_000, 65 << 20} {
		resp, err := func() (*http.Response, error) {
			req, err := http.NewRequest("POST", h.url+chat+"/messages", bytes.NewReader(append([]byte("text="), bytes.Repeat([]byte("x"), size)...)))
			if err != nil {
				return nil, err
			}
			req.Header.Set("Cookie", amara.cookie)
			return http.DefaultClient.Do(req)
		}()
		if err != nil { // the server may hang up before it has read all of what it has refused
			t.Logf("%d bytes: %v", size, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d bytes: %d", size, resp.StatusCode)
		}
	}
	for i := range 1000 {
		if _, err := h.Rooms.Create(t.Context(), h.who("amara"), room.New{Name: fmt.Sprintf("Conversation %d", i), Add: []id.Person{h.who("priya")}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{"/chat", chat, "/find?q=Conversation", "/chat?q=999"} {
		begun := time.Now()
		a := amara.does("GET", p, "", nil)
		took := time.Since(begun)
		t.Logf("%s: %v, %d KiB", p, took.Round(time.Millisecond), len(a.raw)>>10)
		if a.code != http.StatusOK || took > 5*time.Second || !strings.Contains(a.text, "Conversation 999") {
			t.Errorf("%s with a thousand conversations: %d after %v", p, a.code, took)
		}
	}
	begun := time.Now()
	code, said := c.call("GET", "v3/sync?timeout=0", "")
	t.Logf("first sync: %v, %d KiB", time.Since(begun).Round(time.Millisecond), len(said)>>10)
	if code != http.StatusOK || strings.Count(said, `"summary"`) < 1000 {
		t.Errorf("first sync of a thousand conversations: %d, %d KiB", code, len(said)>>10)
	}
}
