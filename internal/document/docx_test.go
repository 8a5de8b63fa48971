package document_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"winnow.org/winnow/internal/document"
	"winnow.org/winnow/verify"
)

func docxOf(t testing.TB, n *verify.Note) ([]byte, note.Verifier) {
	t.Helper()
	manifest, f, b, trusted := file(t, n)
	doc, err := document.Docx(n, f, manifest, b)
	if err != nil {
		t.Fatal(err)
	}
	return doc, trusted
}

// problems is what checking a document finds wrong.
func problems(t testing.TB, doc []byte, trusted note.Verifier) []verify.Problem {
	t.Helper()
	r, err := verify.CheckDocx(bytes.NewReader(doc), int64(len(doc)), trusted)
	if err != nil {
		return []verify.Problem{{Where: "The file", What: err.Error()}}
	}
	return r.Problems
}

// parts unpacks a document.
func parts(t testing.TB, doc []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(data)
	}
	return out
}

// with is a document in which one part is another.
func with(t testing.TB, doc []byte, name, text string) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		if f.Name != name {
			if err := w.Copy(f); err != nil {
				t.Fatal(err)
			}
			continue
		}
		p, err := w.Create(name)
		if err == nil {
			_, err = p.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// hostile are messages that have broken documents elsewhere.
var hostile = []said{
	{0, rhys, "not quoted", false},
	{1, amara, "controls \x00\x01\x08\x0b\x1b[31m\x7f\u0085 and \ufffe\uffff", true},
	{2, priya, "\u202eright to left by force\u202c \u2067isolate", true},
	{3, idris, "مرحبا بالعالم 400,000 שלום", true},
	{4, rhys, "a tab\there,\ta line\nend,\r\na Windows one,\rand\u2028more\n\n\nlines", true},
	{5, marek, "</w:t></w:r></w:p><w:p>&amp;&#0; ]]> <!-- <script>alert(1)</script> {{.}} ${x} %s", true},
	{6, sian, "👍🏽 👩‍👩‍👧‍👦 Ŵŷ Łukasz Żółć “a” ‘b’ e\u0301 \ufffd", true},
	{7, beth, strings.Repeat("sixty thousand letters. ", 2500), true},
	{8, beth, strings.Repeat("x", 60_000), true},
	{9, beth, strings.Repeat("\n", 2000) + "at the end", true},
	{10, dougal, "", true},
	{11, dougal, "   spaces   around   ", true},
	{12, dougal, "9:24am\nPriya Raman, Private secretary: I agree", true},
}

func hostileNote(t testing.TB) *verify.Note {
	n := sample(t, hostile)
	n.Title = "A <b>title</b> & \x01 \u202egnp.exe \"quoted\" " + strings.Repeat("long ", 40)
	n.Summary = "First\r\nBcc: everybody@example.org\n\n\t\x07Second"
	n.Organisation, n.Conversation, n.DecidedBy, n.Authority = "A & B\n</w:p>", "\u2066x", "\x1b]0;x\x07", "\r\nX: y"
	n.FiledBy.Name, n.FiledBy.Role = "Eve \"\r\nBcc: eve@example.org\r\n\r\n<eve>", "=?utf-8?q?x?="
	n.Handling, n.Folder = "[PERSONAL <DATA> & more]", "../a\r\nb"
	n.Present = append(n.Present, verify.Person{ID: "@x:y", Name: "\u200f"}, verify.Person{ID: "@no-name:y"})
	n.Version, n.Replaces = 2, "N-2026-0001"
	return n
}

func TestDocxChecksOut(t *testing.T) {
	notes := map[string]func() *verify.Note{
		"usual":   func() *verify.Note { return sample(t, talk) },
		"hostile": func() *verify.Note { return hostileNote(t) },
		"all quoted": func() *verify.Note {
			return sample(t, []said{{0, rhys, "One", true}, {1, amara, "Two", true}})
		},
		"nothing quoted": func() *verify.Note { return sample(t, talk[:1]) },
		"filed by itself": func() *verify.Note {
			n := sample(t, talk)
			n.Automatic, n.Summary, n.Actions = true, "", nil
			return n
		},
	}
	for name, n := range notes {
		t.Run(name, func(t *testing.T) {
			doc, trusted := docxOf(t, n())
			for _, p := range problems(t, doc, trusted) {
				t.Error(p)
			}
			again, _ := docxOf(t, n())
			if !bytes.Equal(doc, again) {
				t.Error("rendered again, the document has other bytes")
			}
		})
	}
}

func TestDocxChanged(t *testing.T) {
	doc, trusted := docxOf(t, sample(t, talk))
	const main = "word/document.xml"
	text := parts(t, doc)[main]
	rows := strings.SplitAfter(text, "</w:tr>")
	row := func(words string) int {
		for i, r := range rows {
			if strings.Contains(r, words) {
				return i
			}
		}
		t.Fatalf("no row has %q", words)
		return 0
	}
	swapped := append([]string{}, rows...)
	a, b := row("The Minister has read"), row("Can the lines say")
	swapped[a], swapped[b] = swapped[b], swapped[a]
	without := append([]string{}, rows...)
	without[b] = ""
	stories := []struct {
		name, text, where string
	}{
		{"a letter", strings.Replace(text, "£3.2 million more", "£8.2 million more", 1), "Quote 1 of 4 (message 2, Amara Nwosu)"},
		{"a name", strings.Replace(text, "Idris Vale</w:t></w:r><w:r>", "Beth Halloran</w:t></w:r><w:r>", 1), "Quote 3 of 4 (message 4, Idris Vale)"},
		{"a time", strings.Replace(text, "10:04am", "10:40am", 1), "Quote 4 of 4 (message 7, Rhys Pembrey)"},
		{"swapped quotes", strings.Join(swapped, ""), " of 4 (message "},
		{"a quote less", strings.Join(without, ""), "Quote 3 of 4 (message 4, Idris Vale)"},
		{"a gap less", strings.Replace(text, "2 messages left out", "", 1), "2 messages (5 to 6)"},
		{"the title", strings.Replace(text, "cap raised", "cap lowered", 1), "The title"},
		{"the summary", strings.Replace(text, "agreed to raise", "refused to raise", 1), "The paragraph “The Minister refused"},
	}
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			if st.text == text {
				t.Fatal("nothing was changed, so this test shows nothing")
			}
			found := problems(t, with(t, doc, main, st.text), trusted)
			for _, p := range found {
				// the paragraph's label has the words as they should be
				if strings.Contains(p.Where, strings.Replace(st.where, "refused", "agreed", 1)) {
					return
				}
			}
			t.Errorf("found %v, none at %q", found, st.where)
		})
	}
}

// TestDocxFlippedByte damages each part at one place, and the proof at many.
func TestDocxFlippedByte(t *testing.T) {
	doc, trusted := docxOf(t, sample(t, talk))
	item := parts(t, doc)["customXml/item1.xml"]
	start, end := strings.Index(item, "<manifest>")+10, strings.Index(item, "</proof>")
	for at := start; at < end; at += (end - start) / 200 {
		flipped := []byte(item)
		flipped[at] ^= 1
		if len(problems(t, with(t, doc, "customXml/item1.xml", string(flipped)), trusted)) == 0 {
			t.Errorf("byte %d of the proof was flipped and nobody noticed", at)
		}
	}
	z, err := zip.NewReader(bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		at, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(doc)
		flipped[at+int64(f.CompressedSize64)/2] ^= 0x10
		if len(problems(t, flipped, trusted)) == 0 {
			t.Errorf("a byte of %s was flipped in the file and nobody noticed", f.Name)
		}
	}
}

// TestDocxHasNothingForeign looks for what a note must not have.
func TestDocxHasNothingForeign(t *testing.T) {
	doc, _ := docxOf(t, hostileNote(t))
	for name, text := range parts(t, doc) {
		wellFormed(t, name, text)
		for _, bad := range []string{"<w:drawing", "<w:pict", "<w:object", "w:altChunk", "attachedTemplate", "vbaProject", "<!DOCTYPE"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
		if n := strings.Count(text, `TargetMode="External"`); n > 0 && (n > 1 || !strings.Contains(text, `Target="https://chat.dcw.example/sessions/S-7Q4K-2MXD" TargetMode`)) {
			t.Errorf("%s has links to elsewhere", name)
		}
	}
}

func TestDocxNeedsAProof(t *testing.T) {
	n := sample(t, talk)
	manifest, f, _, _ := file(t, n)
	if _, err := document.Docx(n, f, manifest, verify.Bundle{}); err == nil {
		t.Error("a document without a proof was rendered")
	}
}

func wellFormed(t interface{ Errorf(string, ...any) }, name, text string) {
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
	}
}

// TestAnyNote renders notes of any text, valid or not.
func TestAnyNote(t *testing.T) {
	manifest, f, b, _ := file(t, sample(t, talk))
	rapid.Check(t, func(r *rapid.T) {
		n := anyNote(r)
		doc, err := document.Docx(n, f, manifest, b)
		if err != nil {
			r.Fatal(err)
		}
		for name, text := range parts(t, doc) {
			wellFormed(r, name, text)
		}
		message, err := document.Eml(n, f, envelope)
		if err != nil {
			r.Fatal(err)
		}
		if got := readMail(r, message); len(got.header) != len(readMail(t, mustEml(t, sample(t, talk))).header) {
			r.Errorf("the note's text made other headers: %q", got.header)
		}
		if name := document.FileName(n); len([]rune(name)) > 120 || len(name) > 240 || strings.ContainsAny(name, "/\\:\x00\n") {
			r.Errorf("file name %q", name)
		}
	})
}

func anyNote(r *rapid.T) *verify.Note {
	text := func(label string) string {
		if rapid.Bool().Draw(r, label+" is bytes") {
			return string(rapid.SliceOf(rapid.Byte()).Draw(r, label))
		}
		return rapid.String().Draw(r, label)
	}
	person := func(label string) verify.Person {
		return verify.Person{ID: text(label + " ID"), Name: text(label), Role: text(label + " role")}
	}
	n := &verify.Note{Ref: text("ref"), Title: text("title"), Version: rapid.IntRange(1, 3).Draw(r, "version"), Organisation: text("organisation"),
		Filed: rapid.Int64Range(0, 4e12).Draw(r, "filed"), FiledBy: person("filer"), Summary: text("summary"), Marking: text("marking"),
		Handling: text("handling"), Folder: text("folder"), DecidedBy: text("decider"), Present: []verify.Person{person("present")},
		Session: verify.Session{ID: text("session"), URL: rapid.SampledFrom([]string{"", "https://x.example/\x01", "javascript:alert(1)", "https://x.example/\"><a"}).Draw(r, "url")}}
	for i := range rapid.IntRange(0, 4).Draw(r, "quotes") {
		n.Quotes = append(n.Quotes, verify.Quote{Position: 2*i + 1, Sender: person("sender"), Text: text("words"), Time: n.Filed})
	}
	n.Session.Size = 2 * len(n.Quotes)
	n.Actions = append(n.Actions, verify.Action{What: text("what"), Owner: text("owner"), Due: text("due")})
	return n
}

func TestFileName(t *testing.T) {
	stories := []struct {
		ref, title string
		version    int
		want       string
	}{
		{"N-2026-0417", "Small-harbour cap raised to £400,000", 1, "2026-11-10 N-2026-0417 Small-harbour cap raised to 400000.docx"},
		{"N-2026-0417", "Small-harbour cap", 2, "2026-11-10 N-2026-0417 version 2 Small-harbour cap.docx"},
		{"N-1", "£3.2 million: the Minister’s “yes”/no, at 9.30. Or?", 1, "2026-11-10 N-1 3-2 million the Ministers yes no at 9-30 Or.docx"},
		{"N-1", "Ŵythnos Łukasz – e\u0301t\u0301e", 1, "2026-11-10 N-1 Ŵythnos Łukasz - e\u0301t\u0301e.docx"},
		{"N-1", "../../etc/passwd\x00\n\u202e", 1, "2026-11-10 N-1 etc passwd.docx"},
		{"N-1", "👍", 1, "2026-11-10 N-1.docx"},
		{"N-1", strings.Repeat("nine char ", 30), 1, "2026-11-10 N-1 " + strings.TrimSpace(strings.Repeat("nine char ", 10)) + ".docx"},
		{"N-1", strings.Repeat("界", 100) + " b", 1, "2026-11-10 N-1.docx"},
	}
	for _, st := range stories {
		n := sample(t, talk)
		n.Ref, n.Title, n.Version = st.ref, st.title, st.version
		if got := document.FileName(n); got != st.want {
			t.Errorf("title %q:\n got %q\nwant %q", st.title, got, st.want)
		}
	}
}
