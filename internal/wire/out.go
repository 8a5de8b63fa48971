package wire

import (
	"context"
	"strconv"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/vault"
)

const (
	chunk    = 7 << 10  // bytes of a response in clear at a time; a Small buffer less room for the response's head
	piece    = 1 << 10  // bytes of text escaped at a time: six times as many fit a chunk
	mostSent = 64 << 20 // bytes of one response
)

var errMost = fault.New(fault.TooLarge, "The answer is larger than 64 MiB. Ask for less")

// Out is a response, or an event of a Stream, while it is written. It stands in one buffer of the arena. When it outgrows
// the buffer, each full chunk is sealed under a key for this response alone, and kept as ciphertext: so a
// response of any size has a known length, and never more than a chunk of it is in clear.
//
// The methods append. Once one has failed the others do nothing, and Err says why.
type Out struct {
	ctx   context.Context
	arena *vault.Arena
	buf   *vault.Buf
	key   *vault.Key
	parts []vault.Sealed
	n     int // bytes in parts
	err   error
}

func newOut(ctx context.Context, a *vault.Arena) (*Out, error) {
	buf, err := a.Get(ctx, vault.Small)
	if err != nil {
		return nil, err
	}
	return &Out{ctx: ctx, arena: a, buf: buf}, nil
}

// close wipes everything.
func (o *Out) close() {
	o.buf.Put()
	if o.key != nil {
		o.key.Drop()
	}
	o.parts = nil
}

// Err returns the first error: a [fault.TooLarge] beyond 64 MiB, or what the arena said.
func (o *Out) Err() error { return o.err }

// Len returns how many bytes the response has so far.
func (o *Out) Len() int { return o.n + len(o.buf.B) }

// spill seals the buffer and empties it.
func (o *Out) spill() {
	if o.err != nil || len(o.buf.B) == 0 {
		return
	}
	if o.Len() > mostSent {
		o.err = errMost
		return
	}
	if o.key == nil {
		if o.key, o.err = o.arena.NewKey(); o.err != nil {
			return
		}
	}
	var s vault.Sealed
	if s, o.err = o.key.Seal(o.buf.B); o.err != nil {
		return
	}
	o.parts = append(o.parts, s)
	o.n += len(o.buf.B)
	clear(o.buf.B)
	o.buf.B = o.buf.B[:0]
}

// room makes room for n bytes, at most chunk, and reports whether there is.
func (o *Out) room(n int) bool {
	if chunk-len(o.buf.B) < n {
		o.spill()
	}
	return o.err == nil
}

// free is what can be appended to without spilling: the buffer, cut off at a chunk.
func (o *Out) free() []byte { return o.buf.B[:len(o.buf.B):chunk] }

// set takes what an append to free has made.
func (o *Out) set(b []byte) { o.buf.B = o.buf.B[:len(b)] }

// Raw appends bytes as they are, such as raw JSON of an event.
func (o *Out) Raw(b []byte) {
	for len(b) > 0 && o.room(1) {
		n := min(len(b), chunk-len(o.buf.B))
		o.buf.B = append(o.buf.B, b[:n]...)
		b = b[n:]
	}
}

// Write is Raw as an io.Writer, for a template that makes the page around the content. The template must not see content.
func (o *Out) Write(b []byte) (int, error) {
	if o.Raw(b); o.err != nil {
		return 0, o.err
	}
	return len(b), nil
}

// Str appends trusted text that is no content: parts of the format.
func (o *Out) Str(s string) {
	for len(s) > 0 && o.room(1) {
		n := min(len(s), chunk-len(o.buf.B))
		o.buf.B = append(o.buf.B, s[:n]...)
		s = s[n:]
	}
}

// Int appends a number in decimal.
func (o *Out) Int(n int64) {
	if o.room(20) {
		o.buf.B = strconv.AppendInt(o.buf.B, n, 10)
	}
}

// JSON appends a string that is no content, such as an identifier, as a JSON string with its quotes.
func (o *Out) JSON(s string) { o.QuotedText([]byte(s)) }

// QuotedText appends content, in UTF-8, as a JSON string with its quotes.
func (o *Out) QuotedText(text []byte) {
	o.Str(`"`)
	o.pieces(text, content.AppendEscaped)
	o.Str(`"`)
}

// HTML appends a string that is no content, such as a name, escaped for HTML.
func (o *Out) HTML(s string) { o.HTMLText([]byte(s)) }

// HTMLText appends content, in UTF-8, escaped for HTML text and quoted attributes.
func (o *Out) HTMLText(text []byte) { o.pieces(text, content.AppendHTML) }

func (o *Out) pieces(text []byte, add func(dst, text []byte) ([]byte, bool)) {
	for len(text) > 0 && o.err == nil {
		var part []byte
		part, text = content.Cut(text, piece)
		b, ok := add(o.free(), part)
		if !ok {
			o.spill()
			if b, ok = add(o.free(), part); !ok || o.err != nil {
				return
			}
		}
		o.set(b)
	}
}

// Sealed opens s with k and appends its text as it is. Small texts are opened in place. The error is that of [vault.Key.Open]
// or [vault.Arena.Get]; nothing was then appended, and Err does not change, so the caller may leave the event out.
func (o *Out) Sealed(k *vault.Key, s vault.Sealed) error {
	if o.err != nil {
		return o.err
	}
	if s.Len() <= chunk {
		if !o.room(s.Len()) {
			return o.err
		}
		b, err := k.Open(o.free(), s)
		if err == nil {
			o.set(b)
		}
		return err
	}
	buf, err := o.arena.Get(o.ctx, vault.Scratch)
	if err != nil {
		return err
	}
	defer buf.Put()
	if buf.B, err = k.Open(buf.B, s); err != nil {
		return err
	}
	o.Raw(buf.B)
	return o.err
}
