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

// mayPower refuses to give, take or ask for power that a person does not have (Matrix specification, room version 12,
// "Authorization rules", power levels).
func (s *Snapshot) mayPower(who id.Person, p power) error {
	mine, now := s.Level(who), s.power
	no := fault.New(fault.Denied, "You cannot give, take or ask for more power than you have yourself")
	for _, n := range [][2]int64{{now.UsersDefault, p.UsersDefault}, {now.EventsDefault, p.EventsDefault}, {or50(now.StateDefault), or50(p.StateDefault)},
		{now.Invite, p.Invite}, {or50(now.Kick), or50(p.Kick)}, {or50(now.Ban), or50(p.Ban)}, {or50(now.Redact), or50(p.Redact)}} {
		if n[0] != n[1] && max(n[0], n[1]) > mine {
			return no
		}
	}
	for typ, n := range p.Events {
		if old, there := now.Events[typ]; (!there || old != n) && max(old, n) > mine {
			return no
		}
	}
	for typ, old := range now.Events {
		if _, stays := p.Events[typ]; !stays && old > mine {
			return no
		}
	}
	for person, n := range p.Users {
		old := s.Level(person)
		if _, there := now.Users[person]; there && n == old {
			continue
		}
		if n > mine || old >= mine && n != old && person != who {
			return no
		}
	}
	for person := range now.Users {
		if _, stays := p.Users[person]; !stays && s.Level(person) >= mine && person != who {
			return no
		}
	}
	return nil
}

// mayMove reports whether one person may change another's membership.
func (s *Snapshot) mayMove(who, whom id.Person, to string) error {
	no := fault.New(fault.Denied, "You may not do this in this conversation. Ask the person who started it")
	if s.Members[who].State != Joined {
		return noRoom()
	}
	level, is := s.Level(who), s.Members[whom].State
	if is != Joined && is != Invited && is != Knocked && is != Banned && to == Left {
		return fault.New(fault.Denied, "This person is not in the conversation")
	}
	switch to {
	case Invited:
		if is == Banned || level < s.power.Invite {
			return no
		}
	case Banned:
		if level < or50(s.power.Ban) || level <= s.Level(whom) {
			return no
		}
	case Left:
		need := or50(s.power.Kick)
		if is == Banned {
			need = or50(s.power.Ban)
		}
		if level < need || level <= s.Level(whom) {
			return no
		}
	}
	return nil
}
