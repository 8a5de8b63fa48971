//go:build browser

package web_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"winnow.org/winnow/internal/web/static"

	. "winnow.org/winnow/internal/web"
)

// These tests drive a real browser against a server that only remembers what it was sent and streams what a test says:
//
//	go run ./internal/web/build
//	go test -tags browser -run Live ./internal/web

// stage is that server, with one conversation.
type stage struct {
	*testing.T
	ctx    context.Context
	f      *fake
	ts     *Templates
	url    string
	stream chan string

	mu     sync.Mutex
	posts  []posted
	answer map[string]func(http.ResponseWriter, url.Values)
}

// posted is one form that script sent.
type posted struct {
	path string
	form url.Values
}

func openStage(t *testing.T, page ConversationPage, f *fake) *stage {
	t.Helper()
	files, err := static.Open()
	if err != nil {
		t.Fatal(err)
	}
	ts, err := NewTemplates(Pages(), files.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &stage{T: t, f: f, ts: ts, stream: make(chan string, 16), answer: map[string]func(http.ResponseWriter, url.Values){}}
	body := f.page(t, ts, "conversation", page)
	mux := http.NewServeMux()
	mux.Handle("GET /static/", files.Handler())
	mux.HandleFunc("GET /chat/{conversation}", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Security-Policy", policyOfPages)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(body)
	})
	mux.HandleFunc("GET /chat/{conversation}/events", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		for {
			w.(http.Flusher).Flush()
			select {
			case e := <-r.stream:
				fmt.Fprint(w, e)
			case <-q.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("GET /chat/{conversation}/end", func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(f.page(t, ts, "sheet", sheet(f, "both")))
	})
	mux.HandleFunc("POST /", func(w http.ResponseWriter, q *http.Request) {
		q.ParseForm()
		r.mu.Lock()
		r.posts = append(r.posts, posted{q.URL.Path, q.PostForm})
		answer := r.answer[q.URL.Path[strings.LastIndex(q.URL.Path, "/"):]]
		r.mu.Unlock()
		if answer == nil {
			w.WriteHeader(204)
			return
		}
		answer(w, q.PostForm)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	r.ctx, r.url = browser(t), server.URL+"/chat/"+url.PathEscape(harbour)
	r.do(chromedp.EmulateViewport(1280, 800), scheme("light"), chromedp.Navigate(r.url))
	r.wait("the script runs", `document.documentElement.classList.contains("scripted")`)
	return r
}

func (r *stage) do(steps ...chromedp.Action[chromedp.Void]) {
	r.Helper()
	if err := chromedp.Do(r.ctx, steps...); err != nil {
		r.Fatal(err)
	}
}

// js runs a statement in the page.
func (r *stage) js(statement string) {
	r.Helper()
	if _, err := chromedp.Run(r.ctx, chromedp.Evaluate[bool]("("+statement+", true)")); err != nil {
		r.Fatalf("%s: %v", statement, err)
	}
}

// wait waits until an expression is true in the page.
func (r *stage) wait(what, expression string) {
	r.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		yes, err := chromedp.Run(r.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && yes {
			return
		}
		if err != nil {
			r.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.Fatalf("never: %s (%s)", what, expression)
}

// sent waits for a form at an address that ends so, with a value for a field.
func (r *stage) sent(end, field, value string) url.Values {
	r.Helper()
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		r.mu.Lock()
		for _, p := range r.posts {
			if strings.HasSuffix(p.path, end) && p.form.Get(field) == value {
				r.mu.Unlock()
				return p.form
			}
		}
		r.mu.Unlock()
	}
	r.Fatalf("never sent: %s with %s=%q; sent: %v", end, field, value, r.posts)
	return nil
}

func (r *stage) answers(end string, with func(http.ResponseWriter, url.Values)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer[end] = with
}

// event streams a fragment.
func (r *stage) event(id int, name, fragment string, data any) {
	r.Helper()
	var shell bytes.Buffer
	if err := r.ts.Event(&shell, fragment, data); err != nil {
		r.Fatal(err)
	}
	r.stream <- fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", id, name, r.f.assemble(shell.Bytes()))
}

func (r *stage) accessible() {
	r.Helper()
	axe, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil {
		r.Fatal(err)
	}
	report(r.T, r.ctx, string(axe))
}

func (r *stage) picture(name string) {
	if dir := os.Getenv("PREVIEW"); dir != "" {
		p, err := chromedp.Run(r.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			r.Fatal(err)
		}
		os.WriteFile(dir+"/"+name+".png", p, 0o644)
	}
}

func enter(with ...chromedp.Modifier) chromedp.Action[chromedp.Void] {
	return press("Enter", "\r", 13, with...)
}

// press presses a key as a keyboard does: what a page prevents does not happen.
func press(name, text string, code int64, with ...chromedp.Modifier) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: name, Text: text, WindowsVirtualKeyCode: code}
		for _, m := range with {
			key.Modifiers |= int64(m)
		}
		if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, key); err != nil {
			return err
		}
		key.Type, key.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err := cdp.Call(ctx, target, input.DispatchKeyEvent, key)
		return err
	})
}

const box = `document.getElementById("m")`

func TestLiveSend(t *testing.T) {
	f := newFake(t)
	r := openStage(t, conversation(f), f)
	r.answers("/messages", func(w http.ResponseWriter, form url.Values) {
		m := said(f, "77", amara, "9:34am", form.Get("text"))
		m.Txn = form.Get("txn")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(f.page(t, r.ts, "message", m))
	})
	r.js(box + ".focus()")
	r.do(chromedp.KeyEvent("It is on its way"), enter())
	form := r.sent("/messages", "text", "It is on its way")
	if form.Get("txn") == "" {
		t.Error("the message has no name of its own to be recognised by")
	}
	r.wait("the confirmed message takes the place of the one on its way", `document.getElementById("m-$7q4k2mxd-77") && !document.querySelector(".msg--waiting")`)
	r.wait("the box is empty", box+`.value === ""`)
	// The stream brings it as well: once is enough.
	m := said(f, "77", amara, "9:34am", "It is on its way")
	m.Receipt = "Read by 1"
	r.event(1300, "message", "entry", Entry{Message: &m})
	r.wait("the receipt shows", `document.getElementById("m-$7q4k2mxd-77").textContent.includes("Read by 1")`)
	r.wait("it is there once", `document.querySelectorAll("[id='m-$7q4k2mxd-77']").length === 1`)
	r.do(chromedp.KeyEvent("first"), enter(chromedp.ModifierShift), chromedp.KeyEvent("second"), enter(chromedp.ModifierShift, chromedp.ModifierCtrl))
	if form := r.sent("/messages", "text", "first\nsecond"); form.Get("record") != "on" {
		t.Error("Ctrl Shift Enter did not send for the record")
	}
}

func TestLiveNotSent(t *testing.T) {
	f := newFake(t)
	r := openStage(t, conversation(f), f)
	r.answers("/messages", func(w http.ResponseWriter, form url.Values) {
		w.WriteHeader(503)
		fmt.Fprint(w, "The server is busy.")
	})
	r.js(box + ".focus()")
	r.do(chromedp.KeyEvent("Keep these words"), enter())
	r.wait("it says Not sent, and why, and keeps the words", `(m => m && !m.querySelector(".failed").hidden && m.textContent.includes("The server is busy.") && m.textContent.includes("Keep these words"))(document.querySelector(".msg--waiting"))`)
	r.accessible()
	r.picture("live-not-sent")
	r.answers("/messages", nil)
	r.mu.Lock()
	r.posts = nil
	r.mu.Unlock()
	r.js(`document.querySelector("[data-again]").click()`)
	r.sent("/messages", "text", "Keep these words")
}

// TestLiveEnded: when a session ends, nothing of it is left in the page.
func TestLiveEnded(t *testing.T) {
	f := newFake(t)
	r := openStage(t, conversation(f), f)
	m := said(f, "80", rhys, "9:40am", "Canary in the stream, https://example.org/canary")
	r.event(1310, "message", "entry", Entry{Message: &m})
	r.wait("the message is there", `document.querySelector("#messages a[href='https://example.org/canary']")`)
	r.js(box + ".focus()")
	r.do(chromedp.KeyEvent("Canary half typed"))
	d := Dock{Conversation: harbour, State: "none"}
	r.event(1311, "dock", "dock", d)
	r.event(1312, "panel", "panel", Panel{Conversation: harbour, People: []Person{rhys}, Total: 8})
	row := list(f, harbour, "Ended 11:14am. 1 note filed").Open[0]
	row.Open = false
	r.event(1313, "row", "row", row)
	r.event(1314, "ended", "past", past(f).Past)
	r.wait("the receipt shows", `document.getElementById("r-7q4k2mxd")?.offsetParent`)
	r.wait("the row is in its group", `document.querySelector("[data-group=quiet] #row-\\!uRk2pHarbourFundRound2")`)
	for _, gone := range []string{"Canary", "canary", "Small-harbour numbers", "Treasury"} {
		r.wait(gone+" is gone", fmt.Sprintf(`!document.documentElement.outerHTML.includes(%q) && ![...document.querySelectorAll("input, textarea")].some(i => i.value.includes(%q))`, gone, gone))
	}
	r.wait("nothing is stored", `localStorage.length === 0 && sessionStorage.length === 0`)
	r.accessible()
	// The next message starts a session.
	n := said(f, "1", rhys, "11:30am", "A new start")
	r.event(1315, "message", "entry", Entry{Message: &n})
	r.wait("the log is back", `!document.getElementById("log").hidden && document.getElementById("past").hidden`)
}

func TestLiveForgetsOnLeaving(t *testing.T) {
	f := newFake(t)
	r := openStage(t, conversation(f), f)
	r.js(`dispatchEvent(new Event("pagehide"))`)
	r.wait("nothing that was said is left", `!document.documentElement.outerHTML.includes("Treasury") && !document.getElementById("messages").children.length`)
}

func TestLiveKeys(t *testing.T) {
	f := newFake(t)
	page := conversation(f)
	own := said(f, "70", amara, "9:33am", "My own words")
	own.CanEdit = true
	page.Entries = append(page.Entries, Entry{Message: &own})
	r := openStage(t, page, f)
	r.js(`document.getElementById("log").focus()`)
	r.do(chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp))
	r.wait("Up moves between messages", `document.activeElement.id === "m-$7q4k2mxd-6"`)
	r.wait("the toolbar is there", `document.activeElement.querySelector("[role=toolbar]")`)
	r.picture("live-toolbar")
	r.accessible()
	r.do(press("m", "m", 77))
	r.sent("/messages/$7q4k2mxd-6/mark", "", "")
	r.do(press("r", "r", 82))
	r.wait("R replies", `document.activeElement.id === "m" && document.querySelector("[name=reply_to]")?.value === "$7q4k2mxd-6"`)
	r.do(chromedp.KeyEvent(kb.Escape))
	r.wait("Esc gives it up", `!document.querySelector("[name=reply_to]")`)
	r.do(chromedp.KeyEvent(kb.ArrowUp))
	r.wait("Up edits the last message of one's own", `document.querySelector("[name=edit]")?.value === "$7q4k2mxd-70" && `+box+`.value === "My own words"`)
	r.do(chromedp.KeyEvent(" now"), enter())
	if form := r.sent("/messages", "text", "My own words now"); form.Get("edit") != "$7q4k2mxd-70" {
		t.Errorf("sent %v", form)
	}
	r.do(chromedp.KeyEvent(kb.F6))
	r.wait("F6 goes on to the panel", `document.activeElement.id === "panel"`)
	r.do(chromedp.KeyEvent(kb.F6))
	r.wait("and round to the list", `document.activeElement.closest("#rows")`)
}

func TestLiveSheet(t *testing.T) {
	f := newFake(t)
	r := openStage(t, conversation(f), f)
	r.js(`document.querySelector("#panel [data-sheet]").click()`)
	r.wait("the sheet opens with focus on its heading", `document.getElementById("sheet").open && document.activeElement.id === "sheet-title"`)
	r.wait("4 are quoted", `document.querySelector("[data-quoted]").textContent === "4"`)
	r.accessible()
	r.picture("live-sheet-laptop")
	r.js(`document.getElementById("q0").click()`)
	r.wait("a tick is quoted at once", `document.querySelector("[data-quoted]").textContent === "5" && document.getElementById("attached").children.length === 5`)
	r.js(`document.querySelector("[data-add-action]").click()`)
	r.wait("there is another action", `document.querySelectorAll("[name=action_what]").length === 2 && document.activeElement.id === "a1w"`)
	r.answers("/end", func(w http.ResponseWriter, form url.Values) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(422)
		s := sheet(f, "both")
		s.Problems = Problems{{"title", "Enter a title"}}
		w.Write(f.page(t, r.ts, "sheet", s))
	})
	r.do(enter(chromedp.ModifierCtrl))
	form := r.sent("/end", "do", "file")
	if len(form["quote"]) != 5 || form.Get("step") != "both" || len(form["action_what"]) != 2 {
		t.Errorf("sent %v", form)
	}
	r.wait("the problem has the focus", `document.activeElement.matches(".govuk-error-summary")`)
	r.answers("/end", nil)
	r.do(enter(chromedp.ModifierCtrl))
	r.wait("it closes, and nothing of it is left", `!document.getElementById("sheet").open && !document.getElementById("sheet").children.length`)
	r.do(chromedp.EmulateViewport(390, 844))
	r.js(`document.querySelector(".phonebar [data-sheet]").click()`)
	r.wait("on a phone it opens at step 1", `document.querySelector(".sheet__col--pick")?.offsetParent && !document.querySelector(".sheet__col--write").offsetParent`)
	r.picture("live-sheet-phone")
	r.js(`document.querySelector("[data-go=write]").click()`)
	r.wait("and goes on to step 2", `document.querySelector(".sheet__col--write").offsetParent && !document.querySelector(".sheet__col--pick").offsetParent`)
	r.accessible()
}

// TestLiveState: the dock, the message box and the banner follow the stream.
func TestLiveState(t *testing.T) {
	f := newFake(t)
	r := openStage(t, conversation(f), f)
	now := time.Now().UnixMilli()
	r.event(1320, "dock", "dock", Dock{Conversation: harbour, State: "ending", Minutes: 8, EndsAt: now + 8*60_000, Now: now, Ends: "11:07am", Marked: 2, Line: "Quiet for 52 minutes"})
	r.wait("the dock counts", `document.querySelector("#dock-title")?.textContent === "This session ends in 8 minutes" && document.querySelector("#dock [data-ring] text").textContent === "8"`)
	r.wait("screen readers hear it", `document.getElementById("say-status").textContent.includes("8 minutes")`)
	r.event(1321, "composer", "composer", Composer{Conversation: harbour, Locked: "Ending session"})
	r.wait("the box is locked", `!document.getElementById("m") && document.getElementById("composer").textContent.includes("Ending session")`)
	r.event(1322, "banner", "banner", Banner{Kind: "hold", Heading: "Disposal is on hold here", Text: "Messages are kept when sessions end."})
	r.wait("the banner shows", `document.querySelector("#banner .banner--hold")`)
	r.accessible()
}
