package room

import (
	"context"
	"encoding/json"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// Version is the room version of new rooms (Matrix specification, "Room versions").
const Version = "12"

// New is what a new room is made of.
type New struct {
	Name, Topic string
	Folder      string      // where in the drive its notes go; empty: made from the name
	Direct      bool        // a direct chat
	Add         []id.Person // join these people at once, as the web app does
	Invite      []id.Person // invite these people, as Matrix clients do
	Public      bool        // anybody on the server may join
	State       []Initial   // Matrix's initial_state
	Power       json.RawMessage
	Creation    map[string]json.RawMessage // Matrix's creation_content
}

// Initial is a state event that a room starts with.
type Initial struct {
	Type    string          `json:"type"`
	Key     string          `json:"state_key"`
	Content json.RawMessage `json:"content"`
}

// MaxPeople is how many people one room may start with.
const MaxPeople = 500

// Create makes a room with who in it.
func (r *Rooms) Create(ctx context.Context, who id.Person, n New) (id.Room, error) {
	if !account.Plain(n.Name, 200) || !account.Plain(n.Topic, 1000) {
		return "", fault.New(fault.Invalid, "The name must be at most 200 characters on one line")
	}
	if len(n.Add)+len(n.Invite) > MaxPeople || len(n.State) > 50 {
		return "", fault.New(fault.TooLarge, "A conversation can start with at most %d people", MaxPeople)
	}
	names := map[id.Person]string{}
	others := append(append([]id.Person{}, n.Add...), n.Invite...)
	for _, p := range append([]id.Person{who}, others...) {
		name, err := r.known(ctx, p)
		if err != nil {
			return "", err
		}
		names[p] = name
	}
	for _, s := range n.State {
		if err := settable(s.Type, s.Key, who); err != nil {
			return "", err
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(s.Content, &object) != nil || object == nil || s.Type == "m.room.power_levels" && !powerful(s.Content) {
			return "", fault.New(fault.Invalid, "The content must be a JSON object").WithCode("M_BAD_JSON")
		}
	}
	create := id.NewEvent(r.Rand)
	room := id.RoomOf(create)
	c, err := r.Begin(ctx, room, 10+len(n.State)+len(others))
	if err != nil {
		return "", err
	}
	defer c.End(ctx)
	err = r.Update(ctx, func(tx Tx) error {
		c.Again()
		if err := tx.InsertRoom(ctx, room, Version, who, r.Now()); err != nil {
			return err
		}
		creation := map[string]any{}
		for k, v := range n.Creation {
			creation[k] = v
		}
		creation["room_version"] = Version
		if _, err := c.State(ctx, tx, who, "m.room.create", "", creation); err != nil {
			return err
		}
		if err := c.member(ctx, tx, who, who, Joined, names[who], nil, -1); err != nil {
			return err
		}
		state, err := n.state(r, who)
		if err != nil {
			return err
		}
		for _, s := range state {
			if _, err := c.State(ctx, tx, who, s.Type, s.Key, s.Content); err != nil {
				return err
			}
		}
		for _, p := range n.Invite {
			if p == who {
				continue
			}
			if err := c.member(ctx, tx, who, p, Invited, names[p], map[string]any{"is_direct": n.Direct}, -1); err != nil {
				return err
			}
		}
		for _, p := range n.Add {
			if p == who {
				continue
			}
			if err := c.member(ctx, tx, p, p, Joined, names[p], nil, c.first-1); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && n.Direct && len(n.Add) == 1 && r.Paired != nil {
		r.Paired(ctx, room, who, n.Add[0])
	}
	return room, err
}

// state is what a room starts with, in the order of the Matrix specification's createRoom: power, join rule, visibility,
// then what was asked for, then name and topic. What was asked for replaces the usual.
func (n New) state(r *Rooms, who id.Person) ([]Initial, error) {
	rule := "invite"
	if n.Public {
		rule = "public"
	}
	power := map[string]json.RawMessage{}
	if n.Power != nil {
		if !powerful(n.Power) || json.Unmarshal(n.Power, &power) != nil {
			return nil, fault.New(fault.Invalid, "The power levels must be a JSON object").WithCode("M_BAD_JSON")
		}
	}
	for k, v := range map[string]string{"invite": "0", "state_default": "50", "redact": "50", "kick": "50", "ban": "50", "events_default": "0", "users_default": "0"} {
		if _, ok := power[k]; !ok {
			power[k] = json.RawMessage(v)
		}
	}
	list := []Initial{
		{"m.room.power_levels", "", marshal(power)},
		{"m.room.join_rules", "", marshal(map[string]string{"join_rule": rule})},
		{"m.room.history_visibility", "", marshal(map[string]string{"history_visibility": "joined"})},
		{"m.room.guest_access", "", marshal(map[string]string{"guest_access": "forbidden"})},
	}
	for _, s := range n.State {
		replaced := false
		for i := range list {
			if list[i].Type == s.Type && list[i].Key == s.Key {
				list[i], replaced = s, true
			}
		}
		if !replaced {
			list = append(list, s)
		}
	}
	if n.Direct {
		list = append(list, Initial{DirectType, "", marshal(map[string]string{"with": "one person"})})
	}
	if n.Name != "" {
		list = append(list, Initial{"m.room.name", "", marshal(map[string]string{"name": n.Name})})
	}
	if n.Topic != "" {
		list = append(list, Initial{"m.room.topic", "", marshal(map[string]string{"topic": n.Topic})})
	}
	if n.Folder != "" {
		list = append(list, Initial{FolderType, "", marshal(map[string]string{"folder": n.Folder})})
	}
	return list, nil
}

// powerful reports whether power levels can be read.
func powerful(content json.RawMessage) bool {
	var p power
	return json.Unmarshal(content, &p) == nil
}

func marshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("room: cannot marshal: " + err.Error()) // only of our own maps of strings
	}
	return b
}

// known returns what a person is called, or an error if nobody of that ID may sign in.
func (r *Rooms) known(ctx context.Context, who id.Person) (string, error) {
	ok, err := r.Exists(ctx, who)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fault.New(fault.NotFound, "There is no such person on this server. Winnow does not exchange messages with other servers")
	}
	return r.Name(ctx, who)
}
