package story_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// office converts a document with a LibreOffice that knows nothing of the user, and returns the result's path.
func office(t *testing.T, to, doc string) string {
	t.Helper()
	dir := t.TempDir()
	profile := url.URL{Scheme: "file", Path: filepath.Join(dir, "profile")}
	out, err := exec.CommandContext(t.Context(), "soffice", "-env:UserInstallation="+profile.String(), "--headless", "--norestore",
		"--convert-to", to, "--outdir", dir, doc).CombinedOutput()
	if err != nil {
		t.Fatalf("LibreOffice is not installed or failed; run make deps: %v\n%s", err, out)
	}
	kind, _, _ := strings.Cut(to, ":")
	return filepath.Join(dir, strings.TrimSuffix(filepath.Base(doc), filepath.Ext(doc))+"."+kind)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// forge returns a Word document with other words in the place of some of its text.
func forge(t *testing.T, doc []byte, old, new string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		part, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "word/document.xml" {
			if !bytes.Contains(part, []byte(old)) {
				t.Fatalf("the document does not say %q", old)
			}
			part = bytes.Replace(part, []byte(old), []byte(new), 1)
		}
		w, err := out.Create(f.Name)
		if err == nil {
			_, err = w.Write(part)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// workshop is a folder that goes with the process.
var workshop string

// built is the program, made once for all tests of this package, if one needs it.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workshop, "winnow")
	out, err := exec.Command("go", "build", "-o", path, "winnow.org/winnow/cmd/winnow").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return path, err
})

func TestMain(m *testing.M) {
	var err error
	if workshop, err = os.MkdirTemp("", "winnow-story-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(workshop)
	os.Exit(code)
}

// program returns the path of the program.
func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal("build the program:", err)
	}
	return path
}

// runs runs the program and returns what it printed and its exit code.
func runs(t *testing.T, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t), args...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
