package matrix

import (
	"context"
	"encoding/json"
	"slices"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/wire"
)

// write writes the answer of /sync (Matrix client-server API, "Syncing", 200 response).
func (s *syncing) write(ctx context.Context, o *wire.Out, n *news) error {
	events := s.f.writer(ctx, s.you, false)
	b := open(o)
	b.str("next_batch", tokenAt(n.next))
	if err := s.writeData(b, n); err != nil {
		return err
	}
	rooms := b.object("rooms")
	join := rooms.object("join")
	for _, j := range n.joined {
		if err := s.writeJoined(join.object(string(j.snap.ID)), events, j); err != nil {
			return err
		}
	}
	join.end()
	invite := rooms.object("invite")
	for _, snap := range n.invited {
		r := invite.object(string(snap.ID))
		state := r.object("invite_state")
		l := state.list("events")
		for _, e := range invitation(snap, s.you.Person) {
			l.next()
			stripped(o, e)
		}
		l.end()
		state.end()
		r.end()
	}
	invite.end()
	leave := rooms.object("leave")
	for _, left := range n.left {
		r := leave.object(string(left.snap.ID))
		if err := writeTimeline(r, events, page{items: left.items}, left.prev); err != nil {
			return err
		}
		state := r.object("state")
		state.list("events").end()
		state.end()
		r.end()
	}
	leave.end()
	rooms.end()
	b.end()
	return o.Err()
}

// writeData writes the person's account data. Push rules are the usual ones for everybody.
func (s *syncing) writeData(b *jsonObject, n *news) error {
	data := n.data
	if s.since == 0 {
		rules, err := json.Marshal(rulesOf(s.you.Person))
		if err != nil {
			return err
		}
		data = append(slices.Clone(data), account.Data{Kind: pushRules, Content: rules})
	}
	dataEvents(b, "account_data", data)
	return nil
}

func dataEvents(b *jsonObject, name string, data []account.Data) {
	d := b.object(name)
	l := d.list("events")
	for _, item := range data {
		l.next()
		e := open(l.o)
		e.str("type", item.Kind)
		e.raw("content", item.Content)
		e.end()
	}
	l.end()
	d.end()
}

func (s *syncing) writeJoined(r *jsonObject, events *writer, j joinedRoom) error {
	if err := writeTimeline(r, events, j.page, j.prev); err != nil {
		return err
	}
	name := "state"
	if s.after {
		name = "state_after"
	}
	state := r.object(name)
	l := state.list("events")
	for _, e := range j.state {
		l.next()
		events.durable(l.o, e)
	}
	l.end()
	state.end()
	dataEvents(r, "account_data", j.data)
	s.writeEphemeral(r, j)
	u := r.object("unread_notifications")
	u.num("notification_count", int64(j.talk.Unread))
	u.num("highlight_count", int64(j.talk.Mentioned))
	u.end()
	if j.summary {
		writeSummary(r, j.snap, s.you.Person)
	}
	r.end()
	return nil
}

func writeTimeline(r *jsonObject, events *writer, p page, prev int64) error {
	t := r.object("timeline")
	t.yes("limited", p.more)
	t.str("prev_batch", tokenAt(prev))
	l := t.list("events")
	if err := events.timeline(l, p.items); err != nil {
		return err
	}
	l.end()
	t.end()
	return nil
}

// writeEphemeral writes who is typing and who has read what ("Typing Notifications", "Receipts").
func (s *syncing) writeEphemeral(r *jsonObject, j joinedRoom) {
	keep := s.keep.Room.Ephemeral
	ephemeral := r.object("ephemeral")
	l := ephemeral.list("events")
	if j.talk.Typed && keep.wants("m.typing", "") {
		l.next()
		e := open(l.o)
		e.str("type", "m.typing")
		c := e.object("content")
		who := c.list("user_ids")
		for _, p := range j.talk.Typing {
			who.next()
			who.o.JSON(string(p))
		}
		who.end()
		c.end()
		e.end()
	}
	if len(j.talk.Receipts) > 0 && keep.wants("m.receipt", "") {
		l.next()
		e := open(l.o)
		e.str("type", "m.receipt")
		writeReceipts(e.object("content"), j)
		e.end()
	}
	l.end()
	ephemeral.end()
}

// writeReceipts groups receipts by event and kind. A person has one receipt in a room.
func writeReceipts(c *jsonObject, j joinedRoom) {
	by := map[id.Event]map[string][]id.Person{}
	for who, r := range j.talk.Receipts {
		kind := receiptRead
		if r.Private {
			kind = receiptPrivate
		}
		if by[r.Event] == nil {
			by[r.Event] = map[string][]id.Person{}
		}
		by[r.Event][kind] = append(by[r.Event][kind], who)
	}
	for event, kinds := range by {
		e := c.object(string(event))
		for kind, people := range kinds {
			k := e.object(kind)
			for _, who := range people {
				p := k.object(string(who))
				p.num("ts", j.talk.Receipts[who].At.UnixMilli())
				p.end()
			}
			k.end()
		}
		e.end()
	}
	c.end()
}

// writeSummary helps clients to name a room that has no name ("Calculating the display name for a room").
func writeSummary(r *jsonObject, snap *room.Snapshot, you id.Person) {
	joined, invited := snap.Joined(), snap.Invited()
	b := r.object("summary")
	l := b.list("m.heroes")
	n := 0
	for _, who := range append(slices.Clone(joined), invited...) {
		if who != you && n < 5 {
			l.next()
			l.o.JSON(string(who))
			n++
		}
	}
	l.end()
	b.num("m.joined_member_count", int64(len(joined)))
	b.num("m.invited_member_count", int64(len(invited)))
	b.end()
}

// invitation is the state that somebody who is invited sees ("Stripped state").
func invitation(snap *room.Snapshot, you id.Person) (all []room.Event) {
	for _, e := range current(snap) {
		switch e.Type {
		case "m.room.create", "m.room.name", "m.room.topic", "m.room.join_rules", "m.room.avatar", "m.room.canonical_alias":
			if *e.Key == "" {
				all = append(all, e)
			}
		case "m.room.member":
			if *e.Key == string(you) || *e.Key == string(snap.Members[you].By) {
				all = append(all, e)
			}
		}
	}
	return all
}

// joinedBefore reports whether a membership event replaced one that said join.
func joinedBefore(e room.Event) bool {
	var before struct {
		Membership string `json:"membership"`
	}
	return json.Unmarshal(e.Prev, &before) == nil && before.Membership == room.Joined
}
