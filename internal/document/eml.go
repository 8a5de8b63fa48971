package document

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-message"
	gomail "github.com/emersion/go-message/mail"

	"winnow.org/winnow/verify"
)

// Envelope is what an e-mail of a note has beside the note.
type Envelope struct {
	From    mail.Address   // the server's mailbox; its name is not used, since the e-mail says "Winnow, for …"
	ReplyTo *mail.Address  // the person who filed the note, if they have an address
	To, Cc  []mail.Address // at least one To
	Page    string         // the note's web address
}

// File is an attachment, for example the note's Word document.
type File struct {
	Name string
	Type string // media type
	Data []byte
}

// DocxType is the media type of a Word document (registered with IANA).
const DocxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// Eml renders a note as an e-mail message (RFC 5322) with the same words as text and as HTML, and perhaps attachments. Its
// Message-ID follows from the note's fingerprint, so that a message that is sent twice is one message to a mailbox.
//
// The error is for addresses that are not e-mail addresses.
func Eml(n *verify.Note, f verify.Filing, e Envelope, attached ...File) ([]byte, error) {
	head, err := header(n, f, e)
	if err != nil {
		return nil, fmt.Errorf("render note %s: %w", n.Ref, err)
	}
	blocks := mailBlocks(n, f, e)
	html, err := mailHTML(n, blocks)
	if err != nil {
		return nil, fmt.Errorf("render note %s: %w", n.Ref, err)
	}
	var out bytes.Buffer
	m := multipart{boundary: fmt.Sprintf("=_winnow_%x_", f.Fingerprint[:12])} // quoted-printable and base64 never have "=_"
	texts := []File{{Type: "text/plain", Data: []byte(mailText(blocks))}, {Type: "text/html", Data: html}}
	if len(attached) == 0 {
		err = m.alternative(&out, head, texts)
	} else {
		err = m.mixed(&out, head, texts, attached)
	}
	if err != nil {
		return nil, fmt.Errorf("render note %s: %w", n.Ref, err)
	}
	return out.Bytes(), nil
}

// header has no value that could start another header: every text is made one line first, and addresses are parsed.
func header(n *verify.Note, f verify.Filing, e Envelope) (gomail.Header, error) {
	var h gomail.Header
	from := "Winnow"
	if n.FiledBy.Name != "" && !n.Automatic {
		from += ", for " + headerText(n.FiledBy.Name)
	}
	_, host, _ := strings.Cut(e.From.Address, "@")
	lists := map[string][]mail.Address{"From": {{Name: from, Address: e.From.Address}}, "To": e.To, "Cc": e.Cc}
	if e.ReplyTo != nil {
		lists["Reply-To"] = []mail.Address{*e.ReplyTo}
	}
	if len(e.To) == 0 {
		return h, fmt.Errorf("the e-mail goes to nobody")
	}
	// The library writes the headers that are set last first.
	h.Set("X-Winnow-Fingerprint", fmt.Sprintf("%x", f.Fingerprint))
	h.SetText("X-Winnow-Session", headerText(n.Session.ID))
	h.SetText("X-Winnow-Note", headerText(n.Ref))
	h.Set("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies, please
	h.Set("Content-Language", "en-GB")
	h.Set("MIME-Version", "1.0")
	h.SetMessageID(fmt.Sprintf("%x.note@%s", f.Fingerprint[:16], host))
	h.SetDate(time.UnixMilli(n.Filed).UTC())
	h.SetSubject(headerText("[" + n.Marking + "] Note for the record " + n.Ref + ": " + n.Title))
	for _, key := range []string{"Cc", "To", "Reply-To", "From"} {
		list, err := addresses(lists[key])
		if err != nil {
			return h, err
		}
		h.SetAddressList(key, list)
	}
	return h, nil
}

func addresses(list []mail.Address) ([]*gomail.Address, error) {
	var out []*gomail.Address
	for _, a := range list {
		if parsed, err := mail.ParseAddress(a.Address); err != nil || parsed.Address != a.Address || parsed.Name != "" {
			return nil, fmt.Errorf("an address is not an e-mail address")
		}
		out = append(out, &gomail.Address{Name: headerText(a.Name), Address: a.Address})
	}
	return out, nil
}

// headerText is a text as one line without control characters.
func headerText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// multipart writes parts with boundaries that differ at each level and are the same in each run.
type multipart struct{ boundary string }

func (m multipart) mixed(out *bytes.Buffer, h gomail.Header, texts, attached []File) error {
	h.SetContentType("multipart/mixed", map[string]string{"boundary": m.boundary + "1"})
	w, err := message.CreateWriter(out, h.Header)
	if err != nil {
		return err
	}
	var inner message.Header
	inner.SetContentType("multipart/alternative", map[string]string{"boundary": m.boundary + "2"})
	alternative, err := w.CreatePart(inner)
	if err != nil {
		return err
	}
	if err := write(alternative, texts); err != nil {
		return err
	}
	return write(w, attached)
}

func (m multipart) alternative(out *bytes.Buffer, h gomail.Header, texts []File) error {
	h.SetContentType("multipart/alternative", map[string]string{"boundary": m.boundary + "2"})
	w, err := message.CreateWriter(out, h.Header)
	if err != nil {
		return err
	}
	return write(w, texts)
}

// write writes the parts of one level and ends it.
func write(w *message.Writer, files []File) error {
	for _, f := range files {
		var h message.Header
		if f.Name == "" {
			h.Set("Content-Transfer-Encoding", "quoted-printable")
			h.SetContentType(f.Type, map[string]string{"charset": "utf-8"})
		} else {
			h.SetContentDisposition("attachment", map[string]string{"filename": headerText(f.Name)})
			h.Set("Content-Transfer-Encoding", "base64")
			h.SetContentType(f.Type, nil)
		}
		part, err := w.CreatePart(h)
		if err != nil {
			return err
		}
		if _, err := part.Write(f.Data); err != nil {
			return err
		}
		if err := part.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}
