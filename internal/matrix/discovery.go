package matrix

import (
	"encoding/json"
	"net/http"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
)

// versions: GET /_matrix/client/versions ("API versions"). A version is listed when all that it has and that Winnow offers at all
// behaves as it says; what is not offered answers M_UNRECOGNIZED, as the specification wants.
func (f *Face) versions(w http.ResponseWriter, r *http.Request) error {
	return reply(w, fields{"versions": []string{"v1.1", "v1.2", "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8", "v1.9", "v1.10", "v1.11", "v1.12",
		"v1.13", "v1.14", "v1.15", "v1.16"}, "unstable_features": fields{}})
}

func (f *Face) discovery() fields {
	return fields{
		"m.homeserver": fields{"base_url": f.BaseURL},
		// Element asks this before it makes a room: Winnow refuses encryption, and says why.
		"io.element.e2ee": fields{"default": false, "force_disable": true},
	}
}

// wellKnown: GET /.well-known/matrix/client ("Server Discovery").
func (f *Face) wellKnown(w http.ResponseWriter, r *http.Request) error {
	return reply(w, f.discovery())
}

// empty answers calls of which Winnow has nothing to say: GET /voip/turnServer ("Voice over IP"), GET /thirdparty/protocols
// ("Third-party Lookups").
func (f *Face) empty(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return reply(w, fields{})
}

// mediaConfig: GET /media/config ("Content Repository"). Files cannot be sent through this API.
func (f *Face) mediaConfig(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return reply(w, fields{"m.upload.size": 0})
}

// pushers: GET /pushers ("Push Notifications"). Nobody is told by push: a gateway would learn who talks to whom, and when.
func (f *Face) pushers(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return reply(w, fields{"pushers": []string{}})
}

// keysUpload: POST /keys/upload ("End-to-End Encryption"). Winnow has no encrypted rooms, so a client's keys have no use; they are
// not kept, and no count of them is given. The call is there because clients make it when they sign in.
func (f *Face) keysUpload(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if _, err := object(w, r); err != nil {
		return err
	}
	return reply(w, fields{"one_time_key_counts": fields{}})
}

// keysQuery: POST /keys/query ("End-to-End Encryption"). Nobody has keys.
func (f *Face) keysQuery(w http.ResponseWriter, r *http.Request, you account.Device) error {
	var in struct {
		Devices map[string]json.RawMessage `json:"device_keys"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return reply(w, fields{"device_keys": fields{}, "failures": fields{}})
}

// keysClaim: POST /keys/claim ("End-to-End Encryption"). There are none to claim.
func (f *Face) keysClaim(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if _, err := object(w, r); err != nil {
		return err
	}
	return reply(w, fields{"one_time_keys": fields{}, "failures": fields{}})
}

// keysChanges: GET /keys/changes ("End-to-End Encryption").
func (f *Face) keysChanges(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return reply(w, fields{"changed": []string{}, "left": []string{}})
}

// noBackup: GET /room_keys/version ("Server-side key backups").
func (f *Face) noBackup(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return fault.New(fault.NotFound, "There is no backup of keys: Winnow has no encrypted rooms")
}

// noToDevice: PUT /sendToDevice/{eventType}/{txnId} ("Send-to-Device messaging"). It would be a way to talk that no session, no
// mark and no preservation notice covers.
func (f *Face) noToDevice(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return fault.New(fault.Denied, "Devices cannot send to each other directly here. Send a message to a conversation instead")
}
