package web

// EndPage is /chat/{conversation}/end without script: step 1 and step 2 as two pages. Page "end"; fragment "sheet" is
// the same with both steps side by side, for the dialog.
type EndPage struct {
	Frame
	Sheet Sheet
}

// Sheet asks what belongs on the record. What a person has typed so far is content: it comes as slots.
type Sheet struct {
	Conversation Conversation
	Step         string // "choose", "write", or "both" in the dialog
	Filter       string // "all" or "marked"
	Minutes      int
	EndsAt       int64  // milliseconds, for the countdown; 0 when the clock stands or no end is near
	Now          int64  // the server's clock, as in Dock
	Paused       bool   // the clock stands while somebody writes
	Until        string // the pause ends at the latest: "11:59am"
	Total        int    // messages in the session
	Marked       int
	Picks        []Pick
	Title        Slot
	Summary      Slot
	DecidedBy    Slot
	Authority    Slot
	Actions      []Action
	Folder       string // the chosen folder
	Folders      []string
	Marking      string
	Markings     []string
	EmailTo      string // "the private office mailbox"; "" when no mailbox is set
	Email        bool
	Saved        string // "10:59am", or ""
	Answers      []Tag  // "You: writing a note", "5 have not answered"
	Notice       string // "Rhys filed a note with 3 of these messages. You can still file yours."
	CanNothing   bool   // nothing is marked: Nothing for the record; else Nothing more to add
	Problems     Problems
}

// Chooses and Writes say which of the two steps the form shows.
func (s Sheet) Chooses() bool { return s.Step != "write" }

// Writes reports whether the second step is shown.
func (s Sheet) Writes() bool { return s.Step != "choose" }

// Chosen are the messages that the note will quote.
func (s Sheet) Chosen() []Pick {
	var chosen []Pick
	for _, p := range s.Picks {
		if p.Chosen {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// Pick is one message that may be quoted.
type Pick struct {
	ID     string // event ID
	From   string
	Time   string
	Extra  string // "1 file, already in the drive"
	Text   Slot
	Chosen bool
	Marked bool
	Locked bool   // somebody else marked it: it is always quoted
	Mark   string // "Marked by you", "Marked by Rhys. Only Rhys can take this mark off"
}

// Action is something that somebody is to do.
type Action struct {
	What  Slot
	Owner Slot
	Due   Slot
}
