package web

import (
	"context"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/session"
)

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
