package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// NoteNamespace is the XML namespace of the part of a .docx that holds a note's manifest and proof.
const NoteNamespace = "https://winnow.org/ns/note/1"

// CustomXML returns the custom XML part (ISO/IEC 29500-1, 15.2.5; usually customXml/item1.xml) that a note's .docx holds:
//
//	<note xmlns="https://winnow.org/ns/note/1"><manifest>base64</manifest><proof>base64</proof></note>
//
// manifest is the note's canonical bytes, proof the text of the bundle for the note's ledger entry. A bundle that has no
// text form (see [Bundle.MarshalText]) gives a part with an empty proof, which [CheckDocx] reports.
func CustomXML(manifest []byte, b Bundle) []byte {
	proof, err := b.MarshalText()
	if err != nil {
		proof = nil
	}
	return fmt.Appendf(nil, xml.Header+`<note xmlns="%s"><manifest>%s</manifest><proof>%s</proof></note>`, NoteNamespace,
		base64.StdEncoding.EncodeToString(manifest), base64.StdEncoding.EncodeToString(proof))
}

// noteElement is the custom XML part as it is read back.
type noteElement struct {
	XMLName  xml.Name `xml:"https://winnow.org/ns/note/1 note"`
	Manifest []string `xml:"https://winnow.org/ns/note/1 manifest"`
	Proof    []string `xml:"https://winnow.org/ns/note/1 proof"`
}

// parseCustomXML reads a part that is known to have the right root element.
func parseCustomXML(part []byte) (manifest, proof []byte, err error) {
	var e noteElement
	dec := xml.NewDecoder(bytes.NewReader(part))
	if err := dec.Decode(&e); err != nil {
		return nil, nil, errors.New("the note's proof in the file is damaged")
	}
	if len(e.Manifest) != 1 || len(e.Proof) != 1 {
		return nil, nil, errors.New("the note's proof in the file is not one manifest and one proof")
	}
	if manifest, err = unbase64(e.Manifest[0]); err == nil {
		proof, err = unbase64(e.Proof[0])
	}
	return manifest, proof, err
}

func unbase64(s string) ([]byte, error) {
	b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(bytes.Join(bytes.Fields([]byte(s)), nil))))
	if err != nil {
		return nil, errors.New("the note's proof in the file is damaged")
	}
	return b, nil
}
