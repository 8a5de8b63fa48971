package verify

import (
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// CheckDocx checks a note's Word document: what [CheckFiled] does with the manifest and the proof that the file carries
// (see [CustomXML]), and that the document shows what the note says, word for word, in the same order, and nothing else
// (see [Note.Outline]). Text is compared, not bytes: the file may have been opened and saved again by Word or LibreOffice.
//
// It looks at the words in the document and where they stand, and at hidden, struck-out and tiny words. It does not judge
// other formatting, such as white letters on white paper, nor macros, but reports that a file has some.
//
// The error is for a file that is not a Word document at all or is beyond the limits. Everything else is in the report.
func CheckDocx(r io.ReaderAt, size int64, keys ...note.Verifier) (*Report, error) {
	parts, err := openDocx(r, size)
	if err != nil {
		return nil, err
	}
	main, err := mainPart(parts)
	if err != nil {
		return nil, err
	}
	report := checkParts(parts, keys)
	if report.Note == nil {
		return report, nil
	}
	before := len(report.Problems)
	report.compareMain(main)
	report.lookBeside(parts)
	if len(report.Problems) == before {
		report.pass("The document says what the note says, word for word and in the same order.")
	}
	return report, nil
}

// checkParts finds the manifest and the proof and checks them.
func checkParts(parts []part, keys []note.Verifier) *Report {
	r := new(Report)
	var found []part
	for _, p := range parts {
		if p.root.Space == NoteNamespace {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		if len(found) == 0 {
			r.fail("The file", "holds no proof of a note. It was made by something else, or the proof was taken out")
		} else {
			r.fail("The file", "holds the proofs of %d notes and must hold 1", len(found))
		}
		return r
	}
	manifest, proof, err := parseCustomXML(found[0].data)
	if err != nil {
		r.fail("The file", "%v", err)
		return r
	}
	b, err := ParseBundle(proof)
	if err != nil {
		r = CheckFiled(manifest, Bundle{}, keys...)
		r.fail("The public log", "%v", err)
		return r
	}
	return CheckFiled(manifest, b, keys...)
}

// compareMain compares what the document shows with what the note says.
func (r *Report) compareMain(main part) {
	got, odd, err := readWord(main.data)
	if err != nil {
		r.fail("The document", "cannot be read: %v", err)
		return
	}
	for _, s := range odd {
		r.fail("The document", "%s", s)
	}
	want := expected(r.Note.Outline(Filing{Fingerprint: r.Fingerprint, Entry: r.Entry}))
	r.Problems = append(r.Problems, compare(want, got)...)
}

// Margins returns what stands at the top and at the bottom of every page of the note's document. The bottom may also have
// "page 1 of 2".
func (n *Note) Margins() (top, bottom string) {
	marking := line(n.Marking + " " + n.Handling)
	return marking, line(marking + " " + n.Ref)
}

// lookBeside looks for words outside the document's body: in margins, notes and comments.
func (r *Report) lookBeside(parts []part) {
	_, margins := r.Note.Margins()
	allowed := map[string]bool{"page": true, "of": true}
	for _, w := range strings.Fields(margins) {
		allowed[bare(w)] = true
	}
	for _, p := range parts {
		if strings.HasSuffix(p.name, "vbaproject.bin") {
			r.fail("The document", "has macros, which the note does not have")
		}
		beside := ""
		for local, where := range map[string]string{"hdr": "the header", "ftr": "the footer", "footnotes": "the footnotes",
			"endnotes": "the endnotes", "comments": "the comments"} {
			if isWord(p.root, local) {
				beside = where
			}
		}
		if beside == "" {
			continue
		}
		items, odd, err := readWord(p.data)
		if err != nil {
			r.fail("The document", "%s cannot be read: %v", beside, err)
		}
		for _, s := range odd {
			r.fail("The document", "in %s it %s", beside, s)
		}
		for _, it := range items {
			for _, w := range strings.Fields(strings.Join(it.cells, " ")) {
				if !allowed[bare(w)] && strings.Trim(bare(w), "0123456789") != "" {
					r.fail("The document", "has words in %s that the note does not have: “%s”", beside, shorten(strings.Join(it.cells, " ")))
					break
				}
			}
		}
	}
}

// bare is a word in small letters without the punctuation around it.
func bare(w string) string { return strings.ToLower(strings.Trim(w, ".,:;()–-·|")) }
