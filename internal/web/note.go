package web

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/verify"
)

func (f *Face) notes(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := NotesPage{Frame: f.frame(v, "Notes", "notes"), Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	all, err := f.Notes.List(r.Context(), v.ID, 500)
	if err != nil {
		return err
	}
	people, err := f.people(r.Context())
	if err != nil {
		return err
	}
	for _, n := range all {
		if !strings.Contains(strings.ToLower(n.Title+" "+string(n.Ref)+" "+n.Folder), strings.ToLower(p.Query)) {
			continue
		}
		row := NoteRow{Ref: string(n.Ref), Title: n.Title, Where: places(n.Folder), Filed: f.date(n.Filed), By: people[n.By].Name}
		if n.Automatic {
			row.By, row.Tags = "", []Tag{{"error", "Needs review"}}
		}
		p.Notes = append(p.Notes, row)
	}
	p.Total = len(p.Notes)
	if p.Query != "" {
		p.Missing = "Messages of sessions that have ended, unless a note quotes them. They no longer exist."
	}
	return f.page(w, r, http.StatusOK, "notes", p, f.filling())
}

// places writes a folder as people read it.
func places(folder string) string { return strings.ReplaceAll(folder, "/", " › ") }

// note is a filed note: as a page, or with a suffix as one of its files.
func (f *Face) note(w http.ResponseWriter, r *http.Request, v *visit) error {
	ref, ext := r.PathValue("ref"), path.Ext(r.PathValue("ref"))
	n, err := f.Notes.Get(r.Context(), v.ID, id.Note(strings.TrimSuffix(ref, ext)))
	if err != nil {
		return err
	}
	switch ext {
	case "":
		return f.notePage(w, r, v, n)
	case ".json":
		return download(w, "application/json", string(n.Ref)+".json", n.Manifest)
	}
	names, _, err := f.Notes.Files(r.Context(), n.Ref)
	if err != nil {
		return err
	}
	for _, name := range names {
		if path.Ext(name) == ext {
			file, err := f.Notes.File(r.Context(), n.Ref, name)
			if err != nil {
				return err
			}
			return download(w, map[string]string{".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".eml": "message/rfc822"}[ext], name, file.Data)
		}
	}
	return f.unknown(w, r, v)
}

// download sends a file. Its name has letters that RFC 6266 wants encoded.
func download(w http.ResponseWriter, kind, name string, data []byte) error {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''`+escapeName(name))
	_, err := w.Write(data)
	return err
}

// escapeName encodes a file name for a header (RFC 8187, "ext-value").
func escapeName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' {
			b.WriteByte(c)
		} else {
			const hex = "0123456789ABCDEF"
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}

func (f *Face) notePage(w http.ResponseWriter, r *http.Request, v *visit, n note.Note) error {
	ctx := r.Context()
	filed, err := verify.ParseNote(n.Manifest)
	if err != nil {
		return err
	}
	rec, err := f.Sessions.Record(ctx, n.Session)
	if err != nil {
		return err
	}
	p := NotePage{Frame: f.frame(v, string(n.Ref)+" - Notes", "notes"), Ref: string(n.Ref), Heading: n.Title, Filed: f.date(n.Filed) + ", " + f.clock(n.Filed), Marking: filed.Marking,
		Handling: filed.Handling, Summary: filed.Summary, DecidedBy: filed.DecidedBy, Authority: filed.Authority, Where: places(n.Folder), JustFiled: r.URL.Query().Has("filed")}
	if _, err := f.Rooms.For(ctx, v.ID, n.Room); err == nil {
		p.Conversation = string(n.Room)
	}
	if n.Automatic {
		p.Tags = []Tag{{"error", "Needs review"}}
		p.Notice = "Nobody filed these marked messages before the session ended, so they were filed automatically. Read them, and write what was decided in the drive."
	}
	for _, a := range filed.Actions {
		p.Actions = append(p.Actions, NoteAction{a.What, a.Owner, a.Due})
	}
	problems := verify.Check(filed, n.Manifest)
	p.Quotes = f.quotes(filed, problems)
	p.Facts = f.noteFacts(filed)
	if rec.State != session.StateOpen && rec.State != session.StateDecided {
		p.Certificate = f.certificateRef(rec)
	}
	if err := f.delivery(r, n, &p); err != nil {
		return err
	}
	p.Verdict = f.checkNote(r, n, filed, problems)
	p.History = []Moment{{Bold: f.date(n.Filed), Words: "filed by " + filed.FiledBy.Name, Detail: "Entry " + thousands(int(n.Entry)) + " in the public log"}}
	return f.page(w, r, http.StatusOK, "note", p, f.filling())
}

func (f *Face) quotes(n *verify.Note, problems []verify.Problem) (all []NoteQuote) {
	wrong := func(q verify.Quote) bool {
		return slices.ContainsFunc(problems, func(p verify.Problem) bool {
			return strings.Contains(p.Where, fmt.Sprintf("(message %d,", q.Position))
		})
	}
	last := 0
	for _, q := range n.Quotes {
		left := q.Position - last - 1
		last = q.Position
		out := NoteQuote{Name: q.Sender.Name, Role: q.Sender.Role, Time: f.clock(time.UnixMilli(q.Time)), Text: q.Text, Check: "Exactly as sent", State: "passed"}
		if q.Edits > 0 {
			out.Check = "As last edited, exactly as sent"
		}
		if wrong(q) {
			out.Check, out.State = "Does not match what was sent", "failed"
		}
		if left > 0 {
			out.Left = plural(left, "message", "messages") + " left out"
		}
		all = append(all, out)
	}
	return all
}

func (f *Face) noteFacts(n *verify.Note) []Fact {
	started := time.UnixMilli(n.Session.Started)
	var present []string
	for _, p := range n.Present {
		name := p.Name
		if p.Role != "" {
			name += " (" + p.Role + ")"
		}
		present = append(present, name)
	}
	facts := []Fact{{Name: "Conversation", Words: n.Conversation}, {Name: "Session", Words: "Started " + f.date(started) + ", " + f.clock(started)},
		{Name: "People", Words: strings.Join(present, ", ")}}
	if len(n.Quotes) > 0 {
		facts = append(facts, Fact{Name: "Quoted", Words: plural(len(n.Quotes), "message", "messages") + " of " + thousands(n.Session.Size) + " sent by then"})
	}
	return append(facts, Fact{Name: "Written by", Words: n.FiledBy.Name})
}

// delivery says how far the note's files have come, and where they can be had.
func (f *Face) delivery(r *http.Request, n note.Note, p *NotePage) error {
	names, sent, err := f.Notes.Files(r.Context(), n.Ref)
	if err != nil {
		return err
	}
	base := "/notes/" + string(n.Ref)
	for _, name := range names {
		switch path.Ext(name) {
		case ".docx":
			p.Downloads = append(p.Downloads, Link{"Download as Word document", base + ".docx"})
		case ".eml":
			p.Downloads = append(p.Downloads, Link{"Download as email", base + ".eml"})
		}
	}
	p.Downloads = append(p.Downloads, Link{"Download what proves it", base + ".json"})
	for _, d := range sent {
		if d.Done.IsZero() {
			p.Delivery = "Saved in Winnow, waiting to be saved to the drive"
			if d.Trouble != "" {
				p.Delivery += ". " + d.Trouble
			}
		}
	}
	return nil
}

// checkNote checks the note again, now: its quotes, its entry in the log, and the log's signature.
func (f *Face) checkNote(r *http.Request, n note.Note, filed *verify.Note, problems []verify.Problem) Verdict {
	v := Verdict{State: "passed", Heading: "Checked", Words: "Just now, " + f.clock(f.Now())}
	check := func(ok bool, good, bad string) {
		if ok {
			v.Checks = append(v.Checks, Check{State: "passed", Words: good})
			return
		}
		v.State, v.Heading = "failed", "The check failed"
		v.Checks = append(v.Checks, Check{State: "failed", Words: bad})
	}
	check(len(problems) == 0, plural(len(filed.Quotes), "quote is", "quotes are")+" exactly as sent", plural(len(problems), "thing does", "things do")+" not match what was sent. Tell the records team")
	err := f.entryHolds(r, n.Entry, func(e verify.Entry) bool { return e.Note != nil && e.Note.Fingerprint == n.Fingerprint })
	check(err == nil, "Its fingerprint is in the public log, entry "+thousands(int(n.Entry)), "The public log does not have this note's fingerprint. Tell the records team")
	return v
}

// entryHolds proves that the log has an entry, under a checkpoint with the log's signature, and looks at it.
func (f *Face) entryHolds(r *http.Request, index int64, fits func(verify.Entry) bool) error {
	wrong := fault.New(fault.Internal, "The log does not have this entry as it should")
	proof, err := f.Ledger.ProveNow(r.Context(), index)
	if err != nil {
		return err
	}
	key, err := verify.ParseKey(f.Ledger.Key)
	if err != nil {
		return err
	}
	e, _, err := proof.Check(key)
	if err != nil {
		return err
	}
	if !fits(e) {
		return wrong
	}
	return nil
}
