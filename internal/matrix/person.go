package matrix

import (
	"net/http"
	"strings"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
)

// whoami: GET /account/whoami ("Current account information").
func (f *Face) whoami(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return reply(w, fields{"user_id": you.Person, "device_id": you.ID, "is_guest": false})
}

// password: POST /account/password ("Account management"). Other devices are always signed out: a new password is for
// when somebody else may know the old one.
func (f *Face) password(w http.ResponseWriter, r *http.Request, you account.Device) error {
	var in struct {
		Password string        `json:"new_password"`
		Auth     *confirmation `json:"auth"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.Password == "" {
		return missing("new_password")
	}
	if ok, err := f.confirmed(w, r, you, in.Auth); !ok {
		return err
	}
	if err := f.Accounts.SetPassword(r.Context(), you.Person, in.Password, you.ID); err != nil {
		return err
	}
	return reply(w, fields{})
}

// noThirdParties: GET /account/3pid ("Adding Account Administrative Contact Information"). There is none.
func (f *Face) noThirdParties(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return reply(w, fields{"threepids": []string{}})
}

// capabilities: GET /capabilities ("Capabilities negotiation").
func (f *Face) capabilities(w http.ResponseWriter, r *http.Request, you account.Device) error {
	yes, no := fields{"enabled": true}, fields{"enabled": false}
	return reply(w, fields{"capabilities": fields{
		"m.change_password": yes,
		"m.room_versions":   fields{"default": room.Version, "available": fields{room.Version: "stable"}},
		"m.set_displayname": yes,
		"m.set_avatar_url":  no,
		"m.profile_fields":  fields{"enabled": true, "allowed": []string{"displayname"}},
		"m.3pid_changes":    no,
		"m.get_login_token": no,
	}})
}

func describe(d account.Device) fields {
	return fields{"device_id": d.ID, "display_name": d.Name}
}

// devices: GET /devices ("Device Management").
func (f *Face) devices(w http.ResponseWriter, r *http.Request, you account.Device) error {
	all, err := f.Accounts.Devices(r.Context(), you.Person)
	if err != nil {
		return err
	}
	found := []fields{}
	for _, d := range all {
		found = append(found, describe(d))
	}
	return reply(w, fields{"devices": found})
}

func (f *Face) deviceOf(r *http.Request, you account.Device) (account.Device, error) {
	all, err := f.Accounts.Devices(r.Context(), you.Person)
	if err != nil {
		return account.Device{}, err
	}
	for _, d := range all {
		if string(d.ID) == part(r, "device") {
			return d, nil
		}
	}
	return account.Device{}, fault.New(fault.NotFound, "You have no such device")
}

// device: GET /devices/{deviceId} ("Device Management").
func (f *Face) device(w http.ResponseWriter, r *http.Request, you account.Device) error {
	d, err := f.deviceOf(r, you)
	if err != nil {
		return err
	}
	return reply(w, describe(d))
}

// nameDevice: PUT /devices/{deviceId} ("Device Management").
func (f *Face) nameDevice(w http.ResponseWriter, r *http.Request, you account.Device) error {
	var in struct {
		Name *string `json:"display_name"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	d, err := f.deviceOf(r, you)
	if err != nil {
		return err
	}
	if in.Name != nil {
		if err := f.Accounts.NameDevice(r.Context(), you.Person, d.ID, *in.Name); err != nil {
			return err
		}
	}
	return reply(w, fields{})
}

// deleteDevice: DELETE /devices/{deviceId} ("Device Management").
func (f *Face) deleteDevice(w http.ResponseWriter, r *http.Request, you account.Device) error {
	var in struct {
		Auth *confirmation `json:"auth"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return f.signOut(w, r, you, in.Auth, []id.Device{id.Device(part(r, "device"))})
}

// deleteDevices: POST /delete_devices ("Device Management").
func (f *Face) deleteDevices(w http.ResponseWriter, r *http.Request, you account.Device) error {
	var in struct {
		Devices []id.Device   `json:"devices"`
		Auth    *confirmation `json:"auth"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.Devices == nil {
		return missing("devices")
	}
	return f.signOut(w, r, you, in.Auth, in.Devices)
}

// signOut ends sign-ins. One that is not there is no error.
func (f *Face) signOut(w http.ResponseWriter, r *http.Request, you account.Device, c *confirmation, all []id.Device) error {
	if ok, err := f.confirmed(w, r, you, c); !ok {
		return err
	}
	for _, d := range all {
		if err := f.Accounts.SignOut(r.Context(), you.Person, d); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return reply(w, fields{})
}

// nameOf returns what a person of this server is called; also the service user.
func (f *Face) nameOf(r *http.Request) (string, error) {
	who := id.Person(part(r, "user"))
	if who == f.Rooms.Service() {
		return "Winnow", nil
	}
	p, err := f.Accounts.Get(r.Context(), who)
	return p.Name, err
}

// profile: GET /profile/{userId} ("Profiles").
func (f *Face) profile(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return f.displayName(w, r, you)
}

// displayName: GET /profile/{userId}/displayname ("Profiles").
func (f *Face) displayName(w http.ResponseWriter, r *http.Request, you account.Device) error {
	name, err := f.nameOf(r)
	if err != nil {
		return err
	}
	return reply(w, fields{"displayname": name})
}

// setDisplayName: PUT /profile/{userId}/displayname ("Profiles"). The rooms are told.
func (f *Face) setDisplayName(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := yourself(r, you); err != nil {
		return err
	}
	var in struct {
		Name string `json:"displayname"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if err := f.Accounts.SetName(r.Context(), you.Person, in.Name); err != nil {
		return err
	}
	p, err := f.Accounts.Get(r.Context(), you.Person)
	if err != nil {
		return err
	}
	if err := f.Rooms.Rename(r.Context(), you.Person, p.Name); err != nil {
		return err
	}
	return reply(w, fields{})
}

// avatar: GET /profile/{userId}/avatar_url ("Profiles"). Nobody has one.
func (f *Face) avatar(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if _, err := f.nameOf(r); err != nil {
		return err
	}
	return fault.New(fault.NotFound, "This person has no picture")
}

// setAvatar: PUT /profile/{userId}/avatar_url ("Profiles").
func (f *Face) setAvatar(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := yourself(r, you); err != nil {
		return err
	}
	return fault.New(fault.Denied, "This server does not keep pictures of people")
}

// searchPeople: POST /user_directory/search ("User Directory").
func (f *Face) searchPeople(w http.ResponseWriter, r *http.Request, you account.Device) error {
	in := struct {
		Term  string `json:"search_term"`
		Limit int    `json:"limit"`
	}{Limit: 10}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.Limit < 0 {
		return invalid("limit")
	}
	all, err := f.Accounts.List(r.Context())
	if err != nil {
		return err
	}
	found, limited, term := []fields{}, false, strings.ToLower(strings.TrimSpace(in.Term))
	for _, p := range all {
		if p.Disabled || !strings.Contains(strings.ToLower(p.Name), term) && !strings.Contains(string(p.ID), term) {
			continue
		}
		if len(found) == min(in.Limit, 100) {
			limited = true
			break
		}
		found = append(found, fields{"user_id": p.ID, "display_name": p.Name})
	}
	return reply(w, fields{"results": found, "limited": limited})
}

// presence: GET /presence/{userId}/status ("Presence"). Somebody is online while a client of theirs waits for news; more is
// not kept of anybody's comings and goings.
func (f *Face) presence(w http.ResponseWriter, r *http.Request, you account.Device) error {
	who := id.Person(part(r, "user"))
	if _, err := f.nameOf(r); err != nil {
		return err
	}
	if f.Bell.Listening(who) > 0 {
		return reply(w, fields{"presence": "online", "currently_active": true})
	}
	return reply(w, fields{"presence": "offline"})
}

// setPresence: PUT /presence/{userId}/status ("Presence"). It is checked and not kept: see presence.
func (f *Face) setPresence(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := yourself(r, you); err != nil {
		return err
	}
	var in struct {
		Presence string `json:"presence"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	switch in.Presence {
	case "online", "offline", "unavailable":
		return reply(w, fields{})
	}
	return badJSON()
}
