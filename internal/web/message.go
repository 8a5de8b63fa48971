package web

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
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

// oneMessage answers our script with one message as it is now.
func (f *Face) oneMessage(w http.ResponseWriter, r *http.Request, v *visit, where id.Room, which id.Event) error {
	s, err := f.scene(r.Context(), v, where)
	if err != nil {
		return err
	}
	if s.talk != nil {
		for i, l := range s.talk.Lines {
			if l.Event.ID == which {
				return f.page(w, r, http.StatusOK, "message", s.message(i, i == 0), s.filling)
			}
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// message is the page (or, for our script, the sheet) of what can be done with one message.
func (f *Face) message(w http.ResponseWriter, r *http.Request, v *visit) error {
	s, err := f.scene(r.Context(), v, id.Room(r.PathValue("room")))
	if err != nil {
		return err
	}
	l := s.find(id.Event(r.PathValue("event")))
	if l == nil {
		return fault.New(fault.NotFound, "This message no longer exists. Its session has ended")
	}
	p := MessagePage{Frame: f.frame(v, "Actions - Chat", "chat"), Conversation: s.conversation()}
	for i := range s.talk.Lines {
		if s.talk.Lines[i].Event == l.Event {
			p.Message = *s.message(i, true)
		}
	}
	for who, read := range s.talk.Read {
		if who != l.Event.Sender && read.Pos >= l.Event.Pos {
			p.Readers = append(p.Readers, f.person(s.people[who], v.ID))
		}
	}
	if n := len(s.snap.Joined()) - 1; n > 0 {
		p.ReadBy = "Read by " + thousands(len(p.Readers)) + " of " + thousands(n)
	}
	name := "message-actions"
	if v.Live {
		name = "actions"
	}
	return f.page(w, r, http.StatusOK, name, p, s.filling)
}

// act does one thing to one message: react, mark, unmark, withdraw.
func (f *Face) act(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, where, which := r.Context(), id.Room(r.PathValue("room")), id.Event(r.PathValue("event"))
	var err error
	switch r.PathValue("act") {
	case "mark":
		err = f.Sessions.Mark(ctx, v.ID, where, which, v.Device)
	case "unmark":
		err = f.Sessions.Unmark(ctx, v.ID, where, which, v.Device)
	case "withdraw":
		_, err = f.Sessions.Redact(ctx, v.ID, where, which, session.Message{Content: []byte("{}"), Device: v.Device})
	case "react":
		err = f.react(w, r, v, where, which)
	default:
		return f.unknown(w, r, v)
	}
	if err != nil {
		return err
	}
	if v.Live {
		return f.oneMessage(w, r, v, where, which)
	}
	http.Redirect(w, r, "/chat/"+string(where)+"#m-"+string(which), http.StatusSeeOther)
	return nil
}

func (f *Face) react(w http.ResponseWriter, r *http.Request, v *visit, where id.Room, which id.Event) error {
	in, err := f.Arena.Get(r.Context(), vault.Small)
	if err != nil {
		return err
	}
	defer in.Put()
	form, err := wire.TakeBody(w, r, in)
	if err != nil {
		return err
	}
	var key []byte
	if err := content.Form(form, func(name, value []byte) error {
		if content.Equal(name, "key") {
			key = value
		}
		return nil
	}); err != nil {
		return fault.New(fault.Invalid, "Choose a reaction")
	}
	return f.Sessions.React(r.Context(), v.ID, where, which, key, v.Device)
}

// typing says that the person is typing, for some seconds, or has stopped.
func (f *Face) typing(w http.ResponseWriter, r *http.Request, v *visit) error {
	form, err := f.form(w, r)
	if err != nil {
		return err
	}
	length := time.Duration(0)
	if form.Get("on") == "1" {
		length = 8 * time.Second
	}
	if err := f.Sessions.Typing(r.Context(), v.ID, id.Room(r.PathValue("room")), length); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// read says how far the person has read.
func (f *Face) read(w http.ResponseWriter, r *http.Request, v *visit) error {
	form, err := f.form(w, r)
	if err != nil {
		return err
	}
	if err := f.Sessions.Read(r.Context(), v.ID, id.Room(r.PathValue("room")), id.Event(form.Get("event")), false); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// answer is one of the buttons about the session's end.
func (f *Face) answer(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, where := r.Context(), id.Room(r.PathValue("room"))
	var err error
	switch r.PathValue("answer") {
	case "end-session":
		err = f.Sessions.End(ctx, v.ID, where)
	case "keep-open":
		err = f.Sessions.KeepOpen(ctx, v.ID, where)
	case "nothing":
		err = f.Sessions.Nothing(ctx, v.ID, where)
	default:
		return f.unknown(w, r, v)
	}
	if err != nil {
		return err
	}
	return done(w, r, v, "/chat/"+string(where))
}
