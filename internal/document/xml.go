package document

import (
	"bytes"
	"encoding/xml"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escape is text for an XML element or attribute. Characters that XML cannot hold become U+FFFD.
func escape(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s)) // a bytes.Buffer returns no errors
	return b.String()
}

// run is a piece of a paragraph. Its character style may be empty.
func run(style, text string) string {
	props := ""
	if style != "" {
		props = `<w:rStyle w:val="` + style + `"/>`
	}
	if rightToLeft(text) {
		props += `<w:rtl/>`
	}
	if props != "" {
		props = `<w:rPr>` + props + `</w:rPr>`
	}
	var b strings.Builder
	b.WriteString(`<w:r>` + props)
	for i, piece := range strings.Split(text, "\t") {
		if i > 0 {
			b.WriteString(`<w:tab/>`)
		}
		if piece != "" {
			b.WriteString(`<w:t xml:space="preserve">` + escape(piece) + `</w:t>`)
		}
	}
	b.WriteString(`</w:r>`)
	return b.String()
}

// paragraph is a paragraph of a style with runs that are made already.
func paragraph(style string, direction string, runs ...string) string {
	props := `<w:pStyle w:val="` + style + `"/>`
	if rightToLeft(direction) {
		props += `<w:bidi/>`
	}
	return `<w:p><w:pPr>` + props + `</w:pPr>` + strings.Join(runs, "") + `</w:p>`
}

// plain is a paragraph of one run.
func plain(style, text string) string {
	if text == "" {
		return paragraph(style, "")
	}
	return paragraph(style, text, run("", text))
}

// lines is a paragraph for each line of a text. Each being a paragraph, marks that turn the reading direction act on
// their own line only.
func lines(style, text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(plain(style, line))
	}
	return b.String()
}

// rightToLeft reports whether a text's first letter is of a script that is written from right to left.
func rightToLeft(s string) bool {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if unicode.IsLetter(r) {
			return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
		}
		s = s[n:]
	}
	return false
}

// table starts a table. widths are in twentieths of a point; captions are read out by screen readers.
func table(caption string, widths []string, rows string) string {
	var grid strings.Builder
	for _, w := range widths {
		grid.WriteString(`<w:gridCol w:w="` + w + `"/>`)
	}
	return `<w:tbl><w:tblPr><w:tblStyle w:val="NoteTable"/><w:tblW w:w="` + textWidth + `" w:type="dxa"/><w:tblLayout w:type="fixed"/>` +
		`<w:tblLook w:val="04A0" w:firstRow="1" w:lastRow="0" w:firstColumn="1" w:lastColumn="0" w:noHBand="0" w:noVBand="1"/>` +
		`<w:tblCaption w:val="` + escape(caption) + `"/></w:tblPr><w:tblGrid>` + grid.String() + `</w:tblGrid>` + rows + `</w:tbl>`
}

// row is a table row of cells that are made already. A header row is repeated on each page.
func row(header, whole bool, cells string) string {
	props := ""
	if whole {
		props += `<w:cantSplit/>`
	}
	if header {
		props += `<w:tblHeader/>`
	}
	if props != "" {
		props = `<w:trPr>` + props + `</w:trPr>`
	}
	return `<w:tr>` + props + cells + `</w:tr>`
}

// cell is a table cell around paragraphs.
func cell(width string, shaded bool, paragraphs string) string {
	shade := ""
	if shaded {
		shade = `<w:shd w:val="clear" w:color="auto" w:fill="F0F3F3"/>`
	}
	return `<w:tc><w:tcPr><w:tcW w:w="` + width + `" w:type="dxa"/>` + shade + `</w:tcPr>` + paragraphs + `</w:tc>`
}
