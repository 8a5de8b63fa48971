package web

import (
	"bytes"
	"context"
	"net/http"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/vault"
)

// endPage asks what belongs on the record: both steps in the dialog, one at a time as pages. Whoever opens it is writing, so
// the clock stands still.
func (f *Face) endPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	where := id.Room(r.PathValue("room"))
	if err := f.Sessions.Write(r.Context(), v.ID, where); err != nil {
		return err
	}
	step := "choose"
	if r.URL.Query().Get("step") == "write" {
		step = "write"
	}
	return f.sheet(w, r, v, where, http.StatusOK, step, r.URL.Query().Get("show"), nil)
}

func (f *Face) sheet(w http.ResponseWriter, r *http.Request, v *visit, where id.Room, code int, step, filter string, problems Problems) error {
	ctx := r.Context()
	s, err := f.scene(ctx, v, where)
	if err != nil {
		return err
	}
	if s.talk == nil {
		return fault.New(fault.Gone, "No session is open in this conversation. A message starts one")
	}
	d, err := f.readDraft(ctx, v.ID, where)
	if err != nil {
		return err
	}
	if v.Live {
		step = "both"
	}
	sh := s.newSheet(d, step, filter)
	sh.Problems = problems
	if v.Live {
		return f.page(w, r, code, "sheet", sh, s.filling)
	}
	page := EndPage{Frame: f.frame(v, "What belongs on the record? - Chat", "chat"), Sheet: sh}
	if len(problems) > 0 {
		page.Title = "Error: " + page.Title
	}
	return f.page(w, r, code, "end", page, s.filling)
}

func (s *scene) newSheet(d draftForm, step, filter string) Sheet {
	t, now, who, where := s.talk, s.face.Now(), s.v.ID, s.snap.ID
	sh := Sheet{Conversation: s.conversation(), Step: step, Filter: filter, Total: len(t.Lines), Marked: t.Marked, CanNothing: t.Marked == 0,
		Folder: s.snap.Folder(), Folders: []string{s.snap.Folder()}, Marking: note.Markings[0], Markings: note.Markings}
	if filter != "marked" {
		sh.Filter = "all"
	}
	switch v := t.Verdict; {
	case v.Paused:
		sh.Paused, sh.Until, sh.Minutes = true, s.face.clock(v.Next), min(15, minutesLeft(v.Ends, now))
	case v.Phase == policy.Ending:
		sh.EndsAt, sh.Now, sh.Minutes = v.Ends.UnixMilli(), now.UnixMilli(), minutesLeft(v.Ends, now)
	}
	for _, l := range t.Lines {
		if l.Withdrawn || l.Event.Bare {
			continue
		}
		if p := s.pick(d, l.Event.ID); p != nil && (sh.Filter == "all" || p.Marked) {
			sh.Picks = append(sh.Picks, *p)
		}
	}
	if d.title {
		sh.Title = s.draft(who, where, "title", 0)
	} else {
		sh.Title = s.suggested()
	}
	if d.exists {
		sh.Summary, sh.DecidedBy, sh.Authority = s.draft(who, where, "summary", 0), s.draft(who, where, "decided_by", 0), s.draft(who, where, "authority", 0)
		sh.Saved = s.face.clock(d.saved)
	}
	for i := range max(1, d.actions) {
		sh.Actions = append(sh.Actions, Action{s.draft(who, where, "action_what", i), s.draft(who, where, "action_owner", i), s.draft(who, where, "action_due", i)})
	}
	if d.marking != "" {
		sh.Marking = d.marking
	}
	sh.Answers, sh.Notice = s.answers(), s.others()
	return sh
}

// pick is one message that may be quoted. What is marked is chosen already; what somebody else marked stays chosen.
func (s *scene) pick(d draftForm, e id.Event) *Pick {
	l := s.find(e)
	p := &Pick{ID: string(e), From: s.people[l.Event.Sender].Name, Time: s.face.clock(l.Event.At), Text: s.words(l.Words, 0), Marked: len(l.Marks) > 0}
	if l.Event.Sender == s.v.ID {
		p.From = "You"
	}
	p.Chosen = d.chosen[e] || !d.exists && p.Marked
	if p.Marked {
		mine := false
		for _, m := range l.Marks {
			mine = mine || m.Sender == s.v.ID
		}
		if mine {
			p.Mark = "Marked by you"
		} else {
			by := s.face.first(s.people, l.Marks[0].Sender, "")
			p.Mark = "Marked by " + by + ". Only " + by + " can take this mark off"
		}
	}
	return p
}

// suggested is a title from the first marked message; it is only a start.
func (s *scene) suggested() Slot {
	for _, l := range s.talk.Lines {
		if len(l.Marks) > 0 && !l.Withdrawn {
			return s.add(string(l.Words.ID), s.face.opened(l.Words, 0, func(c content.Scan) []byte {
				if l.Words.Edits != "" {
					return c.NewBody
				}
				return c.Body
			}).firstLine(70))
		}
	}
	return ""
}

// firstLine keeps the beginning of the first line, at most n characters.
func (fill filler) firstLine(n int) filler {
	return func(ctx context.Context, write func([]byte)) error {
		return fill(ctx, func(text []byte) {
			if i := bytes.IndexAny(text, "\r\n"); i >= 0 {
				text = text[:i]
			}
			write(bytes.TrimRight(cut(text, n), " .,;:"))
		})
	}
}

// answers says who has answered what.
func (s *scene) answers() (tags []Tag) {
	silent := 0
	for _, who := range s.snap.Joined() {
		p := s.talk.People[who]
		name := s.face.first(s.people, who, s.v.ID)
		switch {
		case p.Writing:
			tags = append(tags, Tag{"record", name + ": writing a note"})
		case p.Answered:
			tags = append(tags, Tag{"", name + ": answered"})
		case p.TookPart:
			silent++
		}
	}
	if silent > 0 {
		tags = append(tags, Tag{"line", thousands(silent) + " " + map[bool]string{true: "has", false: "have"}[silent == 1] + " not answered"})
	}
	return tags
}

// others says that somebody has filed a note of this session already.
func (s *scene) others() string {
	for i := len(s.talk.Notes) - 1; i >= 0; i-- {
		if n := s.talk.Notes[i]; n.By != s.v.ID {
			return s.face.first(s.people, n.By, "") + " filed a note with " + plural(len(n.Quotes), "message", "messages") + ". You can still file yours."
		}
	}
	return ""
}

// end takes the composer's form: it is kept sealed first, then done with what was asked.
func (f *Face) end(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, where := r.Context(), id.Room(r.PathValue("room"))
	if _, err := f.Rooms.For(ctx, v.ID, where); err != nil {
		return err
	}
	step, do, err := f.keepDraft(ctx, w, r, v, where)
	if err != nil {
		return err
	}
	chat := "/chat/" + string(where)
	switch do {
	case "autosave":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, err := w.Write([]byte(f.clock(f.Now())))
		return err
	case "next":
		http.Redirect(w, r, chat+"/end?step=write", http.StatusSeeOther)
		return nil
	case "back":
		http.Redirect(w, r, chat+"/end", http.StatusSeeOther)
		return nil
	case "add-action":
		return f.sheet(w, r, v, where, http.StatusOK, step, "", nil)
	case "nothing":
		if err := f.Sessions.Nothing(ctx, v.ID, where); err != nil {
			return err
		}
		return done(w, r, v, chat)
	case "file":
		return f.fileDraft(w, r, v, where, step)
	}
	if err := f.Sessions.StopWriting(ctx, v.ID, where); err != nil {
		return err
	}
	return done(w, r, v, chat)
}

// fileDraft files the note as it stands. What the form has wrong is shown beside it.
func (f *Face) fileDraft(w http.ResponseWriter, r *http.Request, v *visit, where id.Room, step string) error {
	ctx := r.Context()
	buf, err := f.Arena.Get(ctx, vault.Large)
	if err != nil {
		return err
	}
	form, _, err := f.Sessions.Draft(ctx, v.ID, where, buf)
	var d note.Draft
	if err == nil {
		d, err = note.ParseForm(form) // this makes the words durable's first copy: they are about to be filed
	}
	buf.Put()
	if err != nil {
		return err
	}
	filed, err := f.Notes.Write(ctx, v.ID, where, d)
	if err != nil {
		words, err := asInvalid(err)
		if err != nil {
			return err
		}
		field := "title"
		if d.Title != "" {
			field = "summary"
		}
		return f.sheet(w, r, v, where, http.StatusUnprocessableEntity, step, "", Problems{{field, words}})
	}
	return done(w, r, v, "/notes/"+string(filed.Ref)+"?filed")
}
