package matrix

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// filter is the part of a client's filter that is honoured (Matrix client-server API, "Filtering"). The rest only ever asks for
// less than is sent: lazy-loaded members, chosen fields, left rooms.
type filter struct {
	AccountData eventFilter `json:"account_data"`
	Room        struct {
		Rooms       []id.Room   `json:"rooms"`
		NotRooms    []id.Room   `json:"not_rooms"`
		AccountData eventFilter `json:"account_data"`
		Ephemeral   eventFilter `json:"ephemeral"`
		State       eventFilter `json:"state"`
		Timeline    eventFilter `json:"timeline"`
	} `json:"room"`
}

// eventFilter is an EventFilter, or the like part of a RoomEventFilter.
type eventFilter struct {
	Limit      *int        `json:"limit"`
	Types      []string    `json:"types"`
	NotTypes   []string    `json:"not_types"`
	Senders    []id.Person `json:"senders"`
	NotSenders []id.Person `json:"not_senders"`
	Rooms      []id.Room   `json:"rooms"`
	NotRooms   []id.Room   `json:"not_rooms"`
}

const (
	usualTimeline = 20 // events of a room in one sync, unless the client asks for another number
	mostTimeline  = 200
)

func (e eventFilter) limit(usual, most int) int {
	if e.Limit == nil || *e.Limit < 1 {
		return usual
	}
	return min(*e.Limit, most)
}

func (e eventFilter) wants(typ string, sender id.Person) bool {
	return wanted(e.Types, e.NotTypes, func(p string) bool { return matches(p, typ) }) &&
		wanted(e.Senders, e.NotSenders, func(p id.Person) bool { return p == sender })
}

func (e eventFilter) wantsRoom(r id.Room) bool {
	return wanted(e.Rooms, e.NotRooms, func(x id.Room) bool { return x == r })
}

func (f filter) wantsRoom(r id.Room) bool {
	return wanted(f.Room.Rooms, f.Room.NotRooms, func(x id.Room) bool { return x == r })
}

// wanted: what is in not is out, even if it is in these too; without these everything else is in.
func wanted[T any](these, not []T, is func(T) bool) bool {
	return !slices.ContainsFunc(not, is) && (these == nil || slices.ContainsFunc(these, is))
}

// matches reports whether a type fits a pattern, in which * stands for any characters.
func matches(pattern, typ string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == typ
	}
	rest, ok := strings.CutPrefix(typ, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, p); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, last)
}

// filterOf reads the filter of a request: the name of one that was kept, or the filter itself.
func (f *Face) filterOf(r *http.Request, who id.Person) (found filter, err error) {
	raw := []byte(r.URL.Query().Get("filter"))
	switch {
	case len(raw) == 0:
		return found, nil
	case raw[0] != '{':
		if raw, err = f.Accounts.Filter(r.Context(), who, string(raw)); fault.Is(err, fault.NotFound) {
			return found, fault.New(fault.NotFound, "There is no such filter. Send it again")
		} else if err != nil {
			return found, err
		}
	}
	return found, parseFilter(raw, &found)
}

func parseFilter(raw []byte, into any) error {
	if json.Unmarshal(raw, into) != nil {
		return fault.New(fault.Invalid, "The filter is not of the form that the specification says").WithCode("M_BAD_JSON")
	}
	return nil
}

// putFilter: POST /user/{userId}/filter ("Filtering").
func (f *Face) putFilter(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := yourself(r, you); err != nil {
		return err
	}
	raw, err := object(w, r)
	if err != nil {
		return err
	}
	if err := parseFilter(raw, new(filter)); err != nil {
		return err
	}
	name, err := f.Accounts.PutFilter(r.Context(), you.Person, raw)
	if err != nil {
		return err
	}
	return reply(w, fields{"filter_id": name})
}

// filter: GET /user/{userId}/filter/{filterId} ("Filtering").
func (f *Face) filter(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := yourself(r, you); err != nil {
		return err
	}
	raw, err := f.Accounts.Filter(r.Context(), you.Person, part(r, "filter"))
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "There is no such filter")
	} else if err != nil {
		return err
	}
	return reply(w, json.RawMessage(raw))
}
