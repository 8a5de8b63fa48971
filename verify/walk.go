package verify

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// walk goes through a log's entries in order and checks what must hold between them.
type walk struct {
	report   *AuditReport
	policies map[int]bool // versions published so far
	last     int          // the newest of them
	sessions map[string]*sessionStory
	open     map[int64]openDecision // decisions that are not completed
}

// sessionStory is what the log has told of a session so far.
type sessionStory struct {
	notes  []int64 // indexes of its notes' entries
	trees  []treeHead
	over   string // "disposed of" or "lost"; empty while the session is going on
	overAt int64  // index of the entry that says so
}

type treeHead struct {
	size int
	root tlog.Hash
}

type openDecision struct {
	session  string
	time     int64 // milliseconds, rounded down
	rounding int64 // milliseconds
}

func newWalk(r *AuditReport) *walk {
	return &walk{report: r, policies: map[int]bool{}, sessions: map[string]*sessionStory{}, open: map[int64]openDecision{}}
}

func (w *walk) session(ref string) *sessionStory {
	s := w.sessions[ref]
	if s == nil {
		s = new(sessionStory)
		w.sessions[ref] = s
	}
	return s
}

// next takes the next entry. The zero entry stands for one that is not understood.
func (w *walk) next(index int64, e Entry) {
	if e.Kind == "" {
		return
	}
	w.report.Kinds[e.Kind]++
	fail := func(what string, args ...any) {
		w.report.fail(fmt.Sprintf("Entry %s (%s)", Commas(index), e.Kind), what, args...)
	}
	switch e.Kind {
	case KindPolicy:
		if e.Policy.Version <= w.last {
			fail("is policy version %d, after version %d", e.Policy.Version, w.last)
		}
		w.last = max(w.last, e.Policy.Version)
		w.policies[e.Policy.Version] = true
	case KindNote:
		w.filed(index, e.Note, fail)
	case KindDecided:
		w.decided(index, e, fail)
	case KindCompleted:
		w.completed(e.Completed, fail)
	case KindLost:
		w.lost(index, e.Lost, fail)
	}
}

// filed looks at a note. After the end of its session a note can only be a correction, which has the tree of the note
// that it corrects: there is nothing left to quote.
func (w *walk) filed(index int64, n *Filed, fail func(string, ...any)) {
	if n.Session == "" {
		return
	}
	s := w.session(n.Session)
	tree := treeHead{n.Size, n.Root}
	if s.over != "" {
		if !slices.Contains(s.trees, tree) {
			fail("is a new note of session %s, which was %s in entry %s", n.Session, s.over, Commas(s.overAt))
		}
		return
	}
	s.notes = append(s.notes, index)
	s.trees = append(s.trees, tree)
}

func (w *walk) decided(index int64, e Entry, fail func(string, ...any)) {
	d := e.Decided
	s := w.session(d.Session)
	if s.over != "" {
		fail("disposes of session %s, which was already %s in entry %s", d.Session, s.over, Commas(s.overAt))
		return
	}
	if !w.policies[d.Policy] {
		fail("names policy version %d, which the log does not have before it", d.Policy)
	}
	if d.Disposition == Noted && len(d.Notes) == 0 {
		fail("says that a note was filed and names none")
	}
	if d.Counts.Quoted > 0 && len(d.Notes) == 0 {
		fail("counts quoted messages and names no note")
	}
	w.namedNotes(d, s, fail)
	s.over, s.overAt = "disposed of", index
	w.open[index] = openDecision{d.Session, e.Time, d.Rounding}
	w.report.Became[d.Disposition]++
	sum(&w.report.Counts, d.Counts)
}

// namedNotes compares the notes that a decision names with those that the log has, and verifies that their trees are the
// start of the session's final tree.
func (w *walk) namedNotes(d *Decided, s *sessionStory, fail func(string, ...any)) {
	named := map[int64]bool{}
	for _, n := range d.Notes {
		named[n.Entry] = true
		i := slices.Index(s.notes, n.Entry)
		switch {
		case i < 0:
			fail("names entry %s, which is not a note of session %s", Commas(n.Entry), d.Session)
		case s.trees[i] != treeHead{n.Size, n.Root}:
			fail("does not name the tree that the note in entry %s has", Commas(n.Entry))
		case CheckConsistency(n.Proof, d.Size, d.Root, n.Size, n.Root) != nil:
			fail("does not prove that the messages of the note in entry %s are those of the session", Commas(n.Entry))
		}
	}
	for _, i := range s.notes {
		if !named[i] {
			fail("does not name the note in entry %s", Commas(i))
		}
	}
}

func (w *walk) completed(c *Completed, fail func(string, ...any)) {
	d, ok := w.open[c.Decision]
	switch {
	case !ok:
		fail("completes entry %s, which is not a decision, or is already completed", Commas(c.Decision))
	case d.session != c.Session:
		fail("completes entry %s for session %s, but that decision is about session %s", Commas(c.Decision), c.Session, d.session)
	default:
		delete(w.open, c.Decision)
	}
}

func (w *walk) lost(index int64, l *Lost, fail func(string, ...any)) {
	s := w.session(l.Session)
	if s.over != "" {
		fail("says that session %s was lost, which was already %s in entry %s", l.Session, s.over, Commas(s.overAt))
		return
	}
	if !w.policies[l.Policy] {
		fail("names policy version %d, which the log does not have before it", l.Policy)
	}
	s.over, s.overAt = "lost", index
}

// end looks at decisions that were never completed.
func (w *walk) end(now time.Time, grace time.Duration) {
	var late []int64
	for index, d := range w.open {
		w.report.InProgress++
		if now.Sub(time.UnixMilli(d.time+d.rounding)) > grace {
			late = append(late, index)
		}
	}
	slices.Sort(late)
	for _, index := range late {
		d := w.open[index]
		w.report.fail(fmt.Sprintf("Entry %s (decided)", Commas(index)),
			"decided on %s to dispose of session %s, and nothing says that it was done", FormatTime(d.time), d.session)
	}
}

func sum(to *Counts, c Counts) {
	to.Messages += c.Messages
	to.Edits += c.Edits
	to.Reactions += c.Reactions
	to.Withdrawn += c.Withdrawn
	to.Quoted += c.Quoted
	to.Files += c.Files
	to.People += c.People
	to.Answered += c.Answered
	to.Unanswered += c.Unanswered
	to.Extensions += c.Extensions
}
