package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
)

func (f *Face) chat(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := f.filling()
	list, err := f.list(r.Context(), p, v, "", r.URL.Query().Get("q"))
	if err != nil {
		return err
	}
	page := ChatPage{Frame: f.frame(v, "Chat", "chat"), List: list}
	page.Unread = list.unread()
	page.Title = unreadTitle("Chat", page.Unread)
	return f.page(w, r, http.StatusOK, "chat", page, p)
}

func unreadTitle(title string, unread int) string {
	if unread == 0 {
		return title
	}
	return title + " (" + thousands(unread) + " unread)"
}

func (l List) unread() (n int) {
	for _, r := range append(slices.Clone(l.Open), l.Quiet...) {
		n += r.Unread
	}
	return n
}

// person is somebody as pages show them.
func (f *Face) person(p account.Person, you id.Person) Person {
	return Person{Avatar: AvatarOf(string(p.ID), p.Name, false), ID: string(p.ID), Name: p.Name, Role: p.Role, Unit: p.Unit, You: p.ID == you,
		Outside: p.Group == "outside the organisation"}
}

// people are all people by ID.
func (f *Face) people(ctx context.Context) (map[id.Person]account.Person, error) {
	all, err := f.Accounts.List(ctx)
	if err != nil {
		return nil, err
	}
	by := make(map[id.Person]account.Person, len(all))
	for _, p := range all {
		by[p.ID] = p
	}
	by[f.Rooms.Service()] = account.Person{ID: f.Rooms.Service(), Name: "Winnow"}
	return by, nil
}

// list is the column of conversations as one person sees it, filtered by a name.
func (f *Face) list(ctx context.Context, p *filling, v *visit, current id.Room, query string) (List, error) {
	l := List{Query: query}
	all, err := f.Rooms.Memberships(ctx, v.ID)
	if err != nil {
		return l, err
	}
	people, err := f.people(ctx)
	if err != nil {
		return l, err
	}
	var rows []timedRow
	for _, m := range all {
		if m.State != room.Joined && m.State != room.Invited {
			continue
		}
		snap, err := f.Rooms.Look(ctx, m.Room)
		if err != nil {
			return l, err
		}
		row, err := f.row(ctx, p, v, snap, m, people)
		if err != nil {
			return l, err
		}
		row.Current = m.Room == current
		if query == "" || strings.Contains(strings.ToLower(row.Name), strings.ToLower(query)) {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b timedRow) int { return b.at.Compare(a.at) })
	for _, r := range rows {
		if r.Open {
			l.Open = append(l.Open, r.Row)
		} else {
			l.Quiet = append(l.Quiet, r.Row)
		}
	}
	return l, nil
}

type timedRow struct {
	Row
	at time.Time
}

// row is one conversation in the list.
func (f *Face) row(ctx context.Context, p *filling, v *visit, snap *room.Snapshot, m room.Member, people map[id.Person]account.Person) (timedRow, error) {
	row := timedRow{Row: Row{Conversation: string(snap.ID), Name: snap.NameFor(v.ID)}}
	row.Avatar = f.roomAvatar(snap, v.ID, row.Name)
	if m.State == room.Invited {
		row.Line = people[m.By].Name + " invites you. Open to join"
		row.Unread = 1
		row.at = f.Now()
		return row, nil
	}
	view := f.Sessions.Glance(snap, v.ID)
	if view == nil {
		past, err := f.Sessions.Past(ctx, snap.ID, 1)
		if err != nil {
			return row, err
		}
		row.Line = "No sessions yet"
		if len(past) > 0 {
			row.at = past[0].Ended
			row.Line = f.outcomeLine(past[0])
		}
		return row, nil
	}
	row.Open, row.Unread, row.Mentioned, row.at = true, view.Unread, view.Mentioned > 0, view.Started
	if last := f.Sessions.Last(snap, v.ID); last != nil {
		row.at = last.Event.At
		row.Time = f.clock(row.at)
		switch {
		case last.Withdrawn:
			row.Line = f.first(people, last.Event.Sender, v.ID) + " withdrew a message"
		default:
			row.Preview = p.words(last.Words, 90)
			if last.Event.Sender == v.ID {
				row.From = "You"
			} else if !snap.Direct() {
				row.From = f.first(people, last.Event.Sender, v.ID)
			}
		}
	}
	switch {
	case len(view.Typing) > 0:
		row.Line, row.Preview = f.typingWords(people, view.Typing), ""
	case view.Verdict.Waits:
		row.Line, row.Preview = "Ends when all have read it", ""
	case view.Verdict.Phase == policy.Ending && !view.Verdict.Paused:
		row.Line, row.Preview = "Session ends in "+plural(minutesLeft(view.Verdict.Ends, f.Now()), "minute", "minutes"), ""
	}
	return row, nil
}

func (f *Face) roomAvatar(snap *room.Snapshot, you id.Person, name string) Avatar {
	if snap.Direct() {
		for _, who := range snap.Joined() {
			if who != you {
				return AvatarOf(string(who), name, false)
			}
		}
	}
	return AvatarOf(string(snap.ID), name, true)
}

// first is the first name of somebody, or "You".
func (f *Face) first(people map[id.Person]account.Person, who, you id.Person) string {
	if who == you {
		return "You"
	}
	return Person{Name: people[who].Name}.First()
}

func (f *Face) typingWords(people map[id.Person]account.Person, who []id.Person) string {
	switch len(who) {
	case 0:
		return ""
	case 1:
		return f.first(people, who[0], "") + " is typing"
	case 2:
		return f.first(people, who[0], "") + " and " + f.first(people, who[1], "") + " are typing"
	}
	return thousands(len(who)) + " people are typing"
}

// outcomeLine says in a list what became of the last session.
func (f *Face) outcomeLine(rec session.Record) string {
	when := "Ended " + f.day(rec.Ended)
	if rec.State == session.StateLost {
		return "The last session was lost in a fault"
	}
	switch rec.Disposition {
	case policy.Noted:
		return when + ". Note filed"
	case policy.Routine:
		return when + ". Nothing for the record"
	}
	if rec.Quoted > 0 {
		return when + ". Marked messages filed"
	}
	return when + ". No answer"
}

// clock writes a time as 9:24am.
func (f *Face) clock(t time.Time) string { return t.In(f.Zone).Format("3:04pm") }

// until writes a time that is to come, with its day if that is not today.
func (f *Face) until(t time.Time) string {
	now, then := f.Now().In(f.Zone), t.In(f.Zone)
	if now.YearDay() == then.YearDay() && now.Year() == then.Year() {
		return f.clock(t)
	}
	return f.clock(t) + " on " + then.Format("2 January")
}

// date writes a day as 10 November 2026.
func (f *Face) date(t time.Time) string { return t.In(f.Zone).Format("2 January 2006") }

// day writes a day in a sentence: today, yesterday, 6 November.
func (f *Face) day(t time.Time) string {
	now, t := f.Now().In(f.Zone), t.In(f.Zone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, f.Zone)
	switch {
	case !t.Before(midnight):
		return "today"
	case !t.Before(midnight.AddDate(0, 0, -1)):
		return "yesterday"
	case t.Year() == now.Year():
		return t.Format("2 January")
	}
	return t.Format("2 January 2006")
}

func minutesLeft(end, now time.Time) int {
	return max(0, int((end.Sub(now)+time.Minute-1)/time.Minute))
}
