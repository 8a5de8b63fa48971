package session

import (
	"context"
	"fmt"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
)

// begin opens a session: a durable row that says so, the room's state event and the service user's words, in one
// transaction. The place is locked.
func (s *Sessions) begin(ctx context.Context, p *place, who id.Person) (*talk, error) {
	s.mu.Lock()
	stopping := s.stopping
	s.mu.Unlock()
	if stopping {
		return nil, stoppingNow()
	}
	name, err := s.Name(ctx, who)
	if err != nil {
		return nil, err
	}
	key, err := s.Arena.NewKey()
	if err != nil {
		return nil, err
	}
	now := s.Now().Truncate(time.Millisecond)
	t := &talk{id: id.NewSession(s.Rand), started: now, startedBy: who, policy: s.Policy(), key: key, last: now, active: now,
		byID: map[id.Event]*Event{}, txns: map[txn]*Event{}, people: map[id.Person]*part{}, marks: map[id.Event][]*Event{},
		reactions: map[id.Event][]*Event{}, edits: map[id.Event][]*Event{}, filed: map[id.Event]bool{}, reserved: eventsAtATime}
	c, err := s.Rooms.Begin(ctx, p.room, 2)
	if err != nil {
		key.End()
		return nil, err
	}
	t.record = Record{ID: t.id, Room: p.room, Started: now, StartedBy: who, Policy: t.policy.Version, State: StateOpen, Events: eventsAtATime}
	err = s.Update(ctx, func(tx Tx) error {
		c.Again()
		e, err := c.State(ctx, tx, s.Rooms.Service(), room.SessionType, "", s.stateOf(t, nil, policy.Open))
		if err != nil {
			return err
		}
		t.startPos, t.record.StartPos = e.Pos-1, e.Pos-1
		if err := tx.InsertSession(ctx, t.record); err != nil {
			return err
		}
		_, err = c.Words(ctx, tx, room.Notice(fmt.Sprintf("Session started %s by %s. History is off: messages are deleted when the session ends, "+
			"after %d quiet minutes or at %s. React with %s to mark a message for the record.",
			s.clock(now), name, t.policy.QuietMinutes, s.clock(now.Add(time.Duration(t.policy.LatestMinutes)*time.Minute)), Pin)))
		return err
	})
	if err != nil && !s.begun(ctx, t.id) {
		c.End(ctx)
		key.End()
		return nil, err
	}
	p.talk = t
	c.End(ctx)
	return t, nil
}

// begun reports whether a session's beginning was committed although it seemed to fail. Otherwise its record would stand there
// with no session behind it, and would be certified as lost.
func (s *Sessions) begun(ctx context.Context, sid id.Session) bool {
	_, err := s.Record(context.WithoutCancel(ctx), sid)
	return err == nil
}

// look returns a room; nil if it cannot be read.
func (s *Sessions) look(ctx context.Context, r id.Room) *room.Snapshot {
	snap, err := s.Rooms.Look(context.WithoutCancel(ctx), r)
	if err != nil {
		return nil
	}
	return snap
}

// clock writes a time as people read it: 9:24am.
func (s *Sessions) clock(t time.Time) string { return t.In(s.Zone).Format("3:04pm") }

// stateOf is the content of the state event org.winnow.session while a session is open. Times are in milliseconds.
func (s *Sessions) stateOf(t *talk, snap *room.Snapshot, phase policy.Phase) map[string]any {
	v := policy.Life(t.policy, s.facts(t, snap), s.Now())
	state := map[string]any{
		"state": "open", "session": t.id, "started": t.started.UnixMilli(), "ends": v.Ends.UnixMilli(), "notice": v.Notice.UnixMilli(),
		"latest": s.latest(t).UnixMilli(), "policy_version": t.policy.Version, "held": false,
	}
	if phase == policy.Ending {
		state["state"] = "ending"
	}
	return state
}

func (s *Sessions) latest(t *talk) time.Time {
	return t.started.Add(time.Duration(t.policy.LatestMinutes+t.extensions*t.policy.ExtensionMinutes) * time.Minute)
}

// announce tells the room of a new phase. The place is locked.
func (s *Sessions) announce(ctx context.Context, p *place, t *talk, phase policy.Phase) error {
	n := 1
	if phase == policy.Ending {
		n = 2
	}
	snap := s.look(ctx, p.room)
	c, err := s.Rooms.Begin(ctx, p.room, n)
	if err != nil {
		return err
	}
	defer c.End(ctx)
	err = s.Update(ctx, func(tx Tx) error {
		c.Again()
		if _, err := c.State(ctx, tx, s.Rooms.Service(), room.SessionType, "", s.stateOf(t, snap, phase)); err != nil {
			return err
		}
		if phase != policy.Ending {
			return nil
		}
		_, err := c.Words(ctx, tx, room.Notice(s.endingWords(t, snap)))
		return err
	})
	if err == nil {
		t.announced = phase
		t.version++
	}
	return err
}

func (s *Sessions) endingWords(t *talk, snap *room.Snapshot) string {
	v := policy.Life(t.policy, s.facts(t, snap), s.Now())
	marked := t.countMarked()
	what := "Nothing is marked for the record, so every message will be deleted."
	if marked == 1 {
		what = "1 message is marked for the record. The rest are deleted."
	} else if marked > 1 {
		what = fmt.Sprintf("%d messages are marked for the record. The rest are deleted.", marked)
	}
	waits := ""
	if t.unread {
		waits = " Somebody has not read everything yet, and it waits for them."
	}
	return fmt.Sprintf("This session ends at %s.%s %s What belongs on the record? React with %s to mark a message, answer \"!note Title\" to file a note "+
		"of the marked messages, or \"!nothing\" if nothing belongs on the record. A new message keeps the session open.", s.clock(v.Ends), waits, what, Pin)
}

func (t *talk) countMarked() (n int) {
	for m := range t.marks {
		if len(t.marked(m)) > 0 {
			n++
		}
	}
	return n
}
