package room

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"winnow.org/winnow/internal/id"
)

// Key is a state event's type and state key.
type Key struct{ Type, Key string }

// Snapshot is a room at one moment. It never changes; a change makes a new one.
type Snapshot struct {
	ID      id.Room
	State   map[Key]Event
	Members map[id.Person]Member
	power   power
	shared  bool // everybody in the room sees all of it; read once, for it is asked of every event
}

func newSnapshot(room id.Room, state []Event, members []Member) *Snapshot {
	s := &Snapshot{ID: room, State: map[Key]Event{}, Members: map[id.Person]Member{}}
	for _, e := range state {
		s.State[Key{e.Type, *e.Key}] = e
	}
	for _, m := range members {
		s.Members[m.Person] = m
	}
	s.power = s.readPower()
	v := s.Visibility()
	s.shared = v == "shared" || v == "world_readable"
	return s
}

// field reads one string of a state event's content.
func (s *Snapshot) field(typ, key, name string) string {
	var c map[string]json.RawMessage
	if json.Unmarshal(s.State[Key{typ, key}].Content, &c) != nil {
		return ""
	}
	var v string
	json.Unmarshal(c[name], &v)
	return v
}

// Version is the room version (Matrix specification, "Room versions").
func (s *Snapshot) Version() string { return s.field("m.room.create", "", "room_version") }

// GivenName is the name that somebody gave the room; empty if nobody did.
func (s *Snapshot) GivenName() string { return s.field("m.room.name", "", "name") }

// Topic is the room's topic.
func (s *Snapshot) Topic() string { return s.field("m.room.topic", "", "topic") }

// JoinRule is who may join: "invite", "public", …
func (s *Snapshot) JoinRule() string { return s.field("m.room.join_rules", "", "join_rule") }

// Visibility is the history visibility; "joined" if nothing else was set: whoever joins sees what is said from then on.
func (s *Snapshot) Visibility() string {
	if v := s.field("m.room.history_visibility", "", "history_visibility"); v != "" {
		return v
	}
	return "joined"
}

// Folder is where in the drive the room's notes go: the place that was set, or one named after the room or the people in it.
func (s *Snapshot) Folder() string {
	if f := s.field(FolderType, "", "folder"); f != "" {
		return f
	}
	if f := folderName(s.GivenName()); f != "" {
		return f
	}
	var names []string
	for _, who := range s.Joined() {
		names = append(names, s.Members[who].Name)
	}
	if f := folderName(strings.Join(names, " and ")); f != "" {
		return f
	}
	return "Notes"
}

// folderName keeps of a name what may stand in a folder's name everywhere.
func folderName(name string) string {
	kept := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c) || strings.ContainsRune("-,&'()", c) {
			return c
		}
		return ' '
	}, name)
	words := []rune(strings.Join(strings.Fields(kept), " "))
	return strings.TrimSpace(string(words[:min(len(words), 50)]))
}

// FolderType is the state event that says where in the drive a room's notes go.
const FolderType = "org.winnow.folder"

// Direct reports whether the room was made as a direct chat.
func (s *Snapshot) Direct() bool { return s.field(DirectType, "", "with") != "" }

// DirectType is the state event of a direct chat.
const DirectType = "org.winnow.direct"

// Joined returns who is in the room, in the order of their IDs.
func (s *Snapshot) Joined() []id.Person { return s.in(Joined) }

// Invited returns who has been invited.
func (s *Snapshot) Invited() []id.Person { return s.in(Invited) }

func (s *Snapshot) in(state string) (all []id.Person) {
	for who, m := range s.Members {
		if m.State == state {
			all = append(all, who)
		}
	}
	slices.Sort(all)
	return all
}

// NameFor is what the room is called to one person: the given name, or the others in it (Matrix specification, "Calculating
// the display name for a room").
func (s *Snapshot) NameFor(who id.Person) string {
	if n := s.GivenName(); n != "" {
		return n
	}
	var others []string
	for _, m := range append(s.Joined(), s.Invited()...) {
		if m != who {
			others = append(others, s.Members[m].Name)
		}
	}
	switch n := len(others); {
	case n == 0:
		return "Only you"
	case n <= 3:
		return strings.Join(others, ", ")
	default:
		return strings.Join(others[:2], ", ") + " and others"
	}
}

// Sees reports whether a person may see what stands at a position (Matrix specification, "Room history visibility").
func (s *Snapshot) Sees(who id.Person, pos int64) bool {
	m := s.Members[who]
	if m.State != Joined {
		return false
	}
	return s.shared || pos > m.Sees
}
