package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
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
