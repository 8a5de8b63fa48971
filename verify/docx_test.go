package verify_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"winnow.org/winnow/verify"
)

// file is the smallest .docx of a note: its parts by name, so that tests can bend them.
type file map[string]string

const word = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`

func esc(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

// run writes words as Word does after an edit: split into runs, with line breaks.
func run(s string) string {
	var b strings.Builder
	for i, l := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteString(`<w:r><w:br/></w:r>`)
		}
		r := []rune(l)
		for _, piece := range []string{string(r[:len(r)/2]), string(r[len(r)/2:])} {
			fmt.Fprintf(&b, `<w:r><w:rPr><w:b/><w:strike w:val="false"/></w:rPr><w:t xml:space="preserve">%s</w:t></w:r><w:proofErr/>`, esc(piece))
		}
	}
	return b.String()
}

func paragraph(s string) string {
	return `<w:p><w:pPr><w:pStyle w:val="X"/></w:pPr>` + run(s) + `</w:p>`
}

func rowXML(cells []string) string {
	s := `<w:tr>`
	for _, c := range cells {
		s += `<w:tc><w:tcPr/>` + paragraph(c) + `</w:tc>`
	}
	return s + `</w:tr>`
}

// body renders blocks, one XML string for each paragraph and each row.
func body(blocks []verify.Block) (out []string) {
	for _, b := range blocks {
		if b.Kind != verify.Table {
			out = append(out, paragraph(b.Text))
			continue
		}
		out = append(out, `<w:tbl>`)
		if b.Head != nil {
			out = append(out, rowXML(b.Head))
		}
		for _, r := range b.Rows {
			out = append(out, rowXML(r.Cells))
		}
		out = append(out, `</w:tbl><w:p/>`)
	}
	return out
}

func documentXML(body []string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><w:document ` + word + `><w:body>` + strings.Join(body, "") + `<w:sectPr/></w:body></w:document>`
}

func docxOf(t testing.TB, n *verify.Note, b verify.Bundle) (file, []string) {
	t.Helper()
	m := manifest(t, n)
	items := body(n.Outline(verify.Filing{Fingerprint: verify.Fingerprint(m), Entry: b.Index}))
	top, bottom := n.Margins()
	return file{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" ` +
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/document.xml":    documentXML(items),
		"word/header1.xml":     `<w:hdr ` + word + `>` + paragraph(top) + `</w:hdr>`,
		"word/footer1.xml":     `<w:ftr ` + word + `>` + paragraph(bottom+", page 1 of 2") + `</w:ftr>`,
		"word/footnotes.xml":   `<w:footnotes ` + word + `><w:footnote><w:p><w:r><w:separator/></w:r></w:p></w:footnote></w:footnotes>`,
		"customXml/item1.xml":  string(verify.CustomXML(m, b)),
		"customXml/itemP1.xml": `<ds:datastoreItem xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"/>`,
	}, items
}

func (f file) zip(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	var names []string
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		w, err := z.Create(strings.TrimSuffix(name, "#2"))
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(f[name]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (f file) check(t testing.TB, keys ...note.Verifier) (*verify.Report, error) {
	t.Helper()
	b := f.zip(t)
	return verify.CheckDocx(bytes.NewReader(b), int64(len(b)), keys...)
}

// published files a note in a small log.
func published(t testing.TB, n *verify.Note) verify.Bundle {
	t.Helper()
	l := new(log)
	l.add(t, policyEntry(t, 1))
	i := l.add(t, filed(t, n))
	l.add(t, policyEntry(t, 2))
	return l.prove(t, i)
}

func TestDocxAsFiled(t *testing.T) {
	_, v, _ := key(t, origin)
	for _, positions := range [][]int{{}, {5}, {2, 4, 5, 7}, {1, 2, 3, 4, 5, 6, 7, 8}} {
		n := sample(t, positions...)
		f, _ := docxOf(t, n, published(t, n))
		r, err := f.check(t, v)
		if err != nil || !r.OK() || !r.Trusted {
			t.Fatalf("quotes %v: %v, %+v", positions, err, r)
		}
		r, err = f.check(t)
		if err != nil || !r.OK() || r.Trusted {
			t.Errorf("quotes %v without a key: %v, %+v", positions, err, r)
		}
		var out strings.Builder
		r.Print(&out)
		if !strings.Contains(out.String(), "the file's own") {
			t.Errorf("without a key the report says:\n%s", &out)
		}
	}
}

func TestDocxFromSomebodyElsesLog(t *testing.T) {
	n := sample(t, 2, 4)
	f, _ := docxOf(t, n, published(t, n))
	_, other, _ := key(t, "other.example/log")
	r, err := f.check(t, other)
	if err != nil || r.OK() || !has(r.Problems, "The public log", "not signed by a key that you trust") {
		t.Errorf("%v, %+v", err, r)
	}
}

func has(problems []verify.Problem, where, what string) bool {
	return slices.ContainsFunc(problems, func(p verify.Problem) bool {
		return strings.HasPrefix(p.Where, where) && strings.Contains(p.String(), what)
	})
}

func TestDocxNamesWhatWasChanged(t *testing.T) {
	_, v, _ := key(t, origin)
	const priyas = "Quote 2 of 4 (message 4, Priya Raman)"
	inDocument := func(old, new string) func(file, []string) {
		return func(f file, items []string) {
			old, new := run(old), run(new)
			if !strings.Contains(f["word/document.xml"], old) {
				panic("not in the document: " + old)
			}
			f["word/document.xml"] = strings.Replace(f["word/document.xml"], old, new, 1)
		}
	}
	part := func(name, content string) func(file, []string) {
		return func(f file, _ []string) { f[name] = content }
	}
	insert := func(xml string) func(file, []string) {
		return func(f file, items []string) {
			f["word/document.xml"] = documentXML(append([]string{paragraph("x")[:len(`<w:p>`)] + xml + `</w:p>`}, items...))
		}
	}
	quote := func(items []string, text string) int {
		return slices.IndexFunc(items, func(s string) bool { return strings.Contains(s, run(text)) })
	}
	said := talk[3].text
	for _, c := range []struct {
		name, where, what string
		change            func(f file, items []string)
	}{
		{"a word of a quote", priyas, "the words are not what was sent", inDocument(said, strings.Replace(said, "content", "not content", 1))},
		{"the change is shown", priyas, `is "… the draft. She is not content`, inDocument(said, strings.Replace(said, "content", "not content", 1))},
		{"the time of a quote", priyas, "the time is not what the note says", inDocument("9:06am", "9:07am")},
		{"the name", "Quote 1 of 4", "the name or role is not", func(f file, items []string) {
			i := quote(items, talk[1].text)
			items[i] = strings.Replace(items[i], run("Amara Nwosu, Senior policy adviser"), run("Rhys Pembrey, Deputy director"), 1)
			f["word/document.xml"] = documentXML(items)
		}},
		{"the number", priyas, "the message's number is not", inDocument("4", "3")},
		{"the title", "The title", "is not what the note says", inDocument("Small-harbour cap raised to £400,000", "Small-harbour cap raised to £900,000")},
		{"the summary", "The paragraph “The Minister agreed", "is not what the note says", inDocument("The Minister agreed to raise the cap.", "The Minister agreed to drop the cap.")},
		{"the action", "Action 1", "is not what the note says", inDocument("Thursday", "Friday")},
		{"who was present", "The row “People present”", "is not what the note says", inDocument("Amara Nwosu, Senior policy adviser\nPriya Raman, Private secretary\nRhys Pembrey, Deputy director", "Amara Nwosu, Senior policy adviser")},
		{"a quote taken out", "Quote 4 of 4", "is missing", func(f file, items []string) {
			i := quote(items, talk[6].text)
			f["word/document.xml"] = documentXML(slices.Delete(items, i, i+1))
		}},
		{"quotes in another order", "Quote", "is not in its place", func(f file, items []string) {
			i, j := quote(items, talk[3].text), quote(items, talk[4].text)
			items[i], items[j] = items[j], items[i]
			f["word/document.xml"] = documentXML(items)
		}},
		{"a row that says what was left out", "The row that says that 1 message (3) was left out", "is missing", func(f file, items []string) {
			i := quote(items, "1 message left out")
			f["word/document.xml"] = documentXML(slices.Delete(items, i+2, i+3))
		}},
		{"a paragraph put in", "The document", "The Treasury agreed.", func(f file, items []string) {
			f["word/document.xml"] = documentXML(append(items, paragraph("The Treasury agreed.")))
		}},
		{"a tracked deletion", priyas, "the words are not what was sent", func(f file, items []string) {
			r := run(said)
			f["word/document.xml"] = strings.Replace(f["word/document.xml"], r, `<w:del>`+strings.ReplaceAll(r, "w:t", "w:delText")+`</w:del>`+run("Yes and no and yes, she is content to raise the draft"), 1)
		}},
		{"words struck out", "The document", "hidden or struck out", func(f file, _ []string) {
			f["word/document.xml"] = strings.Replace(f["word/document.xml"], `<w:strike w:val="false"/>`, `<w:strike/>`, 1)
		}},
		{"words hidden", "The document", "hidden or struck out", insert(`<w:r><w:rPr><w:vanish/></w:rPr><w:t> </w:t></w:r>`)},
		{"a picture", "The document", "a picture or a drawing", insert(`<w:r><w:drawing/></w:r>`)},
		{"a computed field", "The document", "computed", insert(`<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>DOCPRO</w:instrText><w:instrText>PERTY x</w:instrText><w:fldChar w:fldCharType="end"/></w:r>`)},
		{"another document inside", "The document", "another document", insert(`<w:altChunk/>`)},
		{"words in the header", "The document", "Draft", part("word/header9.xml", `<w:hdr `+word+`>`+paragraph("OFFICIAL Draft, not agreed")+`</w:hdr>`)},
		{"a comment", "The document", "comments", part("word/comments.xml", `<w:comments `+word+`>`+paragraph("This is wrong")+`</w:comments>`)},
		{"macros", "The document", "macros", part("word/vbaProject.bin", "x")},
		{"a decoy", "The", "is missing", func(f file, _ []string) {
			f["word/real.xml"] = documentXML([]string{paragraph("Nothing was decided.")})
			f["_rels/.rels"] = strings.Replace(f["_rels/.rels"], "word/document.xml", "/word/real.xml", 1)
		}},
		{"no proof", "The file", "holds no proof", part("customXml/item1.xml", `<x/>`)},
		{"two proofs", "The file", "proofs of 2 notes", func(f file, _ []string) { f["customXml/item2.xml"] = f["customXml/item1.xml"] }},
		{"half a proof", "The file", "not one manifest and one proof", part("customXml/item1.xml", `<note xmlns="`+verify.NoteNamespace+`"><manifest/></note>`)},
		{"proof of nothing", "The note", "cannot be read", part("customXml/item1.xml", `<note xmlns="`+verify.NoteNamespace+`"><manifest/><proof/></note>`)},
	} {
		n := sample(t, 2, 4, 5, 7)
		f, items := docxOf(t, n, published(t, n))
		c.change(f, items)
		r, err := f.check(t, v)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if r.OK() || !has(r.Problems, c.where, c.what) {
			t.Errorf("%s: no problem %q %q in %q", c.name, c.where, c.what, r.Problems)
		} else if len(r.Problems) > 3 && c.name != "a decoy" {
			t.Errorf("%s: %d problems for one change: %q", c.name, len(r.Problems), r.Problems)
		}
	}
}

// TestDocxForged puts a whole and consistent, but other, note into the file.
func TestDocxForged(t *testing.T) {
	_, v, _ := key(t, origin)
	n := sample(t, 2, 4)
	b := published(t, n)
	for _, c := range []struct {
		name, what string
		forge      func(n *verify.Note, b *verify.Bundle)
	}{
		{"another summary", "is about another note", func(n *verify.Note, _ *verify.Bundle) { n.Summary = "Nothing." }},
		{"another entry's number", "does not lead from entry 2", func(_ *verify.Note, b *verify.Bundle) { b.Index = 2 }},
		{"an entry that is no note's", "does not lead from entry 1", func(_ *verify.Note, b *verify.Bundle) {
			b.Entry, _ = policyEntry(t, 1).Bytes()
		}},
		{"an entry of its own", "does not lead from entry 1", func(n *verify.Note, b *verify.Bundle) {
			n.Summary = "Nothing."
			b.Entry, _ = filed(t, n).Bytes()
		}},
		{"a log of its own", "signature is not right", func(n *verify.Note, b *verify.Bundle) {
			n.Summary = "Nothing."
			l := new(log)
			l.add(t, policyEntry(t, 1))
			*b = l.prove(t, l.add(t, filed(t, n)))
			sig := bytes.LastIndexByte(b.Checkpoint, ' ') + 20
			b.Checkpoint[sig] ^= 1
		}},
		{"a checkpoint of its own size", "does not lead", func(_ *verify.Note, b *verify.Bundle) {
			l := new(log)
			l.add(t, policyEntry(t, 1))
			l.add(t, policyEntry(t, 2))
			b.Checkpoint = l.checkpoint(t, 2)
		}},
	} {
		forged, fb := *n, b
		fb.Checkpoint = slices.Clone(b.Checkpoint)
		c.forge(&forged, &fb)
		f, _ := docxOf(t, &forged, fb)
		r, err := f.check(t, v)
		if err != nil || r.OK() || !has(r.Problems, "The public log", c.what) {
			t.Errorf("%s: %v, %q", c.name, err, r.Problems)
		}
	}
}

func TestDocxRefusesWhatIsNone(t *testing.T) {
	n := sample(t, 2)
	b := published(t, n)
	for name, change := range map[string]func(f file){
		"no relationships": func(f file) { delete(f, "_rels/.rels") },
		"no main part":     func(f file) { delete(f, "word/document.xml") },
		"two main parts": func(f file) {
			f["_rels/.rels"] = strings.Replace(f["_rels/.rels"], "<Relationship ", f["_rels/.rels"][strings.Index(f["_rels/.rels"], "<Relationship "):strings.Index(f["_rels/.rels"], "</")]+"<Relationship ", 1)
		},
		"external main part": func(f file) {
			f["_rels/.rels"] = strings.Replace(f["_rels/.rels"], "Target=", `TargetMode="External" Target=`, 1)
		},
		"two parts of one name":     func(f file) { f["word/document.xml#2"] = f["word/document.xml"] },
		"names that differ in case": func(f file) { f["word/Document.xml"] = f["word/document.xml"] },
		"a part outside":            func(f file) { f["../evil.xml"] = "<x/>" },
		"a spreadsheet": func(f file) {
			f["word/document.xml"] = `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>`
		},
		"not XML": func(f file) { f["word/header3.xml"] = "\xff\xfe<\x00" },
		"a bomb":  func(f file) { f["word/media/x.bin"] = strings.Repeat("0", 33<<20) },
	} {
		f, _ := docxOf(t, n, b)
		change(f)
		if r, err := f.check(t); err == nil {
			t.Errorf("%s: accepted, %+v", name, r)
		}
	}
	many, _ := docxOf(t, n, b)
	for i := range 600 {
		many[fmt.Sprintf("word/x%d.xml", i)] = "<x/>"
	}
	if _, err := many.check(t); err == nil {
		t.Error("600 parts: accepted")
	}
	if _, err := verify.CheckDocx(strings.NewReader("PK"), verify.MaxDocx+1); err == nil {
		t.Error("a file beyond the limit: accepted")
	}
	deep, _ := docxOf(t, n, b)
	deep["word/document.xml"] = documentXML([]string{strings.Repeat("<w:sdt>", 100_000) + strings.Repeat("</w:sdt>", 100_000)})
	if r, err := deep.check(t); err != nil || r.OK() {
		t.Errorf("deep nesting: %v, %+v", err, r)
	}
}
