package verify

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of a .docx. A note's own file is well below all of them.
const (
	MaxDocx      = 32 << 20 // bytes of the file
	maxParts     = 500
	maxPartName  = 255
	maxPartBytes = 32 << 20 // of a part, unpacked
	maxAllBytes  = 64 << 20 // of all parts, unpacked
	maxDepth     = 200      // of nested XML elements
)

// part is one file of a .docx.
type part struct {
	name string
	root xml.Name // of its XML; empty if it is not XML
	data []byte
}

// openDocx reads all parts of a .docx (ISO/IEC 29500-2) within the limits.
func openDocx(r io.ReaderAt, size int64) ([]part, error) {
	if size > MaxDocx {
		return nil, fmt.Errorf("the file is larger than %d MB, so it is not a note", MaxDocx>>20)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, errors.New("the file is not a Word document (.docx), or it is damaged")
	}
	if len(z.File) > maxParts {
		return nil, fmt.Errorf("the file has more than %d parts, so it is not a note", maxParts)
	}
	var parts []part
	seen := map[string]bool{}
	left := int64(maxAllBytes)
	for _, f := range z.File {
		// Two parts of one name, which differ only in case or not at all, could be read one way here and another way by
		// a word processor.
		name := strings.ToLower(strings.TrimPrefix(f.Name, "/"))
		if len(name) > maxPartName || strings.Contains(name, "\\") || path.Clean("/"+name) != "/"+strings.TrimSuffix(name, "/") {
			return nil, errors.New("the file has a part with a name that is not allowed")
		}
		if seen[name] {
			return nil, errors.New("the file has two parts with one name")
		}
		seen[name] = true
		if strings.HasSuffix(name, "/") {
			continue
		}
		data, err := unpack(f, min(left, maxPartBytes))
		if err != nil {
			return nil, err
		}
		left -= int64(len(data))
		p := part{name: name, data: data}
		p.root = rootOf(data)
		if p.root.Local == "" && strings.HasSuffix(name, ".xml") {
			return nil, errors.New("the file has a part that is not XML as it should be")
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func unpack(f *zip.File, limit int64) ([]byte, error) {
	tooLarge := fmt.Errorf("the file unpacks to more than %d MB, so it is not a note", maxAllBytes>>20)
	if f.Flags&1 != 0 || f.Method != zip.Store && f.Method != zip.Deflate {
		return nil, errors.New("the file is locked with a password or packed in a way that Word does not use")
	}
	if f.UncompressedSize64 > uint64(limit) {
		return nil, tooLarge
	}
	rc, err := f.Open()
	if err != nil {
		return nil, errors.New("the file is damaged")
	}
	defer rc.Close()
	data, err := io.ReadAll(io.LimitReader(rc, limit+1))
	if int64(len(data)) > limit {
		return nil, tooLarge
	}
	if err != nil {
		return nil, errors.New("the file is damaged")
	}
	return data, nil
}

// rootOf returns the name of the root element of XML in UTF-8.
func rootOf(data []byte) xml.Name {
	trimmed := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if !bytes.HasPrefix(trimmed, []byte("<")) {
		return xml.Name{}
	}
	dec := xml.NewDecoder(bytes.NewReader(trimmed))
	for {
		t, err := dec.Token()
		if err != nil {
			return xml.Name{}
		}
		if e, ok := t.(xml.StartElement); ok {
			return e.Name
		}
	}
}

// mainPart finds the part that a word processor shows: the one target of the package's officeDocument relationship. A
// part that merely has the usual name, word/document.xml, may be a decoy.
func mainPart(parts []part) (part, error) {
	missing := errors.New("the file is not a Word document (.docx): it has no main part, or several")
	rels, ok := find(parts, "_rels/.rels")
	if !ok {
		return part{}, missing
	}
	var list struct {
		Rel []struct {
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
			Mode   string `xml:"TargetMode,attr"`
		} `xml:"Relationship"`
	}
	if err := xml.Unmarshal(rels.data, &list); err != nil {
		return part{}, missing
	}
	target := ""
	for _, r := range list.Rel {
		if strings.HasSuffix(strings.ToLower(r.Type), "/officedocument") {
			if target != "" || strings.EqualFold(r.Mode, "External") {
				return part{}, missing
			}
			target = r.Target
		}
	}
	p, ok := find(parts, strings.ToLower(strings.TrimPrefix(path.Clean("/"+target), "/")))
	if !ok || !isWord(p.root, "document") {
		return part{}, missing
	}
	return p, nil
}

func find(parts []part, name string) (part, bool) {
	for _, p := range parts {
		if p.name == name {
			return p, true
		}
	}
	return part{}, false
}

// isWord reports whether a name is WordprocessingML's, in the transitional or the strict form.
func isWord(n xml.Name, local string) bool {
	return n.Local == local && (n.Space == "http://schemas.openxmlformats.org/wordprocessingml/2006/main" ||
		n.Space == "http://purl.oclc.org/ooxml/wordprocessingml/main")
}
