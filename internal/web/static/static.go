// Package static has the built files that pages need: styles, scripts, the icon. They are made by the asset build
// (../build) and are not committed; a program built without them says so when it starts, see Open.
package static

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
)

//go:embed all:dist
var dist embed.FS

// Files are the built files and the addresses at which they are served.
type Files struct {
	fs    fs.FS
	names map[string]string // "app.css" to "app-K2XQ7A.css"
}

// Open returns the files that were built in. The error says what to do when there are none.
func Open() (*Files, error) {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, err
	}
	return open(sub)
}

func open(fsys fs.FS) (*Files, error) {
	manifest, err := fs.ReadFile(fsys, "manifest.json")
	if err != nil {
		return nil, fmt.Errorf("this program was built without its styles and scripts: run \"make build\" and start it again (%w)", err)
	}
	f := &Files{fs: fsys}
	if err := json.Unmarshal(manifest, &f.names); err != nil {
		return nil, fmt.Errorf("read the list of built styles and scripts: %w", err)
	}
	return f, nil
}

// URL is the address of a built file by the name that does not change: "app.css". An unknown name gives an address
// that is not found.
func (f *Files) URL(name string) string {
	if hashed, ok := f.names[name]; ok {
		name = hashed
	}
	return "/static/" + name
}

// Handler serves the files under /static/. Their names hold a hash of what is in them, so a browser may keep them for
// ever.
func (f *Files) Handler() http.Handler {
	known := make(map[string]bool, len(f.names))
	for _, hashed := range f.names {
		known[hashed] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		if !known[name] {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		http.ServeFileFS(w, r, f.fs, name)
	})
}
