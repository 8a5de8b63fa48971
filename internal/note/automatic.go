package note

import (
	"context"
	"slices"
	"strings"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/verify"
)

// FileMarked files the marked messages that nobody filed, when their session is about to end. The note needs review.
func (n *Notes) FileMarked(ctx context.Context, c *session.Closing) error {
	m, err := c.Material(ctx)
	if err != nil {
		return err
	}
	d := Draft{Title: "Marked messages from a session on " + m.Started.In(n.Zone).Format("2 January 2006"), Marking: Markings[0]}
	filed, err := n.file(ctx, n.Rooms.Service(), m, d)
	if err != nil {
		return err
	}
	c.Filed(m, noted(filed, m))
	n.wake()
	return nil
}

// Command files a note of all marked messages for "!note Title".
func (n *Notes) Command(ctx context.Context, who id.Person, r id.Room, title []byte) error {
	v, err := n.Sessions.Look(ctx, who, r)
	if err != nil {
		return err
	}
	d := Draft{Title: string(title)} // the title is about to be filed, which lasts on purpose
	if v != nil {
		for _, l := range v.Lines {
			if len(l.Marks) > 0 && !l.Withdrawn {
				d.Quotes = append(d.Quotes, l.Event.ID)
			}
		}
	}
	if strings.TrimSpace(d.Title) == "" {
		return fault.New(fault.Invalid, "Write a title after !note, for example: !note Cap raised to £400,000")
	}
	if len(d.Quotes) == 0 {
		return fault.New(fault.Invalid, "Nothing is marked for the record. React to a message with %s first, then write !note again", session.Pin)
	}
	_, err = n.Write(ctx, who, r, d)
	return err
}

// FileDraft files the note composer's form as it was last saved, because its writer has taken as long as anybody may.
func (n *Notes) FileDraft(ctx context.Context, who id.Person, r id.Room, form []byte) error {
	d, err := ParseForm(form)
	if err != nil {
		return err
	}
	if d.Quotes, err = n.stillThere(ctx, who, r, d.Quotes); err != nil {
		return err
	}
	if strings.TrimSpace(d.Title+d.Summary) == "" && len(d.Quotes) == 0 {
		return fault.New(fault.Invalid, "The draft is empty")
	}
	d.fit()
	if n.Drive.Safe(d.Folder, "") != nil {
		d.Folder = "" // the conversation's own
	}
	if err := d.check(); err != nil {
		return err
	}
	_, err = n.write(ctx, who, r, d, true)
	return err
}

// stillThere leaves out messages that were withdrawn since a draft was saved.
func (n *Notes) stillThere(ctx context.Context, who id.Person, r id.Room, quotes []id.Event) (there []id.Event, err error) {
	v, err := n.Sessions.Look(ctx, who, r)
	if err != nil || v == nil {
		return nil, err
	}
	for _, l := range v.Lines {
		if slices.Contains(quotes, l.Event.ID) && !l.Withdrawn && !l.Event.Bare {
			there = append(there, l.Event.ID)
		}
	}
	return there, nil
}

// fit cuts a draft that nobody looks at again to what a note can hold.
func (d *Draft) fit() {
	if d.Title = clip(d.Title, maxTitle); d.Title == "" {
		d.Title = "Unfinished note"
	}
	if d.Summary = strings.ToValidUTF8(d.Summary, "\uFFFD"); len(d.Summary) > maxSummary {
		d.Summary = strings.ToValidUTF8(d.Summary[:maxSummary], "") // not in the middle of a character
	}
	for _, l := range []*string{&d.DecidedBy, &d.Authority, &d.Handling} {
		*l = clip(*l, maxLine)
	}
	d.Actions = d.Actions[:min(len(d.Actions), maxActions)]
	for i, a := range d.Actions {
		d.Actions[i] = verify.Action{What: clip(a.What, maxLine), Owner: clip(a.Owner, maxLine), Due: clip(a.Due, maxLine)}
	}
}

// ParseForm reads the note composer's form: title, summary, decided_by, authority, action_what, action_owner and action_due (once for each
// action), marking, handling, folder, and quote (once for each message). What it returns is about to be filed.
func ParseForm(form []byte) (d Draft, err error) {
	var actions [3][]string
	err = content.Form(form, func(key, value []byte) error {
		v := string(value)
		switch string(key) {
		case "title":
			d.Title = v
		case "summary":
			d.Summary = v
		case "decided_by":
			d.DecidedBy = v
		case "authority":
			d.Authority = v
		case "marking":
			d.Marking = v
		case "handling":
			d.Handling = v
		case "folder":
			d.Folder = v
		case "quote":
			d.Quotes = append(d.Quotes, id.Event(v))
		case "action_what":
			actions[0] = append(actions[0], v)
		case "action_owner":
			actions[1] = append(actions[1], v)
		case "action_due":
			actions[2] = append(actions[2], v)
		}
		return nil
	})
	if err != nil {
		return d, fault.New(fault.Invalid, "The form could not be read. Go back and try again").Because(err)
	}
	at := func(list []string, i int) string {
		if i < len(list) {
			return strings.TrimSpace(list[i])
		}
		return ""
	}
	for i := range actions[0] {
		if what := at(actions[0], i); what != "" {
			d.Actions = append(d.Actions, verify.Action{What: what, Owner: at(actions[1], i), Due: at(actions[2], i)})
		}
	}
	return d, nil
}
