package web

import (
	"net/http"
	"time"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

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
