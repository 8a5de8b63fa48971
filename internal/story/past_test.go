//go:build screens

package story_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/verify"
)

// must stops the test on an error.
func must[T any](v T, err error) func(h *house) T {
	return func(h *house) T {
		h.Helper()
		if err != nil {
			h.Fatal(err)
		}
		return v
	}
}

// say sends a message; to is what it answers, or "".
func (h *house) say(who string, r id.Room, words string, to id.Event) id.Event {
	h.Helper()
	c := map[string]any{"msgtype": "m.text", "body": words}
	if to != "" {
		c["m.relates_to"] = map[string]any{"m.in_reply_to": map[string]any{"event_id": to}}
	}
	if words[len(words)-1] == '?' {
		c["m.mentions"] = map[string]any{"user_ids": []id.Person{h.who("amara")}}
	}
	raw := must(json.Marshal(c))(h)
	return must(h.Sessions.Send(context.Background(), h.who(who), r, session.Message{Type: "m.room.message", Content: raw}))(h).ID
}

func (h *house) mark(who string, r id.Room, e id.Event) {
	h.Helper()
	must(0, h.Sessions.Mark(context.Background(), h.who(who), r, e, ""))(h)
}

func (h *house) react(r id.Room, e id.Event, key string, who ...string) {
	h.Helper()
	for _, w := range who {
		buf := must(h.Arena.Get(context.Background(), vault.Small))(h)
		must(0, h.Sessions.React(context.Background(), h.who(w), r, e, append(buf.B[:0], key...), ""))(h)
		buf.Put()
	}
}

// seen has people read everything; nobody named means everybody.
func (h *house) seen(r id.Room, who ...string) {
	h.Helper()
	ctx := context.Background()
	snap := must(h.Rooms.Look(ctx, r))(h)
	all := snap.Joined()
	if len(who) > 0 {
		all = nil
		for _, w := range who {
			all = append(all, h.who(w))
		}
	}
	for _, p := range all {
		if l := h.Sessions.Last(snap, p); l != nil {
			must(0, h.Sessions.Read(ctx, p, r, l.Event.ID, false))(h)
		}
	}
}

// group makes a conversation.
func (h *house) group(by, name, folder string, others ...string) id.Room {
	h.Helper()
	n := room.New{Name: name, Folder: folder, Direct: name == ""}
	for _, o := range others {
		n.Add = append(n.Add, h.who(o))
	}
	return must(h.Rooms.Create(context.Background(), h.who(by), n))(h)
}

// circle is a conversation with those who talk in it.
type circle struct {
	room   id.Room
	people []string
}

// pasts plays sessions on every working day until the clock shows a moment.
func (h *house) pasts(until time.Time, talks []circle) {
	h.Helper()
	dice := rand.New(rand.NewPCG(7, 7))
	lines := []string{"Morning. Is the draft with you?", "It is. Two points on page 4.", "Thanks, I will change both.", "Room 3.14 is free at 2.", "The figures agree with Finance now.",
		"Good. Then it can go.", "Who answers the Treasury?", "I do, by noon.", "The diver’s report is due at 4pm.", "Noted. Nothing else from me."}
	for n := 0; h.clock.Now().Before(until); n++ {
		now := h.clock.Now()
		if now.Weekday() == time.Saturday || now.Weekday() == time.Sunday {
			h.clock.Advance(24 * time.Hour)
			continue
		}
		for _, c := range talks {
			r, people := c.room, c.people
			if dice.IntN(3) == 0 {
				continue
			}
			var last id.Event
			for i := range 4 + dice.IntN(9) {
				last = h.say(people[(i+n)%len(people)], r, lines[(i*3+n)%len(lines)], "")
				h.clock.Advance(time.Minute)
			}
			h.seen(r)
			ctx := context.Background()
			switch d := dice.IntN(20); {
			case d < 5+n/20:
				_, err := h.Notes.Write(ctx, h.who(people[0]), r, note.Draft{Title: past[(n+d)%len(past)], Summary: "Agreed as below.", Quotes: []id.Event{last}, Actions: []verify.Action{{What: "Tell Finance", Owner: "Dougal Innes"}}})
				must(0, err)(h)
				must(0, h.Sessions.End(ctx, h.who(people[0]), r))(h)
			case d < 17:
				must(0, h.Sessions.End(ctx, h.who(people[0]), r))(h)
			default:
				continue // nobody answers
			}
			for _, p := range people {
				if open, err := h.Sessions.Look(ctx, h.who(p), r); err == nil && open != nil {
					must(0, h.Sessions.Nothing(ctx, h.who(p), r))(h)
				}
			}
		}
		h.pass(70 * time.Minute)
		h.clock.Advance(time.Date(now.Year(), now.Month(), now.Day()+1, 9, 0, 0, 0, time.UTC).Sub(h.clock.Now()))
	}
}

var past = []string{"Berth numbers for the small harbours", "Who may sign the dredging order", "Lines to take on the storm repairs", "Order of work at North Quay", "Grant letters: wording agreed"}
