package document

import (
	"fmt"
	"strings"
	"time"

	"winnow.org/winnow/verify"
)

// The parts of a package around the text: what ISO/IEC 29500-1 calls relationships, headers, footers and properties.

const declaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

const contentTypes = declaration + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
	`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
	`<Default Extension="xml" ContentType="application/xml"/>` +
	`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
	`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
	`<Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/>` +
	`<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/>` +
	`<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>` +
	`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>` +
	`<Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/>` +
	`<Override PartName="/docProps/custom.xml" ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml"/>` +
	`<Override PartName="/customXml/itemProps1.xml" ContentType="application/vnd.openxmlformats-officedocument.customXmlProperties+xml"/>` +
	`</Types>`

const (
	relNames  = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	relType   = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	coreProps = `http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties`
)

const packageRels = declaration + relNames +
	`<Relationship Id="rId1" Type="` + relType + `officeDocument" Target="word/document.xml"/>` +
	`<Relationship Id="rId2" Type="` + coreProps + `" Target="docProps/core.xml"/>` +
	`<Relationship Id="rId3" Type="` + relType + `extended-properties" Target="docProps/app.xml"/>` +
	`<Relationship Id="rId4" Type="` + relType + `custom-properties" Target="docProps/custom.xml"/>` +
	`</Relationships>`

const itemRels = declaration + relNames +
	`<Relationship Id="rId1" Type="` + relType + `customXmlProps" Target="itemProps1.xml"/></Relationships>`

// itemProps ties the custom XML part to the namespace of the note in it. The identifier of the part is our own and the same in
// every document.
const itemProps = declaration + `<ds:datastoreItem ds:itemID="{6B1E7A0C-9D54-4F0B-8E57-2C1D0F6E4A17}" ` +
	`xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"><ds:schemaRefs>` +
	`<ds:schemaRef ds:uri="` + verify.NoteNamespace + `"/></ds:schemaRefs></ds:datastoreItem>`

func (d *docx) rels() string {
	var b strings.Builder
	b.WriteString(declaration + relNames +
		`<Relationship Id="rId1" Type="` + relType + `styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" Type="` + relType + `settings" Target="settings.xml"/>` +
		`<Relationship Id="rId3" Type="` + relType + `header" Target="header1.xml"/>` +
		`<Relationship Id="rId4" Type="` + relType + `footer" Target="footer1.xml"/>` +
		`<Relationship Id="rId5" Type="` + relType + `customXml" Target="../customXml/item1.xml"/>`)
	for i, address := range d.links {
		fmt.Fprintf(&b, `<Relationship Id="rLink%d" Type="%shyperlink" Target="%s" TargetMode="External"/>`, i+1, relType, escape(address))
	}
	b.WriteString(`</Relationships>`)
	return b.String()
}

func (d *docx) header() string {
	top, _ := d.note.Margins()
	return declaration + `<w:hdr ` + wordNames + `>` + plain("Marking", top) + `</w:hdr>`
}

// footer has the marking again, and a line in which the word processor puts the numbers.
func (d *docx) footer() string {
	field := func(name string) string {
		return `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> ` + name + ` </w:instrText></w:r>` +
			`<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>`
	}
	top, bottom := d.note.Margins()
	ref := strings.TrimSpace(strings.TrimPrefix(bottom, top))
	number := paragraph("Footer", "", run("", ref+", page "), field("PAGE"), run("", " of "), field("NUMPAGES"))
	return declaration + `<w:ftr ` + wordNames + `>` + plain("Marking", top) + number + `</w:ftr>`
}

func (d *docx) core() string {
	when := time.UnixMilli(d.note.Filed).UTC().Format("2006-01-02T15:04:05Z")
	return declaration + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" ` +
		`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + escape(oneLine(d.note.Title)) + `</dc:title>` +
		`<dc:subject>` + escape("Note for the record "+oneLine(d.note.Ref)) + `</dc:subject>` +
		`<dc:creator>` + escape(oneLine(d.note.FiledBy.Name)) + `</dc:creator>` +
		`<cp:keywords>` + escape(oneLine(d.note.Marking)) + `</cp:keywords>` +
		`<dc:language>en-GB</dc:language>` +
		`<dcterms:created xsi:type="dcterms:W3CDTF">` + when + `</dcterms:created>` +
		`<dcterms:modified xsi:type="dcterms:W3CDTF">` + when + `</dcterms:modified>` +
		`</cp:coreProperties>`
}

func (d *docx) app() string {
	return declaration + `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">` +
		`<Application>Winnow</Application><Company>` + escape(oneLine(d.note.Organisation)) + `</Company></Properties>`
}

// custom are the properties that records systems can search: which note, session and policy version, and the fingerprint.
func (d *docx) custom(f verify.Filing) string {
	var b strings.Builder
	b.WriteString(declaration + `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" ` +
		`xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">`)
	for i, p := range [][2]string{
		{"winnow.note", oneLine(d.note.Ref)},
		{"winnow.session", oneLine(d.note.Session.ID)},
		{"winnow.policy", fmt.Sprint(d.note.Session.Policy)},
		{"winnow.fingerprint", fmt.Sprintf("%x", f.Fingerprint)},
	} {
		fmt.Fprintf(&b, `<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="%d" name="%s"><vt:lpwstr>%s</vt:lpwstr></property>`,
			i+2, p[0], escape(p[1])) // property 1 is reserved
	}
	b.WriteString(`</Properties>`)
	return b.String()
}

// oneLine is a text without line ends.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
