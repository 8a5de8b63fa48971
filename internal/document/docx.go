package document

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"winnow.org/winnow/verify"
)

// Docx renders a note as an Office Open XML document (ISO/IEC 29500-1) for Word and LibreOffice. manifest is the note's
// canonical bytes and proof that of its ledger entry; both travel in the file, so that it can be checked with
// [verify.CheckDocx] and nothing else.
//
// The document has no pictures, text boxes, macros or linked files, and one link: the session's address.
func Docx(n *verify.Note, f verify.Filing, manifest []byte, proof verify.Bundle) ([]byte, error) {
	if len(proof.Entry) == 0 || len(proof.Checkpoint) == 0 {
		return nil, fmt.Errorf("render note %s: it has no proof of its ledger entry yet", n.Ref)
	}
	if _, err := proof.MarshalText(); err != nil {
		return nil, fmt.Errorf("render note %s: %w", n.Ref, err)
	}
	d := &docx{note: n}
	body := d.body(n.Outline(f))
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range []struct {
		name string
		text string
	}{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", packageRels},
		{"word/document.xml", body},
		{"word/_rels/document.xml.rels", d.rels()},
		{"word/styles.xml", styles},
		{"word/settings.xml", settings},
		{"word/header1.xml", d.header()},
		{"word/footer1.xml", d.footer()},
		{"docProps/core.xml", d.core()},
		{"docProps/app.xml", d.app()},
		{"docProps/custom.xml", d.custom(f)},
		{"customXml/item1.xml", string(verify.CustomXML(manifest, proof))},
		{"customXml/_rels/item1.xml.rels", itemRels},
		{"customXml/itemProps1.xml", itemProps},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: time.UnixMilli(n.Filed).UTC()})
		if err == nil {
			_, err = w.Write([]byte(p.text))
		}
		if err != nil {
			return nil, fmt.Errorf("render note %s: %w", n.Ref, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("render note %s: %w", n.Ref, err)
	}
	return out.Bytes(), nil
}

type docx struct {
	note  *verify.Note
	links []string // addresses, in the order of their relationships
}

const wordNames = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" ` +
	`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

// textWidth is the width of an A4 page between its margins of 2.2 cm, in twentieths of a point.
const textWidth = "9412"

func (d *docx) body(blocks []verify.Block) string {
	var b strings.Builder
	b.WriteString(declaration + `<w:document ` + wordNames + `><w:body>`)
	ending := 0 // where the last part starts: it is on how to check the note, and in smaller letters
	for i, block := range blocks {
		if block.Kind == verify.Heading {
			ending = i
		}
	}
	for i, block := range blocks {
		afterTable := i > 0 && blocks[i-1].Kind == verify.Table
		switch {
		case block.Kind == verify.Title:
			b.WriteString(plain("Title", block.Text))
		case block.Kind == verify.Heading:
			b.WriteString(plain(fmt.Sprintf("Heading%d", max(1, min(block.Level, 2))), block.Text))
		case block.Kind == verify.Table:
			if afterTable {
				b.WriteString(plain("Normal", "")) // or Word joins the two tables
			}
			b.WriteString(tableOf(block))
		case block.Name == verify.NameCaption:
			b.WriteString(plain("Reference", block.Text))
		case afterTable:
			b.WriteString(d.prose("TableNote", block.Text))
		case i > ending:
			b.WriteString(d.prose("Small", block.Text))
		default:
			b.WriteString(d.prose("Normal", block.Text))
		}
	}
	b.WriteString(`<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:footerReference w:type="default" r:id="rId4"/>` +
		`<w:pgSz w:w="11906" w:h="16838"/>` +
		`<w:pgMar w:top="1247" w:right="1247" w:bottom="1247" w:left="1247" w:header="624" w:footer="567" w:gutter="0"/>` +
		`</w:sectPr></w:body></w:document>`)
	return b.String()
}

// prose is a paragraph in which a web address at the end is a link.
func (d *docx) prose(style, text string) string {
	at := strings.LastIndexByte(text, ' ') + 1
	if u, err := url.Parse(text[at:]); err != nil || u.Scheme != "https" || u.Host == "" {
		return plain(style, text)
	}
	d.links = append(d.links, text[at:])
	link := fmt.Sprintf(`<w:hyperlink r:id="rLink%d">%s</w:hyperlink>`, len(d.links), run("Hyperlink", text[at:]))
	return paragraph(style, text, run("", text[:at]), link)
}

// layouts are what is known of each table: its caption, and its columns' widths.
var layouts = map[string]struct {
	caption string
	widths  []string
}{
	verify.NameFacts:   {"Facts: organisation, conversation, people present and when the note was written", []string{"2000", "7412"}},
	verify.NameActions: {"Actions: what, who and when", []string{"5612", "2200", "1600"}},
	verify.NameQuotes:  {"What was said: the messages that this note quotes, in order, and where messages were left out", []string{"1160", "1240", "2300", "4712"}},
}

func tableOf(b verify.Block) string {
	layout := layouts[b.Name]
	var rows strings.Builder
	if b.Head != nil {
		var cells strings.Builder
		for i, h := range b.Head {
			cells.WriteString(cell(layout.widths[i], true, plain("TableHeading", h)))
		}
		rows.WriteString(row(true, true, cells.String()))
	}
	for _, r := range b.Rows {
		var cells strings.Builder
		letters := 0
		for i, text := range r.Cells {
			letters += utf8.RuneCountInString(text)
			cells.WriteString(cell(layout.widths[i], r.Gap || b.Head == nil && i == 0, cellText(b.Name, r.Gap, i, text)))
		}
		rows.WriteString(row(false, letters < 1000, cells.String())) // a row that may fill a page must be free to break
	}
	return table(layout.caption, layout.widths, rows.String())
}

// cellText is what stands in a cell: a header of its row, somebody's name, their words, or anything else.
func cellText(table string, gap bool, column int, text string) string {
	switch {
	case gap:
		return plain("LeftOut", text)
	case table == verify.NameFacts && column == 0:
		return plain("TableHeading", text)
	case table == verify.NameQuotes && column == 2:
		name, role, _ := strings.Cut(text, ", ")
		if role == "" {
			return paragraph("TableText", text, run("Strong", text))
		}
		return paragraph("TableText", text, run("Strong", name), run("", ", "+role))
	case table == verify.NameQuotes && column == 3:
		return lines("Quote", text)
	}
	return lines("TableText", text)
}
