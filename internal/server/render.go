package server

import (
	"net/mail"
	"net/url"
	"strings"

	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/document"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/verify"
)

// renderer makes a note's files with package document.
type renderer struct{ c config.Config }

// Render makes the Word document, and the e-mail with the document attached.
func (r renderer) Render(n *verify.Note, f verify.Filing, manifest []byte, proof verify.Bundle) ([]note.File, error) {
	docx, err := document.Docx(n, f, manifest, proof)
	if err != nil {
		return nil, err
	}
	name := document.FileName(n)
	box := mail.Address{Name: "Records", Address: "records@" + r.host()}
	eml, err := document.Eml(n, f, document.Envelope{From: mail.Address{Address: "winnow@" + r.host()}, To: []mail.Address{box}, Page: r.c.PublicURL + "/notes/" + n.Ref},
		document.File{Name: name, Type: document.DocxType, Data: docx})
	if err != nil {
		return nil, err
	}
	return []note.File{{Name: name, Data: docx}, {Name: strings.TrimSuffix(name, ".docx") + ".eml", Data: eml}}, nil
}

// host is the part of an e-mail address after the @.
func (r renderer) host() string {
	if u, err := url.Parse(r.c.PublicURL); err == nil && strings.Contains(u.Hostname(), ".") {
		return strings.ToLower(u.Hostname())
	}
	return "winnow.invalid"
}
