package web

import (
	"slices"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/session"
)

// dock is the strip above the message box.
func (s *scene) dock() Dock {
	d := Dock{Conversation: string(s.snap.ID), State: "none"}
	if s.talk == nil {
		return d
	}
	t, now := s.talk, s.face.Now()
	v := t.Verdict
	d.State, d.Marked, d.Answered = "open", t.Marked, t.People[s.v.ID].Answered
	d.Line = "Open since " + s.face.clock(t.Started) + ". History off"
	d.Minutes, d.EndsAt, d.Now, d.Ends = minutesLeft(v.Ends, now), v.Ends.UnixMilli(), now.UnixMilli(), s.face.clock(v.Ends)
	d.Fixed = t.Extensions >= t.Policy.Extensions && !now.Before(t.Latest.Add(-t.Policy.Notice()))
	switch {
	case t.Closing || v.Phase == policy.Over && t.Broken.IsZero():
		d.State, d.Line = "closing", "Ending session"
	case v.Paused:
		d.State, d.Until, d.Line = "writing", s.face.clock(v.Next), "Somebody is writing a note"
		d.Writer = s.writer()
	case v.Phase == policy.Ending:
		d.State, d.Line = "ending", "Session ends at "+d.Ends
		if v.Waits {
			d.State, d.Ends, d.Line = "unread", s.face.until(v.Ends), "Ends when all have read it"
		} else if n := s.lastNote(); n != nil {
			d.State = "filed"
			d.Note = NoteLink{Ref: string(n.Ref), Folder: places(s.snap.Folder())}
		}
	}
	return d
}

// writer is the first name of who writes a note: "You" if it is the reader.
func (s *scene) writer() string {
	if s.talk.People[s.v.ID].Writing {
		return "You"
	}
	var all []id.Person
	for who, p := range s.talk.People {
		if p.Writing {
			all = append(all, who)
		}
	}
	slices.Sort(all)
	if len(all) == 0 {
		return "Somebody"
	}
	return s.face.first(s.people, all[0], "")
}

// lastNote is the newest note of the session; nil if there is none.
func (s *scene) lastNote() *session.Noted {
	if n := len(s.talk.Notes); n > 0 {
		return &s.talk.Notes[n-1]
	}
	return nil
}

// panel is the column beside the log.
func (s *scene) panel() Panel {
	p := Panel{Conversation: string(s.snap.ID), Total: len(s.snap.Joined())}
	for _, who := range s.snap.Joined() {
		if len(p.People) < 5 {
			p.People = append(p.People, s.face.person(s.people[who], s.v.ID))
		}
	}
	if s.talk == nil {
		return p
	}
	t := s.talk
	p.Marked = t.Marked
	p.Session = &Terms{Started: s.face.clock(t.Started) + " by " + s.people[t.StartedBy].Name,
		Ends: "After " + plural(t.Policy.QuietMinutes, "minute", "minutes") + " of quiet, or at " + s.face.clock(t.Latest), Policy: t.Policy.Version}
	for i := len(t.Lines) - 1; i >= 0; i-- {
		if l := t.Lines[i]; len(l.Marks) > 0 && !l.Withdrawn {
			p.Kept = append(p.Kept, s.kept(l))
		}
	}
	return p
}

func (s *scene) kept(l session.Line) Kept {
	k := Kept{ID: string(l.Event.ID), Text: s.words(l.Words, 200), From: s.people[l.Event.Sender].Name, Time: s.face.clock(l.Event.At)}
	if l.Event.Sender == s.v.ID {
		k.From = "You"
	}
	var names []string
	for _, m := range l.Marks {
		if m.Sender == s.v.ID {
			names = append(names, "you")
		} else {
			names = append(names, s.people[m.Sender].Name)
		}
	}
	k.By = sentence(names)
	return k
}
