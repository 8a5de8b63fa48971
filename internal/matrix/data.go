package matrix

import (
	"context"
	"encoding/json"
	"net/http"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// Account data that the server writes itself.
const (
	fullyRead = "m.fully_read"
	pushRules = "m.push_rules"
	tagsData  = "m.tag"
)

// data: GET /user/{userId}/account_data/{type} and /user/{userId}/rooms/{roomId}/account_data/{type} ("Client Config").
func (f *Face) data(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := yourself(r, you); err != nil {
		return err
	}
	if part(r, "type") == pushRules && roomOf(r) == "" {
		return reply(w, rulesOf(you.Person))
	}
	d, err := f.Accounts.Data(r.Context(), you.Person, roomOf(r), part(r, "type"))
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "There is no account data of this type")
	} else if err != nil {
		return err
	}
	return reply(w, json.RawMessage(d.Content))
}

// putData: PUT of the same ("Client Config").
func (f *Face) putData(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := yourself(r, you); err != nil {
		return err
	}
	content, err := object(w, r)
	if err != nil {
		return err
	}
	if t := part(r, "type"); t == fullyRead || t == pushRules {
		return write(w, http.StatusMethodNotAllowed, fields{"errcode": "M_BAD_JSON", "error": "This account data has a call of its own"})
	}
	if err := f.keep(r.Context(), you.Person, roomOf(r), part(r, "type"), content); err != nil {
		return err
	}
	return reply(w, fields{})
}

// keep writes an item of account data at a position of its own and wakes the person's other clients. For a room, they
// must be in it.
func (f *Face) keep(ctx context.Context, who id.Person, room id.Room, kind string, content []byte) error {
	if room != "" {
		if _, err := f.Rooms.For(ctx, who, room); err != nil {
			return err
		}
	}
	d := account.Data{Room: room, Kind: kind, Content: content}
	if err := d.Check(); err != nil {
		return err
	}
	pos, done, err := f.Rooms.Order.Take(ctx, 1)
	if err != nil {
		return err
	}
	d.Pos = pos
	err = f.Accounts.PutData(ctx, who, d)
	done()
	if err == nil {
		f.Bell.Ring(who)
	}
	return err
}

type tagged struct {
	Tags map[string]json.RawMessage `json:"tags"`
}

func (f *Face) tagsOf(r *http.Request, you account.Device) (t tagged, err error) {
	t.Tags = map[string]json.RawMessage{}
	if err := yourself(r, you); err != nil {
		return t, err
	}
	d, err := f.Accounts.Data(r.Context(), you.Person, roomOf(r), tagsData)
	if err == nil && json.Unmarshal(d.Content, &t) != nil || t.Tags == nil {
		t.Tags = map[string]json.RawMessage{} // a client wrote something else there
	}
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return t, err
}

// tags: GET /user/{userId}/rooms/{roomId}/tags ("Room Tagging").
func (f *Face) tags(w http.ResponseWriter, r *http.Request, you account.Device) error {
	t, err := f.tagsOf(r, you)
	if err != nil {
		return err
	}
	return reply(w, t)
}

// putTag: PUT /user/{userId}/rooms/{roomId}/tags/{tag} ("Room Tagging").
func (f *Face) putTag(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return f.tag(w, r, you, func(t tagged, tag json.RawMessage) { t.Tags[part(r, "tag")] = tag })
}

// deleteTag: DELETE of the same.
func (f *Face) deleteTag(w http.ResponseWriter, r *http.Request, you account.Device) error {
	return f.tag(w, r, you, func(t tagged, _ json.RawMessage) { delete(t.Tags, part(r, "tag")) })
}

func (f *Face) tag(w http.ResponseWriter, r *http.Request, you account.Device, change func(tagged, json.RawMessage)) error {
	tag, err := object(w, r)
	if err != nil {
		return err
	}
	t, err := f.tagsOf(r, you)
	if err != nil {
		return err
	}
	change(t, tag)
	content, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := f.keep(r.Context(), you.Person, roomOf(r), tagsData, content); err != nil {
		return err
	}
	return reply(w, fields{})
}
