package web

import (
	"strconv"
	"strings"
)

// ChatPage is /chat: the list, and on a wide screen an invitation to pick a conversation. Page "chat".
type ChatPage struct {
	Frame
	List List
}

// List is the column of conversations, newest first in each group.
type List struct {
	Query string // the filter, when the page was asked for with ?q=
	Open  []Row  // with an open session
	Quiet []Row  // with none
}

// Empty reports whether there is no conversation at all.
func (l List) Empty() bool { return len(l.Open)+len(l.Quiet) == 0 }

// Row is one conversation in the list. Fragment "row".
type Row struct {
	Avatar
	Conversation string // room ID
	Name         string
	Line         string // words of ours: "Rhys is typing", "Session ends in 8 minutes", "Ended yesterday. 1 note filed"
	From         string // before a preview: "Marek", "You", or "" in a direct conversation
	Preview      Slot   // the last message, in place of Line; "" for none
	Time         string // "9:33am", or ""
	Unread       int
	Mentioned    bool
	Held         bool
	Open         bool // has an open session: which group the row belongs to
	Current      bool // the conversation on show
}

// Label is the row's name for a screen reader, without the last message.
func (r Row) Label() string {
	parts := []string{r.Name}
	if r.Unread > 0 {
		parts = append(parts, strconv.Itoa(r.Unread)+" unread")
	}
	if r.Mentioned {
		parts = append(parts, "you were mentioned")
	}
	if r.Held {
		parts = append(parts, "disposal on hold")
	}
	if r.Line != "" {
		parts = append(parts, r.Line)
	}
	if r.Time != "" {
		parts = append(parts, r.Time)
	}
	return strings.Join(parts, ", ")
}

// ConversationPage is /chat/{conversation}, live or with the cards of its past sessions. Page "conversation".
type ConversationPage struct {
	Frame
	List         List
	Conversation Conversation
	From         string  // the position from which the event stream goes on
	Entries      []Entry // the open session; empty when there is none
	Past         Past    // shown when there is none
	Typing       string  // "Rhys is typing", or ""
	Banner       Banner
	Dock         Dock
	Composer     Composer
	Panel        Panel
}

// Live reports whether a session is open.
func (p ConversationPage) Live() bool { return len(p.Entries) > 0 }

// Conversation is what a page says about the conversation itself.
type Conversation struct {
	Avatar
	ID        string // room ID
	Name      string // of a direct conversation, the other person's name
	Direct    bool
	Role      string // of the other person in a direct conversation
	Presence  string // of the other person, in words: "Here", "Back at 2pm"
	People    int    // members, with you
	Marking   string // "OFFICIAL"
	Outsiders bool   // includes people outside the organisation
	Started   string // "9:02am" while a session is open, else ""
}

// Entry is one item of the log: exactly one of its parts is set. Fragment "entry", the data of a message event.
type Entry struct {
	Message *Message
	Start   *Start // "Session started 9:02am by Rhys Pembrey."
	Line    *Line  // somebody joined or left
	New     bool   // the rule above the first message not read
}

// Start is the first item of a session.
type Start struct {
	Session string // session reference
	Time    string
	By      string
	Help    bool // show the help of a person's first session
}

// Line is a sentence of ours in the log.
type Line struct {
	ID    string // unique in the log
	Words string // "Sam Penrose joined at 9:40am. They see messages from now on"
}

// Message is one message in the log. Fragment "message".
type Message struct {
	Conversation string
	ID           string // event ID
	From         Person
	Mine         bool
	First        bool   // the first of a run by one person within 5 minutes: shows name, role and time
	Time         string // "9:24am"
	At           string // the same for machines, RFC 3339
	Text         Slot   // the body; "" when Withdrawn
	Withdrawn    bool
	Edited       bool
	MentionsYou  bool
	Reply        *Reply
	File         *File
	MarkedBy     string // "you", "Rhys", "you and Rhys"; "" when it is not marked
	MarkMine     bool   // you marked it, so you can take the mark off
	Marker       string // whose mark keeps it when it is not yours: "Rhys"
	Reactions    []Reaction
	Receipt      string // under your own last message: "Read by 5", "Read 9:33am"; "" for none
	CanEdit      bool   // yours, within 15 minutes, not marked
	Txn          string // what the sender's page called it while it was on its way; only to that person
}

// Label is the message's name for a screen reader, for example "Priya Raman, private secretary, 9:24am, for the
// record, marked by you".
func (m Message) Label() string {
	name := m.From.Name
	if m.Mine {
		name = "You"
	}
	parts := []string{name}
	if m.From.Role != "" && !m.Mine {
		parts = append(parts, lowerFirst(m.From.Role))
	}
	parts = append(parts, m.Time)
	if m.MarkedBy != "" {
		parts = append(parts, "for the record", "marked by "+m.MarkedBy)
	}
	if m.Edited {
		parts = append(parts, "edited")
	}
	return strings.Join(parts, ", ")
}

// lowerFirst makes the first letter small unless the second is a capital too ("HR director" stays).
func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	r := []rune(s)
	if len(r) == 0 {
		return s
	}
	return strings.ToLower(string(r[0])) + string(r[1:])
}

// Reply is the quoted line above a reply.
type Reply struct {
	ID   string // event ID; "" when the message is gone
	Name string
	Text Slot
}

// File is an attachment or a link to the drive.
type File struct {
	URL   string
	Name  Slot
	Words string // "84 KB, in Shared drive"
}

// Reaction is one key and how many people chose it. A key from Reactions stands in Key; any other is content that
// somebody typed, and stands in Other.
type Reaction struct {
	Key   string
	Other Slot
	Name  string // "Thumbs up"; "Reaction" for another
	Count int
	Mine  bool
}

// Label is the reaction's name for a screen reader: "Thumbs up, 3 people including you".
func (r Reaction) Label() string {
	s := r.Name + ", " + plural(r.Count, "person", "people")
	if r.Mine {
		s += " including you"
	}
	return s
}

// Reactions are the five that every message offers.
func Reactions() []Reaction {
	return []Reaction{
		{Key: "👍", Name: "Thumbs up"}, {Key: "🙏", Name: "Thanks"}, {Key: "✅", Name: "Done"},
		{Key: "👀", Name: "Looking"}, {Key: "❓", Name: "Question"},
	}
}

// Composer is the message box. Fragment "composer".
type Composer struct {
	Conversation string
	Hint         string // "Message 8 people", "Message 8 people to start a session"
	Locked       string // why nothing can be sent now: "Ending session", "You left this conversation on 9 November."
	Reply        *Reply // the message being answered
	Edit         string // the event ID of the message being edited, or ""
	Text         Slot   // the text of the message being edited, or what was refused
	Record       bool   // For the record is on
	Problem      string // why the last message was not sent
}

// MessagePage is /chat/{conversation}/messages/{id}: one message with its actions. Page "message-actions"; fragment
// "actions" is its list for the sheet on a phone.
type MessagePage struct {
	Frame
	Conversation Conversation
	Message      Message
	ReadBy       string   // "Read by 5 of 7"
	Readers      []Person // who read it
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands writes a count with commas: 18,231.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
