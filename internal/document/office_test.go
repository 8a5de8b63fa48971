package document_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// office converts documents with a real LibreOffice that knows nothing of the user, and returns the results in order.
func office(t *testing.T, to string, docs ...[]byte) (paths []string) {
	t.Helper()
	if os.Getenv("WINNOW_NO_LIBREOFFICE") == "1" {
		t.Skip("WINNOW_NO_LIBREOFFICE is set")
	}
	dir := t.TempDir()
	profile := url.URL{Scheme: "file", Path: filepath.Join(dir, "profile")}
	args := []string{"-env:UserInstallation=" + profile.String(), "--headless", "--norestore", "--convert-to", to, "--outdir", dir}
	extension, _, _ := strings.Cut(to, ":")
	for i, doc := range docs {
		name := string(rune('a' + i))
		in := filepath.Join(dir, "in", name+".docx")
		if err := os.MkdirAll(filepath.Dir(in), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(in, doc, 0o600); err != nil {
			t.Fatal(err)
		}
		args, paths = append(args, in), append(paths, filepath.Join(dir, name+"."+extension))
	}
	out, err := exec.CommandContext(t.Context(), "soffice", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("LibreOffice is not installed or failed: run make deps, or set WINNOW_NO_LIBREOFFICE=1 to skip its tests: %v\n%s", err, out)
	}
	return paths
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).Output()
	if err != nil {
		t.Fatalf("%s (of poppler-utils; run make deps): %v", name, err)
	}
	return string(out)
}

// TestSavedByLibreOffice opens documents, saves them again, and checks what comes out.
func TestSavedByLibreOffice(t *testing.T) {
	usual, trusted := docxOf(t, sample(t, talk))
	wild, _ := docxOf(t, hostileNote(t))
	forged := with(t, usual, "word/document.xml", strings.Replace(parts(t, usual)["word/document.xml"], "£3.2 million more", "£8.2 million more", 1))
	saved := office(t, "docx", usual, wild, forged)
	read := func(i int) []byte {
		doc, err := os.ReadFile(saved[i])
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	for i, name := range []string{"usual", "hostile"} {
		for _, p := range problems(t, read(i), trusted) {
			t.Errorf("%s: %v", name, p)
		}
	}
	if found := problems(t, read(2), trusted); len(found) != 1 || !strings.HasPrefix(found[0].Where, "Quote 1 of 4") {
		t.Errorf("forged: %v", found)
	}
	again := parts(t, read(0))
	for _, property := range []string{"winnow.note", "winnow.session", "winnow.policy", "winnow.fingerprint"} {
		if !strings.Contains(again["docProps/custom.xml"], property) {
			t.Errorf("the property %s is lost", property)
		}
	}
	for _, kept := range []string{`w:val="Title"`, `w:val="Heading1"`, `w:val="Quote"`, "<w:tblHeader"} {
		if !strings.Contains(again["word/document.xml"], kept) {
			t.Errorf("%s is lost", kept)
		}
	}
}

// TestPrintedByLibreOffice looks at the pages and at what a screen reader is told.
func TestPrintedByLibreOffice(t *testing.T) {
	long := append([]said{}, talk...)
	for range 40 {
		long = append(long, said{64, amara, "A line of text that fills the table, so that it goes on overleaf.", true})
	}
	doc, _ := docxOf(t, sample(t, long))
	pdf := office(t, `pdf:writer_pdf_Export:{"UseTaggedPDF":{"type":"boolean","value":"true"}}`, doc)[0]
	info := run(t, "pdfinfo", pdf)
	for _, want := range []string{"Small-harbour cap raised to £400,000", "Pages:           3", "A4"} {
		if !strings.Contains(info, want) {
			t.Errorf("the PDF's properties have no %q:\n%s", want, info)
		}
	}
	pages := strings.Split(strings.TrimSuffix(run(t, "pdftotext", "-layout", pdf, "-"), "\f"), "\f")
	for i, page := range pages {
		if strings.Count(page, "OFFICIAL\n") < 2 || !strings.Contains(page, "N-2026-0417, page "+string(rune('1'+i))+" of 3") {
			t.Errorf("page %d has no marking at both ends, or no number:\n%s", i+1, page)
		}
		if header := strings.Contains(page, "Name and role"); !header {
			t.Errorf("page %d has no header of the table:\n%s", i+1, page)
		}
	}
	structure := run(t, "pdfinfo", "-struct-text", pdf)
	for _, want := range []string{"H1 (block)", "What was decided, and why", "What was said", "Table", "TH", "Can the lines say"} {
		if !strings.Contains(structure, want) {
			t.Errorf("the structure has no %q", want)
		}
	}
	words := strings.Join(strings.Fields(run(t, "pdftotext", pdf, "-")), " ")
	for _, m := range talk {
		if m.quoted && !strings.Contains(words, m.text) {
			t.Errorf("the pages have no %q", m.text)
		}
	}
}
