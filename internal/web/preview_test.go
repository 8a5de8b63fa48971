//go:build browser

package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"winnow.org/winnow/internal/web/static"

	. "winnow.org/winnow/internal/web"
)

const policyOfPages = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// TestPreview takes pictures of every page and runs axe on it, laptop and phone, light and dark:
//
//	go run ./internal/web/build
//	PREVIEW=/tmp/preview go test -tags browser -run Preview ./internal/web
//
// PREVIEW is the folder for the pictures; ONLY, if set, limits the pages to names that contain it. axe-core comes from
// node_modules, the browser is the chromium on the path.
func TestPreview(t *testing.T) {
	dir := os.Getenv("PREVIEW")
	if dir == "" {
		t.Skip("set PREVIEW to a folder for the pictures")
	}
	axe, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatal("run \"npm ci --ignore-scripts\" first: ", err)
	}
	site, names := previewSite(t)
	ctx := browser(t)
	for _, size := range []struct {
		name string
		w, h int64
	}{{"laptop", 1280, 800}, {"phone", 390, 844}, {"small", 320, 568}} {
		for _, theme := range []string{"light", "dark"} {
			for _, name := range names {
				if !strings.Contains(name, os.Getenv("ONLY")) {
					continue
				}
				t.Run(name+"-"+size.name+"-"+theme, func(t *testing.T) {
					err := chromedp.Do(ctx, chromedp.EmulateViewport(size.w, size.h), scheme(theme), chromedp.Navigate(site+"/"+name))
					if err != nil {
						t.Fatal(err)
					}
					picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(dir, name+"-"+size.name+"-"+theme+".png"), picture, 0o644); err != nil {
						t.Fatal(err)
					}
					report(t, ctx, string(axe))
				})
			}
		}
	}
}

// report runs axe and looks for a page that is wider than the screen.
func report(t *testing.T, ctx context.Context, axe string) {
	t.Helper()
	type violation struct {
		ID    string   `json:"id"`
		Help  string   `json:"help"`
		Nodes []string `json:"nodes"`
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]violation](axe+`;axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}).then(r => r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " | " + (n.failureSummary || "").slice(0, 300))})))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Errorf("%s: %s\n  %s", v.ID, v.Help, strings.Join(v.Nodes, "\n  "))
	}
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
	if err != nil {
		t.Fatal(err)
	}
	if wide > 0 {
		t.Errorf("the page scrolls sideways by %d pixels", wide)
	}
	said, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`window.refused || []`))
	if err == nil && len(said) > 0 {
		t.Errorf("refused by the content security policy: %v", said)
	}
}

func scheme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return err
	})
}

func browser(t *testing.T) context.Context {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("hide-scrollbars", true))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	// What the policy refuses is remembered from before a page's own script runs.
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `window.refused = []; addEventListener("securitypolicyviolation", e => refused.push(e.violatedDirective + " " + e.blockedURI), true); addEventListener("error", e => refused.push("error: " + e.message))`})
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// previewSite serves every sample page, under the policy that the product sends.
func previewSite(t *testing.T) (url string, names []string) {
	files, err := static.Open()
	if err != nil {
		t.Fatal(err)
	}
	ts, err := NewTemplates(Pages(), files.URL)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", files.Handler())
	f := newFake(t)
	for _, s := range samples(f) {
		names = append(names, s.name)
		mux.HandleFunc("/"+s.name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", policyOfPages)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write(f.page(t, ts, s.page, s.data))
		})
	}
	mux.HandleFunc("/chat/{conversation}/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /chat/{conversation}/end", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(f.page(t, ts, "sheet", sheet(f, "both")))
	})
	mux.HandleFunc("GET /chat/{conversation}/messages/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		m := *entries(f)[4].Message
		w.Write(f.page(t, ts, "actions", MessagePage{Conversation: harbourFund(), Message: m, ReadBy: "Read by 5 of 7"}))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, names
}
