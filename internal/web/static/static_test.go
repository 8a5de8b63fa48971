package static

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFiles(t *testing.T) {
	f, err := open(fstest.MapFS{
		"manifest.json":   {Data: []byte(`{"app.css":"app-ABC.css"}`)},
		"app-ABC.css":     {Data: []byte("body{}")},
		"placeholder.txt": {Data: []byte("not for the web")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.URL("app.css"); got != "/static/app-ABC.css" {
		t.Errorf("app.css is at %s", got)
	}
	for path, want := range map[string]int{"/static/app-ABC.css": 200, "/static/app.css": 404, "/static/placeholder.txt": 404, "/static/manifest.json": 404, "/static/": 404} {
		w := httptest.NewRecorder()
		f.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if want == 200 && (!strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") || !strings.Contains(w.Header().Get("Cache-Control"), "immutable")) {
			t.Errorf("%s: %v", path, w.Header())
		}
	}
}

func TestMissing(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{"not built": {"placeholder.txt": {}}, "broken": {"manifest.json": {Data: []byte("{")}}} {
		if _, err := open(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := open(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("the error does not say what to do: %v", err)
	}
}
