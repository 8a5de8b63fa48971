package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
)

// scene is a conversation as one person sees it at one moment: all that its page and its fragments are made of.
type scene struct {
	*filling
	v      *visit
	snap   *room.Snapshot
	talk   *session.View // nil when no session is open
	people map[id.Person]account.Person
	pos    int64
}

// shown is how many messages a page shows at most; earlier ones are left out with a word.
const shown = 500

func (f *Face) scene(ctx context.Context, v *visit, r id.Room) (*scene, error) {
	s := &scene{filling: f.filling(), v: v, pos: f.Rooms.Order.Stable()}
	var err error
	if s.snap, err = f.Rooms.For(ctx, v.ID, r); err != nil {
		return nil, err
	}
	if s.talk, err = f.Sessions.Look(ctx, v.ID, r); err != nil {
		return nil, err
	}
	s.people, err = f.people(ctx)
	return s, err
}

func (f *Face) conversation(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, room := r.Context(), id.Room(r.PathValue("room"))
	s, err := f.scene(ctx, v, room)
	if fault.Is(err, fault.Denied) {
		if invited, err := f.invitation(w, r, v, room); invited || err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	p, err := f.conversationPage(ctx, s)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("refresh")); err == nil && n == 30 {
		p.Refresh = n
	}
	if e := s.find(id.Event(r.URL.Query().Get("reply"))); e != nil && !e.Withdrawn {
		p.Composer.Reply = s.reply(e.Event)
	}
	if e := s.find(id.Event(r.URL.Query().Get("edit"))); e != nil && s.canEdit(*e) {
		p.Composer.Edit, p.Composer.Text = string(e.Event.ID), s.words(e.Words, 0)
	}
	return f.page(w, r, http.StatusOK, "conversation", p, s.filling)
}

// conversationPage is the page of a conversation with an empty message box.
func (f *Face) conversationPage(ctx context.Context, s *scene) (ConversationPage, error) {
	list, err := f.list(ctx, s.filling, s.v, s.snap.ID, "")
	if err != nil {
		return ConversationPage{}, err
	}
	p := ConversationPage{Frame: f.frame(s.v, "", "chat"), List: list, Conversation: s.conversation(), From: strconv.FormatInt(s.pos, 10), Entries: s.entries(),
		Typing: s.typing(), Banner: f.banner(), Dock: s.dock(), Panel: s.panel(), Composer: s.composer()}
	p.Unread = list.unread()
	p.Title = unreadTitle(p.Conversation.Name+" - Chat", p.Unread)
	if s.talk == nil {
		p.Past, err = f.past(ctx, s.snap.ID, 10)
	}
	return p, err
}

// find returns a line of the open session.
func (s *scene) find(e id.Event) *session.Line {
	if s.talk == nil || e == "" {
		return nil
	}
	i := slices.IndexFunc(s.talk.Lines, func(l session.Line) bool { return l.Event.ID == e })
	if i < 0 {
		return nil
	}
	return &s.talk.Lines[i]
}

func (s *scene) conversation() Conversation {
	name := s.snap.NameFor(s.v.ID)
	c := Conversation{Avatar: s.face.roomAvatar(s.snap, s.v.ID, name), ID: string(s.snap.ID), Name: name, Direct: s.snap.Direct(), People: len(s.snap.Joined()), Marking: note.Markings[0]}
	for _, who := range s.snap.Joined() {
		p := s.people[who]
		if c.Direct && who != s.v.ID {
			c.Role = p.Role
		}
		c.Outsiders = c.Outsiders || p.Group == "outside the organisation"
	}
	if s.talk != nil {
		c.Started = s.face.clock(s.talk.Started)
	}
	return c
}

// entries is the log of the open session.
func (s *scene) entries() []Entry {
	if s.talk == nil {
		return nil
	}
	all := []Entry{{Start: s.start()}}
	lines := s.talk.Lines
	if hidden := s.talk.Hidden; hidden > 0 {
		all = append(all, Entry{Line: &Line{ID: "hidden", Words: plural(hidden, "earlier message is", "earlier messages are") + " not shown, from before you joined"}})
	}
	first := 0
	if len(lines) > shown {
		first = len(lines) - shown
		all = append(all, Entry{Line: &Line{ID: "earlier", Words: plural(first, "earlier message is", "earlier messages are") + " not shown here. Find them when you choose what to keep"}})
	}
	read := s.talk.Read[s.v.ID].Pos
	isNew := false
	for i := first; i < len(lines); i++ {
		e := Entry{Message: s.message(i, i == first)}
		if !isNew && lines[i].Event.Pos > read && lines[i].Event.Sender != s.v.ID && s.talk.Unread > 0 {
			isNew, e.New = true, true
		}
		all = append(all, e)
	}
	return all
}

func (s *scene) start() *Start {
	return &Start{Session: string(s.talk.ID), Time: s.face.clock(s.talk.Started), By: s.people[s.talk.StartedBy].Name}
}

// message is the i-th line of the session.
func (s *scene) message(i int, first bool) *Message {
	l := s.talk.Lines[i]
	e := l.Event
	m := &Message{Conversation: string(s.snap.ID), ID: string(e.ID), From: s.face.person(s.people[e.Sender], s.v.ID), Mine: e.Sender == s.v.ID, Time: s.face.clock(e.At),
		At: e.At.Format(time.RFC3339), Withdrawn: l.Withdrawn, Edited: l.Edited, MentionsYou: slices.Contains(e.Mentions, s.v.ID), CanEdit: s.canEdit(l)}
	m.First = first || s.talk.Lines[i-1].Event.Sender != e.Sender || e.At.Sub(s.talk.Lines[i-1].Event.At) > 5*time.Minute
	if e.Device == s.v.Device && m.Mine {
		m.Txn = strings.TrimPrefix(e.Txn, txnPrefix)
	}
	if !l.Withdrawn {
		m.Text = s.words(l.Words, 0)
	}
	if l.ReplyTo != nil {
		m.Reply = s.reply(l.ReplyTo)
	}
	s.marks(m, l)
	m.Reactions = s.reactions(l)
	if m.Mine && i == s.lastMine() {
		m.Receipt = s.receipt(e)
	}
	return m
}

func (s *scene) canEdit(l session.Line) bool {
	return l.Event.Sender == s.v.ID && !l.Withdrawn && len(l.Marks) == 0 && s.face.Now().Sub(l.Event.At) <= s.talk.Policy.EditWindow()
}

func (s *scene) reply(to *session.Event) *Reply {
	r := &Reply{ID: string(to.ID), Name: s.people[to.Sender].Name}
	if to.Sender == s.v.ID {
		r.Name = "You"
	}
	if to.Withdrawn() == "" {
		r.Text = s.words(to, 100)
	}
	return r
}

func (s *scene) marks(m *Message, l session.Line) {
	var names []string
	for _, mark := range l.Marks {
		if mark.Sender == s.v.ID {
			m.MarkMine = true
			names = append([]string{"you"}, names...)
		} else {
			m.Marker = s.face.first(s.people, mark.Sender, "")
			names = append(names, m.Marker)
		}
	}
	m.MarkedBy = sentence(names)
}

// sentence joins names: "you", "you and Rhys", "you, Rhys and Priya".
func sentence(names []string) string {
	out := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			out += " and "
		default:
			out += ", "
		}
		out += n
	}
	return out
}

func (s *scene) lastMine() int {
	for i := len(s.talk.Lines) - 1; i >= 0; i-- {
		if s.talk.Lines[i].Event.Sender == s.v.ID {
			return i
		}
	}
	return -1
}

// receipt says who has read one's own last message.
func (s *scene) receipt(e *session.Event) string {
	n := 0
	var at time.Time
	for who, r := range s.talk.Read {
		if who != s.v.ID && r.Pos >= e.Pos {
			n++
			at = r.At
		}
	}
	switch {
	case n == 0:
		return ""
	case s.snap.Direct():
		return "Read " + s.face.clock(at)
	}
	return "Read by " + thousands(n)
}

func (s *scene) typing() string {
	if s.talk != nil {
		return s.face.typingWords(s.people, s.talk.Typing)
	}
	return ""
}

func (s *scene) composer() Composer {
	c := Composer{Conversation: string(s.snap.ID), Hint: "Message " + plural(len(s.snap.Joined()), "person", "people")}
	if s.snap.Direct() {
		c.Hint = "Message " + Person{Name: s.snap.NameFor(s.v.ID)}.First()
	}
	if s.talk == nil {
		c.Hint += " to start a session"
	} else if s.talk.Closing {
		c.Locked = "Ending session"
	}
	return c
}

// banner is the one banner under the header.
func (f *Face) banner() Banner {
	if !f.Sessions.Broken().IsZero() {
		return Banner{Kind: "fault", Heading: "Sessions are not ending at the moment", Text: "There is a fault, so nothing is being deleted. We will say when it is fixed."}
	}
	return Banner{}
}

// past is what a conversation shows when no session is open.
func (f *Face) past(ctx context.Context, r id.Room, n int) (Past, error) {
	p := Past{Conversation: string(r)}
	all, err := f.Sessions.Past(ctx, r, n)
	if err != nil {
		return p, err
	}
	for i, rec := range all {
		card, err := f.receiptCard(ctx, rec)
		if err != nil {
			return p, err
		}
		card.Latest = i == 0
		p.Receipts = append(p.Receipts, card)
	}
	return p, nil
}

func (f *Face) receiptCard(ctx context.Context, rec session.Record) (Receipt, error) {
	c := Receipt{Session: string(rec.ID), Messages: rec.Messages, Kept: rec.Quoted, Deleted: rec.Messages - rec.Quoted, People: rec.People, Certificate: f.certificateRef(rec)}
	notes, err := f.Notes.OfSession(ctx, rec.ID)
	if err != nil {
		return c, err
	}
	automatic := false
	for _, n := range notes {
		c.Notes = append(c.Notes, NoteLink{Ref: string(n.Ref), Folder: n.Folder})
		automatic = automatic || n.Automatic
	}
	if rec.State == session.StateLost {
		c.Outcome, c.Ended, c.When = "lost", "by a fault", "Started "+f.day(rec.Started)+" at "+f.clock(rec.Started)
		return c, nil
	}
	c.Ended = f.clock(rec.Ended)
	c.When = capital(f.day(rec.Ended)) + ", lasted " + lasted(rec.Ended.Sub(rec.Started))
	c.Answers = thousands(rec.Answered) + " of " + plural(rec.People, "person", "people") + " answered"
	switch {
	case rec.State != session.StateCompleted:
		c.Outcome = "writing"
	case automatic:
		c.Outcome = "review"
	case rec.Disposition == policy.Noted:
		c.Outcome = "noted"
	case rec.Disposition == policy.Routine:
		c.Outcome = "routine"
	default:
		c.Outcome = "undecided"
	}
	return c, nil
}

func capital(s string) string {
	if s == "" {
		return s
	}
	if s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// lasted writes a length of time: "2 hours 12 minutes".
func lasted(d time.Duration) string {
	h, m := int(d.Hours()), int(d.Minutes())%60
	switch {
	case h == 0 && m == 0:
		return "less than a minute"
	case h == 0:
		return plural(m, "minute", "minutes")
	case m == 0:
		return plural(h, "hour", "hours")
	}
	return plural(h, "hour", "hours") + " " + plural(m, "minute", "minutes")
}
