package matrix

import (
	"crypto/rand"
	"net/http"
	"strings"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

const passwordLogin = "m.login.password"

// identifier says who signs in (Matrix client-server API, "Identifier types"). Only user IDs are offered.
type identifier struct {
	Type string `json:"type"`
	User string `json:"user"`
}

// localpart accepts a whole user ID of this server, or the name part of one.
func (f *Face) localpart(i identifier, legacy string) (string, error) {
	user := i.User
	if i.Type != "" && i.Type != "m.id.user" {
		return "", fault.New(fault.Invalid, "Sign in with your user name. This server does not know other identifiers").WithCode("M_UNKNOWN")
	}
	if user == "" {
		user = legacy
	}
	if user == "" {
		return "", missing("identifier.user")
	}
	if who, ok := id.ParsePerson(user); ok {
		if who.Server() != f.Server {
			return "", fault.New(fault.Denied, "This user ID belongs to another server. Sign in with a user name of this one")
		}
		return who.Localpart(), nil
	}
	return strings.ToLower(user), nil
}

// loginFlows: GET /login ("Login").
func (f *Face) loginFlows(w http.ResponseWriter, r *http.Request) error {
	return reply(w, fields{"flows": []fields{{"type": passwordLogin}}})
}

// login: POST /login ("Login").
func (f *Face) login(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Type       string     `json:"type"`
		Identifier identifier `json:"identifier"`
		User       string     `json:"user"`
		Password   string     `json:"password"`
		Device     id.Device  `json:"device_id"`
		Name       string     `json:"initial_device_display_name"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.Type != passwordLogin {
		return fault.New(fault.Invalid, "This server offers sign-in with a password only").WithCode("M_UNKNOWN")
	}
	name, err := f.localpart(in.Identifier, in.User)
	if err != nil {
		return err
	}
	d, token, err := f.Accounts.SignIn(r.Context(), account.SignIn{Localpart: name, Password: in.Password, Device: in.Device, Name: in.Name})
	if err != nil {
		return err
	}
	return reply(w, f.signedInAs(d, token))
}

func (f *Face) signedInAs(d account.Device, token string) fields {
	return fields{"user_id": d.Person, "device_id": d.ID, "access_token": token, "home_server": f.Server, "well_known": f.discovery()}
}

// logout: POST /logout ("Login").
func (f *Face) logout(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := f.Accounts.SignOut(r.Context(), you.Person, you.ID); err != nil {
		return err
	}
	return reply(w, fields{})
}

// logoutAll: POST /logout/all ("Login").
func (f *Face) logoutAll(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := f.Accounts.SignOutAll(r.Context(), you.Person); err != nil {
		return err
	}
	return reply(w, fields{})
}

func (f *Face) closed() error {
	return fault.New(fault.Denied, "You cannot create an account here. Ask the service desk for one")
}

// register: POST /register ("Account registration"). Only where the operator has opened it.
func (f *Face) register(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Username string    `json:"username"`
		Password string    `json:"password"`
		Device   id.Device `json:"device_id"`
		Name     string    `json:"initial_device_display_name"`
		Inhibit  bool      `json:"inhibit_login"`
		Auth     *struct {
			Type string `json:"type"`
		} `json:"auth"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	switch kind := r.URL.Query().Get("kind"); {
	case kind == "guest":
		return fault.New(fault.Denied, "This server does not let guests in").WithCode("M_GUEST_ACCESS_FORBIDDEN")
	case kind != "" && kind != "user":
		return invalid("kind")
	case !f.OpenRegistration:
		return f.closed()
	case in.Password == "":
		return missing("a password")
	}
	if in.Auth == nil || in.Auth.Type != "m.login.dummy" {
		return ask(w, "m.login.dummy")
	}
	if in.Username == "" {
		in.Username = strings.ToLower(string(id.NewDevice(rand.Reader)))
	}
	p, err := f.Accounts.Create(r.Context(), account.Draft{Localpart: in.Username, Password: in.Password})
	if err != nil {
		return err
	}
	if in.Inhibit {
		return reply(w, fields{"user_id": p.ID})
	}
	d, token, err := f.Accounts.SignInAs(r.Context(), p.ID, account.SignIn{Device: in.Device, Name: in.Name})
	if err != nil {
		return err
	}
	return reply(w, f.signedInAs(d, token))
}

// available: GET /register/available ("Account registration").
func (f *Face) available(w http.ResponseWriter, r *http.Request) error {
	name := r.URL.Query().Get("username")
	switch {
	case !f.OpenRegistration:
		return f.closed()
	case !id.ValidLocalpart(name):
		return fault.New(fault.Invalid, "A user name has only small letters, digits and . _ = - /").WithCode("M_INVALID_USERNAME")
	}
	if who := id.NewPerson(name, f.Server); who != f.Rooms.Service() {
		_, err := f.Accounts.Get(r.Context(), who)
		if fault.Is(err, fault.NotFound) {
			return reply(w, fields{"available": true})
		} else if err != nil {
			return err
		}
	}
	return fault.New(fault.Conflict, "The user name is taken. Choose another").WithCode("M_USER_IN_USE")
}

// ask answers 401 with what somebody must do to confirm (Matrix client-server API, "User-Interactive Authentication API").
// There is one stage, so nothing has to be remembered between the requests, and the session is only a name.
func ask(w http.ResponseWriter, stage string) error {
	return write(w, http.StatusUnauthorized, fields{"session": string(id.NewDevice(rand.Reader)), "flows": []fields{{"stages": []string{stage}}}, "params": fields{}})
}

// confirmation is the auth member of a request that needs a password.
type confirmation struct {
	Type       string     `json:"type"`
	Identifier identifier `json:"identifier"`
	User       string     `json:"user"`
	Password   string     `json:"password"`
}

// confirmed reports whether a person has given their password; if not it has answered, or the error says why.
func (f *Face) confirmed(w http.ResponseWriter, r *http.Request, you account.Device, c *confirmation) (bool, error) {
	if c == nil || c.Type == "" && c.Password == "" {
		return false, ask(w, passwordLogin)
	}
	if c.Type != passwordLogin {
		return false, fault.New(fault.Invalid, "Confirm with your password. This server offers nothing else").WithCode("M_UNKNOWN")
	}
	if c.Identifier.User != "" || c.User != "" {
		name, err := f.localpart(c.Identifier, c.User)
		if err != nil {
			return false, err
		}
		if id.NewPerson(name, f.Server) != you.Person {
			return false, fault.New(fault.Denied, "Confirm with your own user name")
		}
	}
	if err := f.Accounts.Check(r.Context(), you.Person, c.Password); err != nil {
		return false, err
	}
	return true, nil
}
