package matrix_test

import (
	"slices"
	"testing"

	"winnow.org/winnow/internal/winnowtest/stage"
)

// auth is what a person gives to confirm something with their password.
func auth(password string) map[string]any {
	return map[string]any{"type": "m.login.password", "password": password, "identifier": map[string]any{"type": "m.id.user", "user": string(stage.Ann)}}
}

// asked expects the request to be answered with what is needed to confirm it.
func (a answer) asked(stage string) {
	a.t.Helper()
	if a.status != 401 || a.str("flows", 0, "stages", 0) != stage || a.str("session") == "" || a.at("errcode") != nil {
		a.t.Errorf("%s: %d %v", a.what, a.status, a.body)
	}
}

func TestRegister(t *testing.T) {
	r := sqlite(t)
	r.face.OpenRegistration = true
	r.call("", "GET", "/register/available?username=eve", nil).ok()
	r.call("", "GET", "/register/available?username=ann", nil).refused(400, "M_USER_IN_USE")
	r.call("", "GET", "/register/available?username=winnow", nil).refused(400, "M_USER_IN_USE")
	r.call("", "GET", "/register/available?username=E+ve", nil).refused(400, "M_INVALID_USERNAME")
	body := map[string]any{"username": "eve", "password": "a long enough one"}
	r.call("", "POST", "/register", body).asked("m.login.dummy")
	body["auth"] = map[string]any{"type": "m.login.dummy"}
	a := r.call("", "POST", "/register", body).ok()
	if who := r.call(a.str("access_token"), "GET", "/account/whoami", nil).ok(); who.str("user_id") != "@eve:"+stage.Host || who.str("device_id") != a.str("device_id") {
		t.Errorf("whoami %v", who.body)
	}
	r.call("", "POST", "/register", body).refused(400, "M_USER_IN_USE")
	body["username"] = "winnow"
	r.call("", "POST", "/register", body).refused(400, "M_USER_IN_USE")
	delete(body, "username")
	body["inhibit_login"] = true
	if a := r.call("", "POST", "/register", body).ok(); a.str("user_id") == "" || a.str("access_token") != "" {
		t.Errorf("%v", a.body)
	}
}

func TestPasswordAndDevices(t *testing.T) {
	r := sqlite(t)
	ann, other := r.signIn(stage.Ann), r.signIn(stage.Ann)
	mine := ann.get("/account/whoami").str("device_id")
	theirs := other.get("/account/whoami").str("device_id")
	path := "/devices/" + theirs
	r.call(ann.token, "DELETE", path, nil).asked("m.login.password")
	r.call(ann.token, "DELETE", path, map[string]any{"auth": auth("wrong")}).refused(403, "M_FORBIDDEN")
	other.get("/account/whoami").ok()
	r.call(ann.token, "DELETE", path, map[string]any{"auth": auth(stage.Password)}).ok()
	other.get("/account/whoami").refused(401, "M_UNKNOWN_TOKEN")

	other = r.signIn(stage.Ann)
	theirs = other.get("/account/whoami").str("device_id")
	ann.post("/delete_devices", map[string]any{"devices": []string{theirs}}).asked("m.login.password")
	ann.post("/delete_devices", map[string]any{"devices": []string{theirs, "NONE"}, "auth": auth(stage.Password)}).ok()
	other.get("/account/whoami").refused(401, "M_UNKNOWN_TOKEN")

	other = r.signIn(stage.Ann)
	ann.post("/account/password", map[string]any{"new_password": "another long one"}).asked("m.login.password")
	ann.post("/account/password", map[string]any{"new_password": "another long one", "auth": auth("wrong")}).refused(403, "M_FORBIDDEN")
	notAnn := auth(stage.Password)
	notAnn["identifier"] = map[string]any{"type": "m.id.user", "user": "bob"}
	ann.post("/account/password", map[string]any{"new_password": "another long one", "auth": notAnn}).refused(403, "M_FORBIDDEN")
	ann.post("/account/password", map[string]any{"new_password": "another long one", "auth": auth(stage.Password)}).ok()
	other.get("/account/whoami").refused(401, "M_UNKNOWN_TOKEN")
	if d := ann.get("/devices").ok().list("devices"); len(d) != 1 || at(d[0], "device_id") != mine {
		t.Errorf("devices %v", d)
	}
	r.call("", "POST", "/login", auth(stage.Password)).refused(403, "M_FORBIDDEN")
	again := auth("another long one")
	again["device_id"] = mine
	if a := r.call("", "POST", "/login", again).ok(); a.str("device_id") != mine || a.str("well_known", "m.homeserver", "base_url") != r.url {
		t.Errorf("login %v", a.body)
	}
	ann.get("/account/whoami").refused(401, "M_UNKNOWN_TOKEN") // the device has a new token
	r.call("", "GET", "/login", nil).ok()
}

func TestAccountData(t *testing.T) {
	r := sqlite(t)
	ann, also := r.signIn(stage.Ann), r.signIn(stage.Ann)
	if first := types(also.sync().list("account_data", "events")); !slices.Equal(first, []string{"m.push_rules"}) {
		t.Errorf("at first %q", first)
	}
	me := "/user/" + esc(stage.Ann)
	ann.put(me+"/account_data/m.direct", map[string]any{string(stage.Bob): []string{string(r.Room)}}).ok()
	ann.put(me+"/rooms/"+esc(r.Room)+"/account_data/org.example.x", map[string]any{"x": 1}).ok()
	a := also.sync()
	if d := a.list("account_data", "events"); len(d) != 1 || at(d[0], "content", string(stage.Bob), 0) != string(r.Room) {
		t.Errorf("account data %v", d)
	}
	if d := roomPart(a, "join", r.Room, "account_data", "events"); len(d) != 1 || at(d[0], "content", "x") != 1.0 {
		t.Errorf("room account data %v", d)
	}
	if n := len(also.sync().list("account_data", "events")); n != 0 {
		t.Errorf("%d come twice", n)
	}
	ann.put(me+"/rooms/"+esc(r.Room)+"/tags/m.favourite", map[string]any{"order": 0}).ok()
	ann.put(me+"/rooms/"+esc(r.Room)+"/tags/u.work", nil).ok()
	if a := r.call(ann.token, "DELETE", me+"/rooms/"+esc(r.Room)+"/tags/m.favourite", nil); a.status != 200 {
		t.Errorf("%v", a.body)
	}
	if tags := ann.get("%s/rooms/%s/tags", me, esc(r.Room)).ok().at("tags").(map[string]any); len(tags) != 1 || tags["u.work"] == nil {
		t.Errorf("tags %v", tags)
	}
	if d := ann.get("%s/account_data/m.direct", me).ok(); d.at(string(stage.Bob)) == nil {
		t.Errorf("m.direct %v", d.body)
	}
	if rules := ann.get("%s/account_data/m.push_rules", me).ok(); len(rules.list("global", "override")) < 10 {
		t.Errorf("push rules %v", rules.body)
	}
}

// What clients ask when they start is answered, so that they start.
func TestStart(t *testing.T) {
	r := sqlite(t)
	ann := r.signIn(stage.Ann)
	for _, path := range []string{"/_matrix/client/versions", "/.well-known/matrix/client", "/login", "/capabilities", "/pushers", "/voip/turnServer", "/thirdparty/protocols",
		"/_matrix/media/v3/config", "/_matrix/client/v1/media/config", "/joined_rooms", "/publicRooms", "/account/3pid", "/keys/changes?from=s1&to=s2",
		"/_matrix/client/r0/sync", "/pushrules/", "/rooms/" + esc(r.Room) + "/aliases"} {
		r.call(ann.token, "GET", path, nil).ok()
	}
	for _, path := range []string{"/keys/upload", "/keys/query", "/keys/claim", "/publicRooms"} {
		ann.post(path, map[string]any{}).ok()
	}
	if a := ann.get("/joined_rooms"); !slices.Equal(a.list("joined_rooms"), []any{string(r.Room)}) {
		t.Errorf("rooms %v", a.body)
	}
	w := r.call("", "GET", "/.well-known/matrix/client", nil)
	if w.str("m.homeserver", "base_url") != r.url || w.at("io.element.e2ee", "force_disable") != true {
		t.Errorf("well-known %v", w.body)
	}
	r.call("", "GET", "/_matrix/client/v3/sync?access_token="+ann.token, nil).ok()
}
