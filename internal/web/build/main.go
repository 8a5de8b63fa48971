// Command build makes the styles and scripts of the web app from internal/web/style and internal/web/script and the
// third-party parts that "npm ci --ignore-scripts" brought, and puts them into internal/web/static/dist under names that
// hold a hash of what is in them. Run it at the root of the repository:
//
//	npm ci --ignore-scripts
//	go run ./internal/web/build
//
// It fails when a file grows past its budget, see limits.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	web     = "internal/web"
	modules = "node_modules"
	dist    = web + "/static/dist"
)

// limits are the most bytes that each kind may take on the wire, compressed.
var limits = map[string]int{".css": 30_000, ".js": 40_000}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run() error {
	files, err := assets()
	if err != nil {
		return err
	}
	if err := clean(); err != nil {
		return err
	}
	names := map[string]string{}
	total := map[string]int{}
	for name, content := range files {
		ext := filepath.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "-" + hash(content) + ext
		if err := os.WriteFile(filepath.Join(dist, hashed), content, 0o644); err != nil {
			return err
		}
		names[name] = hashed
		size := compressed(content)
		total[ext] += size
		fmt.Printf("%-28s %7d bytes, %6d compressed\n", hashed, len(content), size)
	}
	for ext, limit := range limits {
		if total[ext] > limit {
			return fmt.Errorf("all %s files together take %d bytes compressed; the limit is %d", ext, total[ext], limit)
		}
	}
	manifest, err := json.MarshalIndent(names, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, "manifest.json"), manifest, 0o644)
}

// assets makes the style sheet, the scripts, and what is copied as it is.
func assets() (map[string][]byte, error) {
	css, err := style()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"app.css": css}
	for _, entry := range []string{"chat.js", "page.js"} {
		js, err := script(entry)
		if err != nil {
			return nil, err
		}
		files[entry] = js
	}
	icon, err := os.ReadFile(filepath.Join(web, "style", "icon.svg"))
	if err != nil {
		return nil, err
	}
	files["icon.svg"] = icon
	licences, err := licences()
	if err != nil {
		return nil, err
	}
	files["licences.txt"] = licences
	return files, nil
}

func style() ([]byte, error) {
	theirs, err := os.ReadFile(filepath.Join(modules, "govuk-frontend/dist/govuk/govuk-frontend.min.css"))
	if err != nil {
		return nil, fmt.Errorf("run \"npm ci --ignore-scripts\" first: %w", err)
	}
	picked, err := govuk(string(theirs))
	if err != nil {
		return nil, err
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{filepath.Join(web, "style", "app.css")},
		Bundle:            true,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		Engines:           engines(),
		LogLevel:          api.LogLevelWarning,
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%d errors in the styles", len(result.Errors))
	}
	return append([]byte(picked+"\n"), result.OutputFiles[0].Contents...), nil
}

func script(entry string) ([]byte, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{filepath.Join(web, "script", entry)},
		Bundle:            true,
		Format:            api.FormatESModule,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		LegalComments:     api.LegalCommentsNone, // they are in licences.txt
		Engines:           engines(),
		LogLevel:          api.LogLevelWarning,
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%d errors in %s", len(result.Errors), entry)
	}
	return result.OutputFiles[0].Contents, nil
}

// engines are the oldest browsers that get script; older ones get plain pages, as does everybody without script.
func engines() []api.Engine {
	return []api.Engine{
		{Name: api.EngineChrome, Version: "123"},
		{Name: api.EngineFirefox, Version: "121"},
		{Name: api.EngineSafari, Version: "17.5"},
	}
}

// licences are the texts that go with the third-party parts.
func licences() ([]byte, error) {
	var out bytes.Buffer
	for _, part := range []struct{ name, file string }{
		{"GOV.UK Frontend (parts of its styles)", filepath.Join(web, "build/licence-govuk-frontend.txt")}, // its package has none
		{"htmx", filepath.Join(modules, "htmx.org/LICENSE")},
	} {
		text, err := os.ReadFile(part.file)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s\n\n%s\n\n", part.name, bytes.TrimSpace(text))
	}
	return out.Bytes(), nil
}

// clean removes what an earlier build left.
func clean() error {
	old, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	for _, e := range old {
		if e.Name() == "placeholder.txt" {
			continue
		}
		if err := os.Remove(filepath.Join(dist, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return base32.StdEncoding.EncodeToString(sum[:])[:10]
}

func compressed(content []byte) int {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	z.Write(content)
	z.Close()
	return out.Len()
}
