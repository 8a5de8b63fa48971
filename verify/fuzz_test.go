package verify_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"winnow.org/winnow/verify"
)

func FuzzParseEntry(f *testing.F) {
	for _, b := range every(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := verify.ParseEntry(b)
		if err != nil {
			return
		}
		if again, err := e.Bytes(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is accepted and becomes %q, %v", b, again, err)
		}
	})
}

func FuzzParseNote(f *testing.F) {
	f.Add(manifest(f, sample(f)))
	f.Add(manifest(f, sample(f, 2, 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := verify.ParseNote(b)
		if err != nil {
			return
		}
		if again, err := n.Manifest(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%q is accepted and becomes %q, %v", b, again, err)
		}
		verify.Check(n, b)
		for _, block := range n.Outline(verify.Filing{}) {
			for _, row := range block.Rows {
				for _, c := range row.Cells {
					inXML(t, c)
				}
			}
			inXML(t, block.Text)
		}
	})
}

// inXML fails for a text that XML 1.0 cannot hold.
func inXML(t *testing.T, s string) {
	for _, r := range s {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff || r == 0x7f {
			t.Errorf("%q has %U", s, r)
		}
	}
}

func FuzzParseBundle(f *testing.F) {
	text, err := published(f, sample(f, 2)).MarshalText()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra Cg==\nindex 0\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := verify.ParseBundle(text)
		if err != nil {
			return
		}
		if again, err := b.MarshalText(); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%q is accepted and becomes %q, %v", text, again, err)
		}
		_, v, _ := key(t, origin)
		b.Check(v)
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	l := new(log)
	life(f, l, nil)
	f.Add(l.checkpoint(f, 5))
	f.Add(l.checkpoint(f, 0))
	signer, v, _ := key(f, origin)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := verify.OpenCheckpoint(b, v)
		if err != nil {
			return
		}
		if _, err := verify.SignCheckpoint(c, signer); err != nil {
			t.Errorf("%q is accepted and cannot be signed: %v", b, err)
		}
	})
}

// FuzzCheckDocx bends the document's main part, the part with the proof, and the package itself.
func FuzzCheckDocx(f *testing.F) {
	n := sample(f, 2, 4)
	good, _ := docxOf(f, n, published(f, n))
	f.Add([]byte(good["word/document.xml"]), []byte(good["customXml/item1.xml"]), []byte(good["_rels/.rels"]), 0, byte(0))
	f.Add([]byte("<w:p>"), []byte("<note>"), []byte("<"), 100, byte(1))
	f.Fuzz(func(t *testing.T, document, proof, rels []byte, at int, flip byte) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, data := range map[string][]byte{"word/document.xml": document, "customXml/item1.xml": proof, "_rels/.rels": rels} {
			w, err := z.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(data)
		}
		z.Close()
		data := b.Bytes()
		if at >= 0 && at < len(data) {
			data[at] ^= flip
		}
		r, err := verify.CheckDocx(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			r.Print(io.Discard)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add([]byte(`{"body":"* a","m.new_content":{"body":"a"},"m.relates_to":{"rel_type":"m.replace"}}`))
	f.Add([]byte(`{"body":null}`))
	f.Fuzz(func(t *testing.T, content []byte) { verify.Words(content) })
}
