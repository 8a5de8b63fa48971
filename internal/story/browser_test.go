package story_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"winnow.org/winnow/internal/id"
)

// openBrowser starts Debian's Chromium, which goes with the test.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-GB"), chromedp.Flag("disable-lcd-text", true),
		chromedp.Flag("blink-settings", "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4")) // there is a mouse
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(alloc)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal("Chromium does not start; run make deps: ", err)
	}
	return ctx
}

// seat is somebody at a browser of their own.
type seat struct {
	*house
	name string
	ctx  context.Context
}

// sit opens a browser context with a window of a laptop and the focus, as if somebody were looking at it.
func (h *house) sit(browser context.Context, name string) *seat {
	h.Helper()
	ctx, stop := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	h.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as the context of its first step
		h.Fatal(err)
	}
	s := &seat{house: h, name: name, ctx: ctx}
	s.do(chromedp.EmulateViewport(1280, 800), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	}), chromedp.Func(func(ctx context.Context, t *chromedp.Target) error { // what the content security policy refuses is a fault
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `window.faults = []; addEventListener("securitypolicyviolation", e => faults.push(e.violatedDirective + " " + e.blockedURI), true); addEventListener("error", e => faults.push(e.message)); addEventListener("unhandledrejection", e => faults.push(String(e.reason)))`})
		return err
	}))
	return s
}

// signIn signs in as a person does.
func (s *seat) signIn() {
	s.Helper()
	s.open("/sign-in")
	s.fill("#username", s.name)
	s.fill("#password", password)
	s.click(".signin__local button")
	s.sees("the list of chats", `document.getElementById("rows")`)
}

// open goes to a page of the server.
func (s *seat) open(path string) {
	s.Helper()
	s.do(chromedp.Navigate(s.url + path))
}

// talk opens a conversation and waits until its script runs.
func (s *seat) talk(r id.Room) {
	s.Helper()
	s.open("/chat/" + url.PathEscape(string(r)))
	s.sees("the script", `document.documentElement.classList.contains("scripted") && document.getElementById("m")`)
}

func (s *seat) do(steps ...chromedp.Action[chromedp.Void]) {
	s.Helper()
	ctx, stop := context.WithTimeout(s.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, steps...); err != nil {
		s.Fatalf("%s: %v", s.name, err)
	}
}

func (s *seat) click(css string) {
	s.Helper()
	ctx, stop := context.WithTimeout(s.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(css), chromedp.NodeVisible)); err != nil {
		s.Fatalf("%s selects %s: %v. What is there: %s", s.name, css, err, s.text(fmt.Sprintf(`[...document.querySelectorAll(%q)].map(e => e.outerHTML + getComputedStyle(e).visibility + JSON.stringify(e.getBoundingClientRect())).join() + " with the focus on " + document.activeElement.outerHTML.slice(0, 200)`, css)))
	}
}

// fill puts the focus into a field, empties it and types.
func (s *seat) fill(css, words string) {
	s.Helper()
	s.js(fmt.Sprintf(`document.querySelector(%q).focus(), document.querySelector(%q).select()`, css, css))
	s.typing(words)
}

// typing types into what has the focus.
func (s *seat) typing(words string) {
	s.Helper()
	s.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: words})
		return err
	}))
}

// key presses one key as a keyboard does.
func (s *seat) key(name, text string, code int64) {
	s.Helper()
	s.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		k := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: name, Text: text, WindowsVirtualKeyCode: code}
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, k); err != nil {
			return err
		}
		k.Type, k.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, k)
		return err
	}))
}

func (s *seat) enter() { s.Helper(); s.key("Enter", "\r", 13) }

// js runs a statement in the page.
func (s *seat) js(statement string) {
	s.Helper()
	if _, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool]("("+statement+", true)")); err != nil {
		s.Fatalf("%s: %s: %v", s.name, statement, err)
	}
}

// text is what an expression is in the page.
func (s *seat) text(expression string) string {
	s.Helper()
	v, err := chromedp.Run(s.ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		s.Fatalf("%s: %s: %v", s.name, expression, err)
	}
	return v
}

// sees waits until an expression is true in the page. A page that is being replaced is asked again.
func (s *seat) sees(what, expression string) {
	s.Helper()
	var last error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		yes, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && yes {
			return
		}
		last = err
	}
	html, _ := chromedp.Run(s.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
	s.Fatalf("%s never sees %s (%s; %v). The page:\n%s", s.name, what, expression, last, html)
}

// message is an expression for the item of the log that says these words.
func message(words string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#messages .msg[data-id]")].find(m => m.querySelector(".text")?.textContent === %s)`, quote(words))
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// hears waits for a message that says these words, and returns its event.
func (s *seat) hears(words string) id.Event {
	s.Helper()
	s.sees("“"+words+"”", message(words))
	return id.Event(s.text(message(words) + ".dataset.id"))
}

// says types into the message box and sends.
func (s *seat) says(words string) id.Event {
	s.Helper()
	s.fill("#m", words)
	s.enter()
	return s.hears(words)
}

// on puts the focus on a message and presses one key there.
func (s *seat) on(words, key string) {
	s.Helper()
	s.js(message(words) + ".focus()")
	s.key(key, key, int64(key[0]-'a'+'A'))
}

// noFaults fails on script errors and on what the content security policy refused.
func (s *seat) noFaults() {
	s.Helper()
	if f := s.text(`JSON.stringify(window.faults)`); f != "[]" {
		s.Errorf("%s: faults in the page: %s", s.name, f)
	}
}
