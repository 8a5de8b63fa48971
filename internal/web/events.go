package web

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/wire"
)

const (
	heartbeat  = 20 * time.Second // a stream says at least so often that it is there
	rowsEvery  = time.Second      // the list of conversations is brought up to date at most so often
	maxStreams = 20               // of one person
)

// events is the stream of one conversation (HTML Standard, "Server-sent events"). Each time something rings, it looks at the
// conversation as it is now and sends what is different from what it sent before; so nothing that it missed is lost.
func (f *Face) events(w http.ResponseWriter, r *http.Request, v *visit) error {
	if f.Bell.Listening(v.ID) >= maxStreams {
		return fault.New(fault.Limited, "You have chat open in too many places. Close some and try again")
	}
	ctx, where := r.Context(), id.Room(r.PathValue("room"))
	rung, stop := f.Bell.Listen(v.ID)
	defer stop()
	from := r.Header.Get("Last-Event-ID")
	again := from != ""
	if !again {
		from = r.URL.Query().Get("from")
	}
	since, err := strconv.ParseInt(from, 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "Load the page again")
	}
	if _, err := f.Rooms.For(ctx, v.ID, where); err != nil {
		return err
	}
	out, err := wire.NewStream(w, r, "text/event-stream")
	if err != nil {
		return err
	}
	st := &stream{f: f, v: v, room: where, out: out, since: since, again: again, sent: map[string]string{}, lines: map[id.Event]string{}}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		if err := st.look(ctx); err != nil {
			return nil // the reader is gone, or may no longer listen: it will ask again and be told
		}
		select {
		case <-rung:
		case <-st.rowsDue():
		case <-beat.C:
			if err := out.Send(func(o *wire.Out) error { o.Str(": here\n\n"); return nil }); err != nil {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
		if err := f.stillHere(r, v); err != nil { // whoever is signed out hears nothing more
			return nil
		}
	}
}

// stillHere asks again who listens: a sign-in may have ended.
func (f *Face) stillHere(r *http.Request, v *visit) error {
	again := &visit{}
	if err := f.who(r, again); err != nil {
		return err
	}
	if again.ID != v.ID {
		return fault.New(fault.SignedOut, "signed out")
	}
	return nil
}

// stream remembers what its reader has.
type stream struct {
	f     *Face
	v     *visit
	room  id.Room
	out   *wire.Stream
	since int64 // what the page had when it was made
	again bool  // a stream that broke: the page may have anything
	begun bool

	session id.Session          // that the page shows
	lines   map[id.Event]string // what each message looks like there
	sent    map[string]string   // what each other part looks like there
	rows    time.Time           // when the list was last brought up to date
	stale   bool                // it should be again
}

// rowsDue fires when the list may be brought up to date.
func (st *stream) rowsDue() <-chan time.Time {
	if !st.stale {
		return nil
	}
	return time.After(time.Until(st.rows.Add(rowsEvery)))
}

// look sends what is different now.
func (st *stream) look(ctx context.Context) error {
	s, err := st.f.scene(ctx, st.v, st.room)
	if err != nil {
		return err
	}
	if !st.begun {
		if err := st.begin(ctx, s); err != nil {
			return err
		}
	}
	if err := st.ended(ctx, s); err != nil {
		return err
	}
	if s.talk != nil {
		if err := st.messages(ctx, s); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		name string
		data any
	}{{"dock", s.dock()}, {"typing", s.typing()}, {"panel", s.panel()}, {"banner", st.f.banner()}} {
		if err := st.part(ctx, s, part.name, part.name, part.data); err != nil {
			return err
		}
	}
	if c := s.composer(); st.sent["composer"] != c.Locked+c.Hint { // what is typed there must not be lost for nothing
		first := st.sent["composer"] == ""
		st.sent["composer"] = c.Locked + c.Hint
		if !first {
			if err := st.send(ctx, s, "composer", "composer", c); err != nil {
				return err
			}
		}
	}
	st.stale = true
	if time.Since(st.rows) >= rowsEvery {
		st.rows, st.stale = time.Now(), false
		return st.list(ctx)
	}
	return nil
}

// begin works out what the page has: the session that was open when it was made, unless it has ended since.
func (st *stream) begin(ctx context.Context, s *scene) error {
	st.begun = true
	news, err := st.f.Sessions.News(ctx, st.v.ID, s.snap, st.since, s.pos, 0)
	if err != nil {
		return err
	}
	if len(news.Forgotten) > 0 { // the page may show a session that is gone
		st.session = news.Forgotten[0].ID
		return nil
	}
	if s.talk == nil || s.talk.Version == 0 {
		return nil
	}
	st.session = s.talk.ID
	for i, l := range s.talk.Lines {
		if !st.again && l.Event.Pos <= st.since && changed(l) <= st.since && !l.Withdrawn {
			st.lines[l.Event.ID] = st.looks(s, i)
		}
	}
	return nil
}

// changed is the position of the last thing that happened to a message, of those that are still there.
func changed(l session.Line) int64 {
	last := max(l.Event.Pos, l.Words.Pos)
	for _, e := range append(slices.Clone(l.Marks), l.Reactions...) {
		last = max(last, e.Pos)
	}
	return last
}

// ended tells the page to forget, when the session that it shows is over.
func (st *stream) ended(ctx context.Context, s *scene) error {
	if st.session == "" || s.talk != nil && s.talk.ID == st.session {
		if s.talk != nil {
			st.session = s.talk.ID
		}
		return nil
	}
	past, err := st.f.past(ctx, st.room, 10)
	if err != nil {
		return err
	}
	st.lines, st.session = map[id.Event]string{}, ""
	delete(st.sent, "start")
	st.rows = time.Time{} // the list shows the last words too: it follows at once
	p := &scene{filling: st.f.filling(), v: s.v, pos: s.pos}
	return st.send(ctx, p, "ended", "past", past)
}

// messages sends the messages that are new or look different.
func (st *stream) messages(ctx context.Context, s *scene) error {
	st.session = s.talk.ID
	first := max(0, len(s.talk.Lines)-shown)
	if first == 0 && st.sent["start"] == "" {
		st.sent["start"] = "sent"
		if len(st.lines) == 0 {
			if err := st.send(ctx, s, "message", "entry", Entry{Start: s.start()}); err != nil {
				return err
			}
		}
	}
	for i := first; i < len(s.talk.Lines); i++ {
		e := s.talk.Lines[i].Event
		now := st.looks(s, i)
		if st.lines[e.ID] == now {
			continue
		}
		one := &scene{filling: st.f.filling(), v: s.v, snap: s.snap, talk: s.talk, people: s.people, pos: s.pos}
		if err := st.send(ctx, one, "message", "entry", Entry{Message: one.message(i, i == first)}); err != nil {
			return err
		}
		st.lines[e.ID] = now
	}
	return nil
}

// look_ is what a message looks like, without its words: equal looks need not be sent again.
func (st *stream) looks(s *scene, i int) string {
	one := &scene{filling: st.f.filling(), v: s.v, snap: s.snap, talk: s.talk, people: s.people}
	m := one.message(i, i == 0)
	l := s.talk.Lines[i]
	var b bytes.Buffer
	for _, part := range []string{string(l.Words.ID), m.MarkedBy, m.Receipt, strconv.FormatBool(m.Withdrawn), strconv.FormatBool(m.CanEdit), one.sign.String()} {
		b.WriteString(part)
		b.WriteByte('|')
	}
	for _, r := range m.Reactions {
		b.WriteString(r.Key + strconv.Itoa(r.Count) + strconv.FormatBool(r.Mine))
	}
	return b.String()
}

// part sends a fragment if it is different from the last time.
func (st *stream) part(ctx context.Context, s *scene, event, name string, data any) error {
	var shell bytes.Buffer
	if err := st.f.templates.Event(&shell, name, data); err != nil {
		return err
	}
	looks := st.plain(s, shell.Bytes()) + s.sign.String()
	if st.sent[name] == looks {
		return nil
	}
	first := st.sent[name] == "" && !st.again && s.pos <= st.since
	st.sent[name] = looks
	if first {
		return nil
	}
	return st.write(ctx, s, event, shell.Bytes())
}

// plain is a shell without its slots' tokens, which are different each time.
func (st *stream) plain(s *scene, shell []byte) string {
	var b bytes.Buffer
	s.slots.Split(shell)(func(piece []byte, slot int) bool {
		b.Write(piece)
		return true
	})
	return b.String()
}

func (st *stream) send(ctx context.Context, s *scene, event, name string, data any) error {
	var shell bytes.Buffer
	if err := st.f.templates.Event(&shell, name, data); err != nil {
		return err
	}
	return st.write(ctx, s, event, shell.Bytes())
}

func (st *stream) write(ctx context.Context, s *scene, event string, shell []byte) error {
	return st.out.Send(func(o *wire.Out) error {
		o.Str("event: ")
		o.Str(event)
		o.Str("\nid: ")
		o.Int(s.pos)
		o.Str("\ndata: ")
		if err := s.write(ctx, o, shell, true); err != nil {
			return err
		}
		o.Str("\n\n")
		return o.Err()
	})
}

// list sends the rows that look different.
func (st *stream) list(ctx context.Context) error {
	s := &scene{filling: st.f.filling(), v: st.v, pos: st.since}
	l, err := st.f.list(ctx, s.filling, st.v, st.room, "")
	if err != nil {
		return err
	}
	s.pos = st.f.Rooms.Order.Stable()
	for _, row := range append(l.Open, l.Quiet...) {
		var shell bytes.Buffer
		if err := st.f.templates.Event(&shell, "row", row); err != nil {
			return err
		}
		name := "row " + row.Conversation
		looks := st.plain(s, shell.Bytes())
		if last := st.f.lastOf(row, st.v); last != "" {
			looks += last
		}
		old, known := st.sent[name]
		st.sent[name] = looks
		if old == looks || !known && !st.again {
			continue
		}
		if err := st.write(ctx, s, "row", shell.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// lastOf is the event whose words a row shows.
func (f *Face) lastOf(row Row, v *visit) string {
	if row.Preview == "" {
		return ""
	}
	snap, err := f.Rooms.Look(context.Background(), id.Room(row.Conversation))
	if err != nil {
		return ""
	}
	if l := f.Sessions.Last(snap, v.ID); l != nil {
		return string(l.Words.ID)
	}
	return ""
}
