package web

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"unicode/utf8"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// txnPrefix keeps what the page calls its messages apart from a Matrix client's transaction IDs.
const txnPrefix = "web:"

// posted are the fields of the message box. The text lies in locked memory.
type posted struct {
	text    []byte
	replyTo id.Event
	edit    id.Event
	record  bool
	txn     string
}

// send takes a message from the message box. The text goes from the request's locked buffer into the event's content in
// another; it is never anything else.
func (f *Face) send(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, where := r.Context(), id.Room(r.PathValue("room"))
	done, err := f.takeText(ctx)
	if err != nil {
		return err
	}
	defer done()
	in, err := f.Arena.Get(ctx, vault.Large)
	if err != nil {
		return err
	}
	defer in.Put()
	form, err := wire.TakeBody(w, r, in)
	if err != nil {
		return err
	}
	p, err := readPosted(form)
	if err != nil {
		return err
	}
	out, err := f.Arena.Get(ctx, vault.Scratch)
	if err != nil {
		return err
	}
	sent, err := f.sendForm(ctx, where, v, &p, out)
	out.Put()
	if err != nil && !v.Live {
		return f.giveBack(w, r, v, where, p, err)
	}
	in.Put()
	done()
	if err != nil {
		return err
	}
	if p.record {
		if err := f.Sessions.Mark(ctx, v.ID, where, sent.ID, v.Device); err != nil {
			return err
		}
	}
	if !v.Live {
		http.Redirect(w, r, "/chat/"+string(where)+"#latest", http.StatusSeeOther)
		return nil
	}
	shown := sent.ID
	if sent.Edits != "" {
		shown = sent.Edits
	}
	return f.oneMessage(w, r, v, where, shown)
}

// takeText waits for its turn to hold a posted text in locked memory. The session takes buffers of the same classes while a
// face holds its own; with at most a quarter of them held by this face the session always finds one.
func (f *Face) takeText(ctx context.Context) (done func(), err error) {
	select {
	case f.texts <- struct{}{}:
		return sync.OnceFunc(func() { <-f.texts }), nil
	case <-ctx.Done():
		return nil, fault.New(fault.Unavailable, "The service is busy. Try again in a few seconds").Because(ctx.Err())
	}
}

// giveBack answers a message that was refused with the conversation and the message box as they were, so that nobody has to
// write it again. What was written stays in locked memory until the page is on its way.
func (f *Face) giveBack(w http.ResponseWriter, r *http.Request, v *visit, where id.Room, p posted, why error) error {
	if fault.Is(why, fault.Denied) { // not a member any more, or words of a marking that has no place here: nothing of them is shown again
		return why
	}
	s, err := f.scene(r.Context(), v, where)
	if err != nil {
		return why
	}
	page, err := f.conversationPage(r.Context(), s)
	if err != nil {
		return why
	}
	if fault.Of(why) == fault.Internal {
		f.Log.Error("send a message", "error", why)
	}
	page.Title = "Error: " + page.Title
	c := &page.Composer
	c.Problem, c.Record = fault.Say(why)+".", p.record
	c.Text = s.add("refused", func(_ context.Context, write func([]byte)) error { write(p.text); return nil })
	if e := s.find(p.replyTo); e != nil && !e.Withdrawn {
		c.Reply = s.reply(e.Event)
	}
	if e := s.find(p.edit); e != nil && s.canEdit(*e) {
		c.Edit = string(e.Event.ID)
	}
	return f.page(w, r, status(fault.Of(why)), "conversation", page, s.filling)
}

func (f *Face) sendForm(ctx context.Context, where id.Room, v *visit, p *posted, out *vault.Buf) (*session.Event, error) {
	snap, err := f.Rooms.For(ctx, v.ID, where)
	if err != nil {
		return nil, err
	}
	p.text = bytes.TrimSpace(p.text)
	limit := f.limit(ctx, v, where)
	switch n := utf8.RuneCount(p.text); {
	case n == 0:
		return nil, fault.New(fault.Invalid, "Write a message first")
	case n > limit:
		return nil, fault.New(fault.Invalid, "Messages can be up to %s characters. Send this as a file or a note", thousands(limit))
	case !utf8.Valid(p.text):
		return nil, fault.New(fault.Invalid, "The message has characters that are not valid")
	}
	raw, err := f.compose(ctx, v, where, snap, *p, out)
	if err != nil {
		return nil, err
	}
	return f.Sessions.Send(ctx, v.ID, where, session.Message{Type: "m.room.message", Content: raw, Txn: p.txn, Device: v.Device})
}

func readPosted(form []byte) (p posted, err error) {
	bad := fault.New(fault.Invalid, "The form could not be read. Go back and try again")
	err = content.Form(form, func(key, value []byte) error {
		switch {
		case content.Equal(key, "text"):
			p.text = value
		case content.Equal(key, "record"):
			p.record = len(value) > 0
		case len(value) > id.MaxLen:
			return bad
		case content.Equal(key, "reply_to"):
			p.replyTo = id.Event(value)
		case content.Equal(key, "edit"):
			p.edit = id.Event(value)
		case content.Equal(key, "txn"):
			p.txn = txnPrefix + string(value)
		}
		return nil
	})
	if err != nil {
		err = bad
	}
	return p, err
}

// limit is how long a message may be.
func (f *Face) limit(ctx context.Context, v *visit, where id.Room) int {
	if t, err := f.Sessions.Look(ctx, v.ID, where); err == nil && t != nil {
		return t.Policy.MaxCharacters
	}
	return f.Sessions.Policy().MaxCharacters
}
