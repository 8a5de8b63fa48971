package web

import (
	"slices"
	"strings"
	"time"

	"winnow.org/winnow/internal/session"
)

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
