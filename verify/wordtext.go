package verify

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// item is a paragraph or a row of a table, as a document shows it.
type item struct {
	row   bool
	cells []string // one for a paragraph
	label string   // of an expected item: how to name it to people
	name  string   // of an expected item: the block's name
	gap   bool     // of an expected item: the row says that messages were left out
}

// key is what two items have in common if they say the same. White space does not count, nor do empty cells, which word
// processors merge.
func (it item) key() string {
	var cells []string
	for _, c := range it.cells {
		if c = line(c); c != "" {
			cells = append(cells, c)
		}
	}
	return fmt.Sprint(it.row, "\x00", strings.Join(cells, "\x1f"))
}

// wordText reads what a part of WordprocessingML (ISO/IEC 29500-1, 17) shows: text in runs, whichever way they are split;
// not what is deleted by a tracked change. What could show other words than the runs hold goes to odd.
type wordText struct {
	dec   *xml.Decoder
	depth int
	items []item
	odd   []string // sentences

	text  strings.Builder // of the paragraph or cell that is being read
	paras int             // how many paragraphs are open: one in another is in a text box
	table int             // how many tables are open
	cells []string        // of the row that is being read
	field strings.Builder // the instruction of a field
}

var errXML = errors.New("a part of the document is damaged")

// readWord reads a whole part.
func readWord(data []byte) (items []item, odd []string, err error) {
	w := &wordText{dec: xml.NewDecoder(bytes.NewReader(data))}
	for {
		t, err := w.dec.Token()
		if err == io.EOF {
			return w.items, w.odd, nil
		}
		if err != nil {
			return nil, nil, errXML
		}
		switch e := t.(type) {
		case xml.StartElement:
			if err := w.element(e); err != nil {
				return nil, nil, err
			}
		case xml.Directive: // <!DOCTYPE …>, <!ENTITY …>
			return nil, nil, errXML
		}
	}
}

// stranger says in words what an element is that a note never has, or nothing.
func stranger(local string) string {
	switch local {
	case "drawing", "pict", "contentPart":
		return "a picture or a drawing"
	case "object":
		return "an embedded file"
	case "altChunk", "subDoc":
		return "another document"
	case "oMath":
		return "a formula"
	case "sym":
		return "a symbol in a special font"
	case "footnoteReference", "endnoteReference":
		return "a footnote"
	case "ruby":
		return "words above words"
	case "AlternateContent":
		return "a part that programs show in different ways"
	case "control", "checkBox", "ddList", "textInput":
		return "a form field"
	case "dataBinding":
		return "a field that takes its words from elsewhere"
	}
	return ""
}

// element reads an element after its start, up to and with its end.
func (w *wordText) element(e xml.StartElement) error {
	if w.depth++; w.depth > maxDepth {
		return errXML
	}
	defer func() { w.depth-- }()
	if what := stranger(e.Name.Local); what != "" {
		w.strange("has %s, which the note does not have", what)
	}
	switch e.Name.Local {
	case "t":
		return w.characters(&w.text)
	case "tab", "ptab", "br", "cr":
		w.text.WriteByte(' ')
	case "noBreakHyphen":
		w.text.WriteRune('\u2011')
	case "softHyphen":
		w.text.WriteRune('\u00ad')
	case "instrText":
		return w.characters(&w.field)
	case "fldSimple":
		w.field.WriteString(attr(e, "instr"))
		w.endField()
	case "fldChar":
		if attr(e, "fldCharType") != "begin" {
			w.endField()
		}
	case "del", "moveFrom", "Fallback", "pPr", "sectPr", "tblPr", "tblGrid":
		return w.skip()
	case "vanish", "specVanish", "webHidden", "strike", "dstrike":
		if v := attr(e, "val"); v != "0" && v != "false" && v != "off" && w.paras > 0 {
			w.strange("has words that are hidden or struck out")
		}
	case "sz":
		if n, err := strconv.Atoi(attr(e, "val")); err == nil && n < 8 { // half points
			w.strange("has words that are too small to read")
		}
	case "p":
		return w.paragraph()
	case "tbl":
		w.table++
		defer func() { w.table-- }()
		if w.table > 1 {
			w.strange("has a table in a table, which the note does not have")
		}
	case "tr":
		return w.row()
	case "tc":
		return w.cell()
	}
	return w.children()
}

// children reads what is in an element, up to and with its end.
func (w *wordText) children() error {
	for {
		t, err := w.dec.Token()
		if err != nil {
			return errXML
		}
		switch e := t.(type) {
		case xml.StartElement:
			if err := w.element(e); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.Directive:
			return errXML
		}
	}
}

// characters adds an element's own text.
func (w *wordText) characters(to *strings.Builder) error {
	for {
		t, err := w.dec.Token()
		if err != nil {
			return errXML
		}
		switch e := t.(type) {
		case xml.CharData:
			to.Write(e)
		case xml.StartElement:
			if err := w.element(e); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func (w *wordText) skip() error {
	if err := w.dec.Skip(); err != nil {
		return errXML
	}
	return nil
}

func (w *wordText) paragraph() error {
	w.paras++
	err := w.children()
	w.paras--
	if w.paras > 0 || w.table > 0 {
		w.text.WriteByte('\n')
		return err
	}
	if s := line(w.text.String()); s != "" {
		w.items = append(w.items, item{cells: []string{s}})
	}
	w.text.Reset()
	return err
}

func (w *wordText) row() error {
	if w.table != 1 {
		return w.children()
	}
	w.cells = nil
	err := w.children()
	if it := (item{row: true, cells: w.cells}); it.key() != (item{row: true}).key() {
		w.items = append(w.items, it)
	}
	return err
}

func (w *wordText) cell() error {
	if w.table != 1 {
		return w.children()
	}
	w.text.Reset()
	err := w.children()
	w.cells = append(w.cells, line(w.text.String()))
	w.text.Reset()
	return err
}

// endField looks at a field's instruction. A link shows what its runs hold, and so do page numbers as far as a note
// cares; any other field may be computed anew and show something else.
func (w *wordText) endField() {
	name, _, _ := strings.Cut(strings.TrimSpace(w.field.String()), " ")
	w.field.Reset()
	switch strings.ToUpper(name) {
	case "", "HYPERLINK", "PAGE", "NUMPAGES", "SECTIONPAGES":
	default:
		w.strange("has a field that is computed when it is opened, which the note does not have")
	}
}

func (w *wordText) strange(s string, args ...any) {
	if s = fmt.Sprintf(s, args...); len(w.odd) < 20 && !strings.Contains(strings.Join(w.odd, "\n"), s) {
		w.odd = append(w.odd, s)
	}
}

// attr returns an attribute by its local name.
func attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}
