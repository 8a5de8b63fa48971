package matrix

import (
	"encoding/json"
	"net/http"
	"strings"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
)

// createRoom: POST /createRoom ("Room creation").
func (f *Face) createRoom(w http.ResponseWriter, r *http.Request, you account.Device) error {
	var in struct {
		Visibility string                     `json:"visibility"`
		Preset     string                     `json:"preset"`
		Alias      string                     `json:"room_alias_name"`
		Name       string                     `json:"name"`
		Topic      string                     `json:"topic"`
		Invite     []id.Person                `json:"invite"`
		ThirdParty []json.RawMessage          `json:"invite_3pid"`
		Version    string                     `json:"room_version"`
		Creation   map[string]json.RawMessage `json:"creation_content"`
		State      []room.Initial             `json:"initial_state"`
		Direct     bool                       `json:"is_direct"`
		Power      json.RawMessage            `json:"power_level_content_override"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	switch {
	case in.Version != "" && in.Version != room.Version:
		return fault.New(fault.Invalid, "This server makes rooms of version %s only", room.Version).WithCode("M_UNSUPPORTED_ROOM_VERSION")
	case in.Alias != "":
		return fault.New(fault.Invalid, "This server does not give rooms addresses. Create the room without one, and invite people")
	case len(in.ThirdParty) > 0:
		return fault.New(fault.Invalid, "This server does not invite by e-mail or telephone. Invite people by their user IDs")
	}
	public := in.Visibility == "public"
	switch in.Preset {
	case "":
	case "public_chat":
		public = true
	case "private_chat":
		public = false
	case "trusted_private_chat": // everybody who is invited is a creator too
		public = false
		if in.Creation == nil {
			in.Creation = map[string]json.RawMessage{}
		}
		all, err := json.Marshal(in.Invite)
		if err != nil {
			return err
		}
		if in.Creation["additional_creators"] == nil && len(in.Invite) > 0 {
			in.Creation["additional_creators"] = all
		}
	default:
		return invalid("preset")
	}
	made, err := f.Rooms.Create(r.Context(), you.Person, room.New{Name: in.Name, Topic: in.Topic, Direct: in.Direct, Invite: in.Invite,
		Public: public, State: in.State, Power: in.Power, Creation: in.Creation})
	if err != nil {
		return err
	}
	return reply(w, fields{"room_id": made})
}

// joinedRooms: GET /joined_rooms ("Room membership").
func (f *Face) joinedRooms(w http.ResponseWriter, r *http.Request, you account.Device) error {
	all, err := f.Rooms.Memberships(r.Context(), you.Person)
	if err != nil {
		return err
	}
	in := []id.Room{}
	for _, m := range all {
		if m.State == room.Joined {
			in = append(in, m.Room)
		}
	}
	return reply(w, fields{"joined_rooms": in})
}

// join: POST /join/{roomIdOrAlias} and POST /rooms/{roomId}/join ("Joining rooms").
func (f *Face) join(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if _, err := object(w, r); err != nil {
		return err
	}
	if strings.HasPrefix(part(r, "room"), "#") {
		return noAlias()
	}
	if err := f.Rooms.Join(r.Context(), you.Person, roomOf(r)); err != nil {
		return err
	}
	return reply(w, fields{"room_id": roomOf(r)})
}

func noAlias() error {
	return fault.New(fault.NotFound, "There is no room at this address: rooms have none on this server")
}

// leave: POST /rooms/{roomId}/leave ("Leaving rooms"). The reason is not kept.
func (f *Face) leave(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if _, err := object(w, r); err != nil {
		return err
	}
	if err := f.Rooms.Leave(r.Context(), you.Person, roomOf(r)); err != nil {
		return err
	}
	return reply(w, fields{})
}

// forgetRoom: POST /rooms/{roomId}/forget ("Leaving rooms"). Who has left sees nothing of a room any more, so there is nothing more to do.
func (f *Face) forgetRoom(w http.ResponseWriter, r *http.Request, you account.Device) error {
	snap, err := f.Rooms.Look(r.Context(), roomOf(r))
	if err != nil {
		return err
	}
	switch snap.Members[you.Person].State {
	case room.Joined, room.Invited:
		return fault.New(fault.Invalid, "Leave the conversation first").WithCode("M_UNKNOWN")
	}
	return reply(w, fields{})
}

// whom reads the person that a membership call is about. A reason is not kept: it would be words of somebody that last.
func whom(w http.ResponseWriter, r *http.Request) (id.Person, error) {
	var in struct {
		User id.Person `json:"user_id"`
	}
	if err := read(w, r, &in); err != nil {
		return "", err
	}
	if in.User == "" {
		return "", missing("user_id")
	}
	return in.User, nil
}

// invite: POST /rooms/{roomId}/invite ("Joining rooms").
func (f *Face) invite(w http.ResponseWriter, r *http.Request, you account.Device) error {
	who, err := whom(w, r)
	if err != nil {
		return err
	}
	if err := f.Rooms.Invite(r.Context(), you.Person, roomOf(r), who); err != nil {
		return err
	}
	return reply(w, fields{})
}

// kick: POST /rooms/{roomId}/kick ("Leaving rooms").
func (f *Face) kick(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return f.move(w, r, you, room.Left, room.Joined, room.Invited)
}

// ban: POST /rooms/{roomId}/ban ("Banning users in a room").
func (f *Face) ban(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return f.move(w, r, you, room.Banned)
}

// unban: POST /rooms/{roomId}/unban ("Banning users in a room").
func (f *Face) unban(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return f.move(w, r, you, room.Left, room.Banned)
}

// move changes somebody's membership, from one of the states given if there are any.
func (f *Face) move(w http.ResponseWriter, r *http.Request, you account.Device, to string, from ...string) error {
	who, err := whom(w, r)
	if err != nil {
		return err
	}
	if err := f.moveFrom(r, you, who, to, from...); err != nil {
		return err
	}
	return reply(w, fields{})
}

func (f *Face) moveFrom(r *http.Request, you account.Device, who id.Person, to string, from ...string) error {
	snap, err := f.Rooms.For(r.Context(), you.Person, roomOf(r))
	if err != nil {
		return err
	}
	fits := len(from) == 0
	for _, s := range from {
		fits = fits || snap.Members[who].State == s
	}
	if !fits {
		return fault.New(fault.Denied, "This does not fit what this person is to the conversation now")
	}
	return f.Rooms.Move(r.Context(), you.Person, roomOf(r), who, to)
}

// alias: GET /directory/room/{roomAlias} ("Room aliases").
func (f *Face) alias(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return noAlias()
}

// aliases: GET /rooms/{roomId}/aliases ("Room aliases").
func (f *Face) aliases(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if _, err := f.Rooms.For(r.Context(), you.Person, roomOf(r)); err != nil {
		return err
	}
	return reply(w, fields{"aliases": []string{}})
}

// publicRooms: GET and POST /publicRooms ("Listing rooms"). No room is listed.
func (f *Face) publicRooms(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if r.Method == http.MethodPost {
		if _, err := object(w, r); err != nil {
			return err
		}
	}
	return reply(w, fields{"chunk": []string{}, "total_room_count_estimate": 0})
}
