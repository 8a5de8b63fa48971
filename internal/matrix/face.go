// Package matrix is the face for Matrix clients: the client-server API (https://spec.matrix.org, "Client-Server API"), for phones,
// desktops and bots that exist. Wire types live and die here.
//
// A handler reads the request, makes one domain call, and answers; it returns an error, which one wrapper answers. Content
// never stands in a string, in encoding/json or in a log: it is taken from the wire into locked memory and given to package
// session, and answers with content are written straight into a wire.Out. index.txt says what is supported, and what is not and why.
package matrix

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
)

// Bell wakes those who wait for news of a person. A lost ring costs a delay: waiters read again from time to time.
type Bell interface {
	Listen(who id.Person) (rung <-chan struct{}, stop func())
	Listening(who id.Person) int
	Ring(who ...id.Person)
}

// Face is the Matrix API of a server. Its fields are set before the first call.
type Face struct {
	Accounts         *account.Accounts
	Rooms            *room.Rooms
	Sessions         *session.Sessions
	Bell             Bell
	Arena            *vault.Arena
	Server           string // the part of user IDs after the colon
	BaseURL          string // the server's public address, without a slash at the end
	OpenRegistration bool   // anybody who can reach the server may register
	Now              func() time.Time
	Log              *slog.Logger
	Stopping         <-chan struct{} // closed when the server stops: long polls end; nil: never

	once  sync.Once
	large chan struct{} // see largeBody
}

// v3 begins the paths of most calls. Older clients say r0 instead, with the same meaning, which Handler accepts.
const v3 = "/_matrix/client/v3"

// Handler returns the handler of everything below /_matrix/ and of /.well-known/matrix/client. It must be served by a wire.Server.
func (f *Face) Handler() http.Handler {
	f.once.Do(func() { f.large = make(chan struct{}, max(1, f.Arena.Stats().Large.Total/4)) })
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { unrecognized(w, http.StatusNotFound) })
	methods := map[string]map[string]public{}
	for route, h := range f.routes() {
		method, path, _ := strings.Cut(route, " ")
		if methods[path] == nil {
			methods[path] = map[string]public{}
		}
		methods[path][method] = h
	}
	for path, by := range methods {
		h := f.choose(path, by)
		mux.HandleFunc(path, h)
		if rest, ok := strings.CutPrefix(path, v3); ok {
			mux.HandleFunc("/_matrix/client/r0"+rest, h)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cors(w)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusOK)
			return
		}
		// Identifiers hold any character, also as %2F: the path is matched as it was sent, and its parts are decoded by part.
		path := r.URL.EscapedPath()
		if strings.Contains(path+"/", "/./") || strings.Contains(path+"/", "/../") || strings.Contains(path, "//") {
			unrecognized(w, http.StatusNotFound)
			return
		}
		u, sent := *r.URL, *r
		u.Path, u.RawPath = path, ""
		sent.URL = &u
		mux.ServeHTTP(w, &sent)
	})
}

// choose answers with the handler for the request's method, and answers its error.
func (f *Face) choose(route string, by map[string]public) http.HandlerFunc {
	allow := strings.Join(slices.Sorted(maps.Keys(by)), ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		h := by[method]
		if h == nil {
			w.Header().Set("Allow", allow)
			unrecognized(w, http.StatusMethodNotAllowed)
			return
		}
		if err := h(w, r); err != nil {
			f.fail(w, r, route, err)
		}
	}
}

// routes is the table of contents.
func (f *Face) routes() map[string]public {
	in := f.signedIn
	return map[string]public{
		// Discovery and signing in
		"GET /.well-known/matrix/client":     f.wellKnown,
		"GET /_matrix/client/versions":       f.versions,
		"GET " + v3 + "/login":               f.loginFlows,
		"POST " + v3 + "/login":              f.login,
		"POST " + v3 + "/logout":             in(f.logout),
		"POST " + v3 + "/logout/all":         in(f.logoutAll),
		"POST " + v3 + "/register":           f.register,
		"GET " + v3 + "/register/available":  f.available,
		"GET " + v3 + "/account/whoami":      in(f.whoami),
		"POST " + v3 + "/account/password":   in(f.password),
		"GET " + v3 + "/account/3pid":        in(f.noThirdParties),
		"GET " + v3 + "/capabilities":        in(f.capabilities),
		"GET " + v3 + "/devices":             in(f.devices),
		"GET " + v3 + "/devices/{device}":    in(f.device),
		"PUT " + v3 + "/devices/{device}":    in(f.nameDevice),
		"DELETE " + v3 + "/devices/{device}": in(f.deleteDevice),
		"POST " + v3 + "/delete_devices":     in(f.deleteDevices),

		// People
		"GET " + v3 + "/profile/{user}":             in(f.profile),
		"GET " + v3 + "/profile/{user}/displayname": in(f.displayName),
		"PUT " + v3 + "/profile/{user}/displayname": in(f.setDisplayName),
		"GET " + v3 + "/profile/{user}/avatar_url":  in(f.avatar),
		"PUT " + v3 + "/profile/{user}/avatar_url":  in(f.setAvatar),
		"POST " + v3 + "/user_directory/search":     in(f.searchPeople),
		"GET " + v3 + "/presence/{user}/status":     in(f.presence),
		"PUT " + v3 + "/presence/{user}/status":     in(f.setPresence),

		// What clients keep for themselves
		"GET " + v3 + "/user/{user}/account_data/{type}":              in(f.data),
		"PUT " + v3 + "/user/{user}/account_data/{type}":              in(f.putData),
		"GET " + v3 + "/user/{user}/rooms/{room}/account_data/{type}": in(f.data),
		"PUT " + v3 + "/user/{user}/rooms/{room}/account_data/{type}": in(f.putData),
		"GET " + v3 + "/user/{user}/rooms/{room}/tags":                in(f.tags),
		"PUT " + v3 + "/user/{user}/rooms/{room}/tags/{tag}":          in(f.putTag),
		"DELETE " + v3 + "/user/{user}/rooms/{room}/tags/{tag}":       in(f.deleteTag),
		"POST " + v3 + "/user/{user}/filter":                          in(f.putFilter),
		"GET " + v3 + "/user/{user}/filter/{filter}":                  in(f.filter),
		"GET " + v3 + "/pushrules/{$}":                                in(f.pushRules),
		"GET " + v3 + "/pushrules/global/{$}":                         in(f.globalPushRules),
		"GET " + v3 + "/pushers":                                      in(f.pushers),

		// Rooms
		"POST " + v3 + "/createRoom":                        in(f.createRoom),
		"GET " + v3 + "/joined_rooms":                       in(f.joinedRooms),
		"POST " + v3 + "/join/{room}":                       in(f.join),
		"POST " + v3 + "/rooms/{room}/join":                 in(f.join),
		"POST " + v3 + "/rooms/{room}/leave":                in(f.leave),
		"POST " + v3 + "/rooms/{room}/forget":               in(f.forgetRoom),
		"POST " + v3 + "/rooms/{room}/invite":               in(f.invite),
		"POST " + v3 + "/rooms/{room}/kick":                 in(f.kick),
		"POST " + v3 + "/rooms/{room}/ban":                  in(f.ban),
		"POST " + v3 + "/rooms/{room}/unban":                in(f.unban),
		"GET " + v3 + "/rooms/{room}/members":               in(f.members),
		"GET " + v3 + "/rooms/{room}/joined_members":        in(f.joinedMembers),
		"GET " + v3 + "/rooms/{room}/state":                 in(f.state),
		"GET " + v3 + "/rooms/{room}/state/{type}":          in(f.stateEvent),
		"GET " + v3 + "/rooms/{room}/state/{type}/{key...}": in(f.stateEvent),
		"PUT " + v3 + "/rooms/{room}/state/{type}":          in(f.setState),
		"PUT " + v3 + "/rooms/{room}/state/{type}/{key...}": in(f.setState),
		"GET " + v3 + "/directory/room/{alias}":             in(f.alias),
		"GET " + v3 + "/rooms/{room}/aliases":               in(f.aliases),
		"GET " + v3 + "/publicRooms":                        in(f.publicRooms),
		"POST " + v3 + "/publicRooms":                       in(f.publicRooms),

		// Talk
		"GET " + v3 + "/sync":                                                in(f.sync),
		"PUT " + v3 + "/rooms/{room}/send/{type}/{txn}":                      in(f.sendEvent),
		"PUT " + v3 + "/rooms/{room}/redact/{event}/{txn}":                   in(f.redact),
		"POST " + v3 + "/rooms/{room}/receipt/{kind}/{event}":                in(f.receipt),
		"POST " + v3 + "/rooms/{room}/read_markers":                          in(f.readMarkers),
		"PUT " + v3 + "/rooms/{room}/typing/{user}":                          in(f.typing),
		"GET " + v3 + "/rooms/{room}/messages":                               in(f.messages),
		"GET " + v3 + "/rooms/{room}/event/{event}":                          in(f.oneEvent),
		"GET " + v3 + "/rooms/{room}/context/{event}":                        in(f.context),
		"GET /_matrix/client/v1/rooms/{room}/relations/{event}":              in(f.relations),
		"GET /_matrix/client/v1/rooms/{room}/relations/{event}/{rel}":        in(f.relations),
		"GET /_matrix/client/v1/rooms/{room}/relations/{event}/{rel}/{type}": in(f.relations),

		// What clients ask for and Winnow has none of
		"POST " + v3 + "/keys/upload":              in(f.keysUpload),
		"POST " + v3 + "/keys/query":               in(f.keysQuery),
		"POST " + v3 + "/keys/claim":               in(f.keysClaim),
		"GET " + v3 + "/keys/changes":              in(f.keysChanges),
		"GET " + v3 + "/room_keys/version":         in(f.noBackup),
		"PUT " + v3 + "/sendToDevice/{type}/{txn}": in(f.noToDevice),
		"GET " + v3 + "/voip/turnServer":           in(f.empty),
		"GET " + v3 + "/thirdparty/protocols":      in(f.empty),
		"GET /_matrix/media/v3/config":             in(f.mediaConfig),
		"GET /_matrix/client/v1/media/config":      in(f.mediaConfig),
	}
}
