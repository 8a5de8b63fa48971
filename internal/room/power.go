package room

import (
	"encoding/json"
	"math"
	"slices"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// power is who may do what (Matrix specification, "m.room.power_levels"). The creators of a room of version 12 stand above
// every level.
type power struct {
	Users         map[id.Person]int64 `json:"users"`
	UsersDefault  int64               `json:"users_default"`
	Events        map[string]int64    `json:"events"`
	EventsDefault int64               `json:"events_default"`
	StateDefault  *int64              `json:"state_default"`
	Invite        int64               `json:"invite"`
	Kick          *int64              `json:"kick"`
	Ban           *int64              `json:"ban"`
	Redact        *int64              `json:"redact"`

	creators []id.Person
}

func or50(p *int64) int64 {
	if p == nil {
		return 50
	}
	return *p
}

func (s *Snapshot) readPower() power {
	var p power
	if e, ok := s.State[Key{"m.room.power_levels", ""}]; ok {
		json.Unmarshal(e.Content, &p) // what does not fit keeps its default
	}
	create := s.State[Key{"m.room.create", ""}]
	p.creators = []id.Person{create.Sender}
	var more struct {
		Additional []id.Person `json:"additional_creators"`
	}
	json.Unmarshal(create.Content, &more)
	p.creators = append(p.creators, more.Additional...)
	return p
}

// Level is a person's power level.
func (s *Snapshot) Level(who id.Person) int64 {
	if slices.Contains(s.power.creators, who) {
		return math.MaxInt64
	}
	if n, ok := s.power.Users[who]; ok {
		return n
	}
	return s.power.UsersDefault
}

func (s *Snapshot) need(typ string, state bool) int64 {
	if n, ok := s.power.Events[typ]; ok {
		return n
	}
	if state {
		return or50(s.power.StateDefault)
	}
	return s.power.EventsDefault
}

// MaySend reports whether a person may send an event of a type.
func (s *Snapshot) MaySend(who id.Person, typ string, state bool) error {
	if s.Members[who].State != Joined {
		return noRoom()
	}
	if s.Level(who) < s.need(typ, state) {
		return fault.New(fault.Denied, "You may not do this in this conversation. Ask the person who started it")
	}
	return nil
}

// MayRedact reports whether a person may withdraw other people's messages.
func (s *Snapshot) MayRedact(who id.Person) bool { return s.Level(who) >= or50(s.power.Redact) }

// mayMove reports whether one person may change another's membership.
func (s *Snapshot) mayMove(who, whom id.Person, to string) error {
	no := fault.New(fault.Denied, "You may not do this in this conversation. Ask the person who started it")
	if s.Members[who].State != Joined {
		return noRoom()
	}
	level := s.Level(who)
	switch to {
	case Invited:
		if s.Members[whom].State == Banned || level < s.power.Invite {
			return no
		}
	case Banned:
		if level < or50(s.power.Ban) || level <= s.Level(whom) {
			return no
		}
	case Left:
		need := or50(s.power.Kick)
		if s.Members[whom].State == Banned {
			need = or50(s.power.Ban)
		}
		if level < need || level <= s.Level(whom) {
			return no
		}
	}
	return nil
}
