package web

import (
	"bytes"
	"context"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/vault"
)

// compose builds the event's content (Matrix specification, "m.text", "Event replacements", "Rich replies", "m.mentions") in
// locked memory. Only IDs of events that are there are written: they are made by us.
func (f *Face) compose(ctx context.Context, v *visit, where id.Room, snap *room.Snapshot, p posted, out *vault.Buf) ([]byte, error) {
	c := &composing{b: out.B[:0], ok: true}
	c.str(`{"msgtype":"m.text","body":`)
	c.text(p.text)
	c.str(`,"m.mentions":`)
	c.mentions(p.text, snap, v.ID)
	switch {
	case p.edit != "":
		e, err := f.Sessions.Event(ctx, v.ID, where, p.edit)
		if err != nil {
			return nil, err
		}
		c.str(`,"m.new_content":{"msgtype":"m.text","body":`)
		c.text(p.text)
		c.str(`,"m.mentions":`)
		c.mentions(p.text, snap, v.ID)
		c.str(`},"m.relates_to":{"rel_type":"m.replace","event_id":"`)
		c.str(string(e.ID))
		c.str(`"}`)
	case p.replyTo != "":
		e, err := f.Sessions.Event(ctx, v.ID, where, p.replyTo)
		if err != nil {
			return nil, err
		}
		c.str(`,"m.relates_to":{"m.in_reply_to":{"event_id":"`)
		c.str(string(e.ID))
		c.str(`"}}`)
	}
	c.str(`}`)
	if !c.ok {
		return nil, fault.New(fault.TooLarge, "This message is too long. Send it as a file or a note")
	}
	return c.b, nil
}

// composing appends to locked memory and never grows it.
type composing struct {
	b  []byte
	ok bool
}

func (c *composing) str(s string) {
	if c.ok = c.ok && len(c.b)+len(s) <= cap(c.b); c.ok {
		c.b = append(c.b, s...)
	}
}

func (c *composing) text(t []byte) {
	if c.ok {
		c.b, c.ok = content.AppendQuoted(c.b, t)
	}
}

// mentions writes who is named with an @ in the text.
func (c *composing) mentions(text []byte, snap *room.Snapshot, you id.Person) {
	c.str(`{`)
	sep := `"user_ids":[`
	for _, who := range snap.Joined() {
		if who == you || !names(text, snap.Members[who].Name) {
			continue
		}
		c.str(sep)
		c.text([]byte(who))
		sep = `,`
	}
	if sep == `,` {
		c.str(`]`)
	}
	c.str(`}`)
}

// names reports whether the text has an @ and then the name.
func names(text []byte, name string) bool {
	for name != "" {
		i := bytes.IndexByte(text, '@')
		if i < 0 {
			return false
		}
		text = text[i+1:]
		if len(text) >= len(name) && equalText(text[:len(name)], name) {
			return true
		}
	}
	return false
}

// equalText compares without making a string of the text.
func equalText(text []byte, with string) bool { return string(text) == with }
