package web

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// filling are the slots of one rendering, and what goes into each. What goes in is opened only while the page is written.
type filling struct {
	face  *Face
	slots *Slots
	fill  []filler
	sign  strings.Builder // which events the slots show: two renderings with the same shell and sign say the same
}

// filler gives a slot's words to write, from locked memory. It calls write with pieces in order.
type filler func(ctx context.Context, write func(text []byte)) error

func (f *Face) filling() *filling {
	s, err := NewSlots(f.Rand)
	if err != nil {
		panic("web: the source of randomness failed")
	}
	return &filling{face: f, slots: s}
}

func (p *filling) add(sign string, fill filler) Slot {
	p.fill = append(p.fill, fill)
	p.sign.WriteString(sign)
	p.sign.WriteByte(' ')
	return p.slots.New()
}

// words makes a slot for what a message says, at most n characters of it (0: all).
func (p *filling) words(e *session.Event, n int) Slot {
	return p.add(string(e.ID), p.face.opened(e, n, func(s content.Scan) []byte {
		if e.Edits != "" && s.NewBody != nil {
			return s.NewBody
		}
		return s.Body
	}))
}

// reaction makes a slot for the key of a reaction.
func (p *filling) reaction(e *session.Event) Slot {
	return p.add(string(e.ID), p.face.opened(e, 16, func(s content.Scan) []byte { return s.RelKey }))
}

// opened opens an event, picks a string of its content and gives its text.
func (f *Face) opened(e *session.Event, n int, pick func(content.Scan) []byte) filler {
	return func(ctx context.Context, write func([]byte)) error {
		err := f.open(ctx, e, pick, func(text []byte) error {
			write(cut(text, n))
			return nil
		})
		if fault.Is(err, fault.NotFound) { // withdrawn since the shell was made
			return nil
		}
		return err
	}
}

// open gives do the text of one string of an event's content, in locked memory.
func (f *Face) open(ctx context.Context, e *session.Event, pick func(content.Scan) []byte, do func(text []byte) error) error {
	buf, err := f.Arena.Get(ctx, vault.Large)
	if err != nil {
		return err
	}
	defer buf.Put()
	plain, err := f.Arena.Get(ctx, vault.Scratch)
	if err != nil {
		return err
	}
	defer plain.Put()
	raw, err := e.Open(buf)
	if err != nil {
		return err
	}
	scan, err := content.ScanEvent(raw)
	if err != nil {
		return err
	}
	text, ok := content.Unquote(plain.B[:0], pick(scan))
	if !ok {
		return fault.New(fault.Internal, "This message cannot be shown")
	}
	return do(text)
}

// cut returns the first n characters of a text, at a space if there is one late enough.
func cut(text []byte, n int) []byte {
	if n == 0 || utf8.RuneCount(text) <= n {
		return text
	}
	end := 0
	for range n {
		_, size := utf8.DecodeRune(text[end:])
		end += size
	}
	if at := bytes.LastIndexByte(text[:end], ' '); at > end*2/3 {
		end = at
	}
	return text[:end]
}

// draft makes a slot for the i-th value of a field of somebody's unfinished note.
func (p *filling) draft(who id.Person, r id.Room, field string, i int) Slot {
	return p.add("draft", func(ctx context.Context, write func([]byte)) error {
		return p.face.draft(ctx, who, r, func(key, value []byte) error {
			if content.Equal(key, field) {
				if i == 0 {
					write(value)
				}
				i--
			}
			return nil
		})
	})
}

// draft goes through the fields of somebody's unfinished note. It may be called again and again: each time a copy is opened.
func (f *Face) draft(ctx context.Context, who id.Person, r id.Room, each func(key, value []byte) error) error {
	buf, err := f.Arena.Get(ctx, vault.Large)
	if err != nil {
		return err
	}
	defer buf.Put()
	form, _, err := f.Sessions.Draft(ctx, who, r, buf)
	if err != nil || form == nil {
		return err
	}
	return content.Form(form, each)
}

// page answers with a page.
func (f *Face) page(w http.ResponseWriter, r *http.Request, code int, name string, data any, p *filling) error {
	var shell bytes.Buffer
	if err := f.templates.Shell(&shell, name, data); err != nil {
		return err
	}
	return wire.Send(w, r, code, "text/html; charset=utf-8", func(o *wire.Out) error { return p.write(r.Context(), o, shell.Bytes(), false) })
}

// write puts a shell and its words together. In one line every line break is written as a character reference.
func (p *filling) write(ctx context.Context, o *wire.Out, shell []byte, oneLine bool) (err error) {
	p.slots.Split(shell)(func(piece []byte, slot int) bool {
		if slot < 0 {
			o.Raw(piece)
			return true
		}
		err = p.fill[slot](ctx, func(text []byte) { writeText(o, text, oneLine) })
		return err == nil
	})
	if err != nil {
		return err
	}
	return o.Err()
}

func writeText(o *wire.Out, text []byte, oneLine bool) {
	if !oneLine {
		o.HTMLText(text)
		return
	}
	for len(text) > 0 {
		i := bytes.IndexAny(text, "\n\r")
		if i < 0 {
			o.HTMLText(text)
			return
		}
		o.HTMLText(text[:i])
		if text[i] == '\n' {
			o.Str("&#10;")
		}
		text = text[i+1:]
	}
}
