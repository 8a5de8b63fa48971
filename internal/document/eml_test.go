package document_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"

	"winnow.org/winnow/internal/document"
	"winnow.org/winnow/verify"
)

var envelope = document.Envelope{
	From:    mail.Address{Name: "ignored", Address: "winnow@dcw.example"},
	ReplyTo: &mail.Address{Name: "Amara Nwosu", Address: "amara@dcw.example"},
	To:      []mail.Address{{Name: "Private office mailbox", Address: "private.office@dcw.example"}},
	Cc:      []mail.Address{{Name: "Records inbox", Address: "records@dcw.example"}},
	Page:    "https://chat.dcw.example/notes/N-2026-0417",
}

func mustEml(t testing.TB, n *verify.Note, attached ...document.File) []byte {
	t.Helper()
	_, f, _, _ := file(t, n)
	message, err := document.Eml(n, f, envelope, attached...)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

// letter is a message as another program than the one that wrote it reads it.
type letter struct {
	header   mail.Header
	text     string
	html     string
	attached map[string][]byte
}

func readMail(t interface{ Fatal(...any) }, message []byte) letter {
	m, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	l := letter{header: m.Header, attached: map[string][]byte{}}
	l.read(t, m.Header.Get("Content-Type"), m.Body)
	return l
}

func (l *letter) read(t interface{ Fatal(...any) }, contentType string, body io.Reader) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(kind, "multipart/") {
			l.read(t, p.Header.Get("Content-Type"), p)
			continue
		}
		var decoded io.Reader = p
		switch p.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			decoded = quotedprintable.NewReader(p)
		case "base64":
			decoded = base64.NewDecoder(base64.StdEncoding, p)
		}
		data, err := io.ReadAll(decoded)
		if err != nil {
			t.Fatal(err)
		}
		switch name := p.FileName(); {
		case name != "":
			l.attached[name] = data
		case kind == "text/plain":
			l.text = strings.ReplaceAll(string(data), "\r\n", "\n")
		case kind == "text/html":
			l.html = string(data)
		}
	}
}

func TestEml(t *testing.T) {
	n := sample(t, talk)
	message := mustEml(t, n)
	l := readMail(t, message)
	decoded := func(key string) string {
		s, err := new(mime.WordDecoder).DecodeHeader(l.header.Get(key))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for key, want := range map[string]string{
		"From":             `"Winnow, for Amara Nwosu" <winnow@dcw.example>`,
		"Reply-To":         `"Amara Nwosu" <amara@dcw.example>`,
		"To":               `"Private office mailbox" <private.office@dcw.example>`,
		"Cc":               `"Records inbox" <records@dcw.example>`,
		"Subject":          "[OFFICIAL] Note for the record N-2026-0417: Small-harbour cap raised to £400,000",
		"Date":             "Tue, 10 Nov 2026 11:06:00 +0000",
		"X-Winnow-Note":    "N-2026-0417",
		"X-Winnow-Session": session,
	} {
		if got := decoded(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	_, f, _, _ := file(t, n)
	says(t, l, n, f)
	if !bytes.Equal(message, mustEml(t, n)) {
		t.Error("rendered again, the message has other bytes")
	}
	if !strings.HasSuffix(l.text, "If something is wrong, open the note and select “Add a correction”.\nReplies to this email are not added to the note.\n") {
		t.Errorf("the end of the text: %q", l.text[max(0, len(l.text)-200):])
	}
	for _, want := range []string{"10:04am Rhys Pembrey, Deputy director: Agreed then: submission goes up\n", "Filed in: Resilience fund › Round 2 › Decisions\n",
		"[5 to 6: 2 messages left out]", "https://chat.dcw.example/notes/N-2026-0417\n", "https://chat.dcw.example/sessions/" + session + "\n"} {
		if !strings.Contains(l.text, want) {
			t.Errorf("the text has no %q", want)
		}
	}
	for _, bad := range []string{"<img", "<link", "<script", "url(", "src="} {
		if strings.Contains(l.html, bad) {
			t.Errorf("the HTML has %q", bad)
		}
	}
}

// says checks that both forms have all the words of the note, in order.
func says(t *testing.T, l letter, n *verify.Note, f verify.Filing) {
	t.Helper()
	for line := range strings.SplitSeq(l.text, "\n") {
		if utf8.RuneCountInString(line) > 72 && strings.Contains(strings.TrimLeft(line, " "), " ") {
			t.Errorf("a line of the text has %d columns: %q", utf8.RuneCountInString(line), line)
		}
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	text, html := squeeze(l.text), squeeze(unescape(l.html))
	for _, b := range n.Outline(f) {
		want := []string{b.Text}
		for _, r := range b.Rows {
			want = append(want, r.Cells[len(r.Cells)-1])
		}
		for _, w := range want {
			if i := strings.Index(text, squeeze(w)); i < 0 {
				t.Errorf("the text has no %.80q in its place", w)
			} else {
				text = text[i:]
			}
			if i := strings.Index(html, squeeze(w)); i < 0 {
				t.Errorf("the HTML has no %.80q in its place", w)
			} else {
				html = html[i:]
			}
		}
	}
}

// unescape takes the tags out of HTML and puts characters in place of references.
func unescape(html string) string {
	var b strings.Builder
	for {
		text, rest, more := strings.Cut(html, "<")
		b.WriteString(text)
		if !more {
			return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+", "&amp;", "&", "\u00a0", "").Replace(b.String())
		}
		_, html, _ = strings.Cut(rest, ">")
	}
}

func TestEmlHostile(t *testing.T) {
	n := hostileNote(t)
	l := readMail(t, mustEml(t, n))
	_, f, _, _ := file(t, n)
	says(t, l, n, f)
	for _, key := range []string{"Bcc", "X"} {
		if l.header.Get(key) != "" {
			t.Errorf("the note's text made a header %s: %q", key, l.header.Get(key))
		}
	}
	if from, err := l.header.AddressList("From"); err != nil || len(from) != 1 || from[0].Address != "winnow@dcw.example" {
		t.Errorf("from: %v, %v", from, err)
	}
	if strings.Contains(l.html, "<script") {
		t.Error("a message's words became a script")
	}
	if strings.Contains(l.text, "\nPriya Raman, Private secretary: I agree") {
		t.Error("a message looks like another one")
	}
}

func TestEmlAttached(t *testing.T) {
	n := sample(t, talk)
	doc, _ := docxOf(t, n)
	name := document.FileName(n)
	l := readMail(t, mustEml(t, n, document.File{Name: name, Type: document.DocxType, Data: doc}, document.File{Name: "Siân \"x\"\r\n.json", Type: "application/json", Data: []byte("{}")}))
	if !bytes.Equal(l.attached[name], doc) {
		t.Errorf("the document has other bytes: %d, want %d", len(l.attached[name]), len(doc))
	}
	if len(l.attached) != 2 || l.text == "" || l.html == "" {
		t.Errorf("%d attachments, %d bytes of text, %d of HTML", len(l.attached), len(l.text), len(l.html))
	}
}

func TestEmlAddresses(t *testing.T) {
	n := sample(t, talk)
	_, f, _, _ := file(t, n)
	for _, bad := range []string{"", "nobody", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "Eve <a@b.example>"} {
		e := envelope
		e.To = []mail.Address{{Address: bad}}
		if _, err := document.Eml(n, f, e); err == nil {
			t.Errorf("%q was taken for an address", bad)
		}
	}
	e := envelope
	e.To = nil
	if _, err := document.Eml(n, f, e); err == nil {
		t.Error("an e-mail to nobody was made")
	}
}
