package verify

import (
	"errors"
	"fmt"
	"slices"
)

// MaxNotes is how many notes a session may have: more would not fit in its decision. Filing must refuse one more before
// that, because a session whose decision cannot be written can never be disposed of.
const MaxNotes = 40

// maxTime is the end of the year 9999 in milliseconds.
const maxTime = 253402300799999

// Validate reports the first rule that an entry breaks by itself. What must hold between entries is [Audit]'s.
func (e Entry) Validate() error {
	if e.Format != EntryFormat {
		return fmt.Errorf("the entry's format is not %s", EntryFormat)
	}
	if !validTime(e.Time) {
		return errors.New("the entry's time is missing or out of range")
	}
	bodies := 0
	for _, set := range []bool{e.Policy != nil, e.Note != nil, e.Decided != nil, e.Completed != nil, e.Lost != nil,
		e.Incident != nil, e.Notice != nil} {
		if set {
			bodies++
		}
	}
	if bodies != 1 {
		return fmt.Errorf("the entry has %d bodies and must have 1", bodies)
	}
	switch {
	case e.Kind == KindPolicy && e.Policy != nil:
		return e.Policy.validate()
	case e.Kind == KindNote && e.Note != nil:
		return e.Note.validate()
	case e.Kind == KindDecided && e.Decided != nil:
		return e.Decided.validate()
	case e.Kind == KindCompleted && e.Completed != nil:
		return e.Completed.validate()
	case e.Kind == KindLost && e.Lost != nil:
		return e.Lost.validate()
	case e.Kind == KindIncident && e.Incident != nil:
		return e.Incident.validate()
	case e.Kind == KindNotice && e.Notice != nil:
		return e.Notice.validate()
	}
	return errors.New("the entry's kind is unknown or does not fit what it holds")
}

func (p *Policy) validate() error {
	switch {
	case p.Version < 1:
		return errors.New("a policy's version starts from 1")
	case len(p.Rules) == 0 || p.Rules[0] != '{':
		return errors.New("a policy's rules must be a JSON object")
	case p.Hash != Fingerprint(p.Rules):
		return errors.New("the policy's hash is not that of its rules")
	}
	return nil
}

func (f *Filed) validate() error {
	switch {
	case f.Fingerprint == [32]byte{}:
		return errors.New("the note has no fingerprint")
	case f.Session == "" && (f.Size != 0 || f.Root != [32]byte{}):
		return errors.New("the note names a tree but no session")
	case f.Session != "" && (!validRef(f.Session) || f.Size < 1):
		return errors.New("the note's session or the size of its tree is not valid")
	}
	return nil
}

func (d *Decided) validate() error {
	switch {
	case !validRef(d.Session):
		return errors.New("the session's reference is not valid")
	case !validTime(d.Start) || !validTime(d.End) || d.End < d.Start:
		return errors.New("the session's start and end are missing or the wrong way round")
	case d.Rounding < 1 || d.Start%d.Rounding != 0 || d.End%d.Rounding != 0:
		return errors.New("the session's times are not rounded as the decision says")
	case !slices.Contains([]Reason{ReasonQuiet, ReasonLatest, ReasonAnswered, ReasonAsked, ReasonLeft, ReasonShutdown,
		ReasonLifted}, d.Reason):
		return errors.New("the reason is not known")
	case !slices.Contains([]Disposition{Noted, Routine, Kept, Undecided}, d.Disposition):
		return errors.New("the disposition is not known")
	case d.Held:
		return errors.New("a session that a notice covers cannot be disposed of")
	case d.Policy < 1:
		return errors.New("the policy version is missing")
	case d.Size < 0 || d.Size == 0 && d.Root != new(Tree).Root(): // a session whose first message could not be taken is empty
		return errors.New("the session's tree is missing")
	case d.Notes == nil || len(d.Notes) > MaxNotes:
		return fmt.Errorf("the list of notes is missing or longer than %d", MaxNotes)
	}
	if err := d.Counts.validate(d.Size); err != nil {
		return err
	}
	last := int64(-1)
	for _, n := range d.Notes {
		switch {
		case n.Entry <= last:
			return errors.New("the notes are not in the order of their entries")
		case n.Size < 1 || n.Size > d.Size:
			return errors.New("a note's tree is larger than the session's final tree, or empty")
		case n.Proof == nil || len(n.Proof) > 64:
			return errors.New("a note's proof is missing or too long")
		}
		last = n.Entry
	}
	return nil
}

func (c Counts) validate(size int) error {
	for _, n := range []int{c.Messages, c.Edits, c.Reactions, c.Withdrawn, c.Quoted, c.Files, c.People, c.Answered,
		c.Unanswered, c.Extensions} {
		if n < 0 {
			return errors.New("a count is below zero")
		}
	}
	if c.Messages > size || c.Quoted > size {
		return errors.New("more messages are counted than the session's tree has leaves")
	}
	return nil
}

func (c *Completed) validate() error {
	switch {
	case c.Decision < 0:
		return errors.New("the decision's index is below zero")
	case !validRef(c.Session):
		return errors.New("the session's reference is not valid")
	case c.Method != KeyWiped:
		return errors.New("the method is not known")
	}
	return nil
}

func (l *Lost) validate() error {
	switch {
	case !validRef(l.Session):
		return errors.New("the session's reference is not valid")
	case !validTime(l.Start) || !validTime(l.Found):
		return errors.New("the session's start or when it was found lost is missing")
	case l.Policy < 1:
		return errors.New("the policy version is missing")
	}
	return nil
}

func (i *Incident) validate() error {
	switch {
	case i.What == "" || len(i.What) > 300 || !printable(i.What):
		return errors.New("an incident needs a sentence of at most 300 plain letters")
	case i.Since < 0 || i.Since > maxTime || i.Until < 0 || i.Until > maxTime:
		return errors.New("the incident's times are out of range")
	}
	return nil
}

func (n *Notice) validate() error {
	switch {
	case !validRef(n.Ref):
		return errors.New("the notice's reference is not valid")
	case !slices.Contains([]string{NoticePlaced, NoticeLifted, NoticeOpened}, n.Action):
		return errors.New("what was done under the notice is not known")
	case n.People < 1 || n.Sessions < 0 || n.Messages < 0:
		return errors.New("a count of the notice is out of range")
	}
	return nil
}

func validTime(ms int64) bool { return ms > 0 && ms <= maxTime }

// validRef accepts references of sessions and notices: letters, digits and hyphens, at most 64.
func validRef(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func printable(s string) bool {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}
