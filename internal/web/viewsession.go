package web

import "fmt"

// Dock is the strip between the log and the message box in the last minutes of a session. It is always in the page;
// when there is nothing to ask it is empty and carries the state only. Fragment "dock".
type Dock struct {
	Conversation string
	// State is "none" (no session), "open", "ending", "writing" (somebody writes a note, the clock stands), "filed" (a
	// note was filed), "unread" (its time is over, but somebody has not read everything), "waiting" (an answer must come) or "closing".
	State    string
	Minutes  int    // left, at least 0
	EndsAt   int64  // milliseconds since 1970, for the countdown
	Now      int64  // the server's clock at that moment, so that a wrong clock on the device does no harm
	Line     string // on a phone, under the header: "Open since 9:02am. History off", "Quiet for 52 minutes"
	Ends     string // "11:07am"
	Marked   int
	Held     bool
	Writer   string // first name of who writes a note: "Amara", or "You"
	Until    string // when the pause ends at the latest: "11:59am"
	Note     NoteLink
	Awaited  string // whose answer must come: "private office"
	Answered bool   // this person has answered
	Fixed    bool   // the latest end is reached and cannot be put back: no Keep open
}

// Asks reports whether the dock has something to say.
func (d Dock) Asks() bool { return d.State != "" && d.State != "none" && d.State != "open" }

// Counts reports whether the dock's clock runs.
func (d Dock) Counts() bool { return d.State == "ending" || d.State == "filed" }

// Heading is the dock's first line.
func (d Dock) Heading() string {
	switch d.State {
	case "ending":
		if d.Minutes < 1 {
			return "This session ends in less than a minute"
		}
		return "This session ends in " + plural(d.Minutes, "minute", "minutes")
	case "writing":
		if d.Writer == "You" {
			return "You are writing a note"
		}
		return d.Writer + " is writing a note"
	case "filed":
		return "Note filed"
	case "unread":
		return "This session ends when everyone has read it"
	case "waiting":
		return "Waiting for an answer from " + d.Awaited
	case "closing":
		return "Ending session"
	}
	return ""
}

// Text is the sentence under it.
func (d Dock) Text() string {
	switch d.State {
	case "ending":
		switch {
		case d.Held:
			return "Disposal is on hold, so messages will be kept. You can still file a note."
		case d.Marked == 0:
			return "Nothing is marked for the record, so every message will be deleted."
		case d.Marked == 1:
			return "1 message is marked for the record. The rest are deleted."
		}
		return fmt.Sprintf("%d messages are marked for the record. The rest are deleted.", d.Marked)
	case "writing":
		return "The countdown is paused until " + d.Until + " at the latest."
	case "filed":
		return fmt.Sprintf("%s, in %s. The session ends at %s unless someone sends a message.", d.Note.Ref, d.Note.Folder, d.Ends)
	case "unread":
		marked := "Nothing is marked for the record."
		if d.Marked > 0 {
			marked = plural(d.Marked, "message is", "messages are") + " marked for the record."
		}
		return "Somebody has messages to read. It ends at " + d.Ends + " at the latest. " + marked
	case "waiting":
		return "The session ends when they answer."
	case "closing":
		return "What is marked is being filed."
	}
	return ""
}

// NoteLink names a filed note.
type NoteLink struct {
	Ref    string // "N-2026-0417"
	Folder string // "Round 2 › Decisions"
}

// Banner is the one banner under the header; the zero Banner shows none. Fragment "banner".
type Banner struct {
	Kind    string // "fault", "opened", "hold", "lifted" or "policy"
	Heading string
	Text    string
	Link    Link
}

// Panel is the column beside the log. Fragment "panel".
type Panel struct {
	Conversation string
	Session      *Terms // nil when no session is open
	Kept         []Kept // marked messages, newest first
	Marked       int
	People       []Person // at most 5; the rest are on the people page
	Total        int      // members
}

// Terms are the open session's facts.
type Terms struct {
	Started string // "9:02am by Rhys Pembrey"
	Ends    string // "After 60 minutes of quiet, or at 7:02pm"
	Policy  int    // policy version
	Held    string // the notice that preserves the session, or ""
}

// Kept is one marked message in the panel.
type Kept struct {
	ID   string // event ID
	Text Slot
	From string // "Priya Raman", "You"
	Time string
	By   string // "you", "Rhys Pembrey"
}

// Past is what a conversation shows when no session is open. Fragment "past", the data of an ended event.
type Past struct {
	Conversation string
	Receipts     []Receipt // newest first
	Older        string    // the address of older ones, or ""
}

// Receipt is the card of a session that ended. Fragment "receipt".
type Receipt struct {
	Session     string // session reference
	Ended       string // "11:14am"
	When        string // "Today, lasted 2 hours 12 minutes"
	Latest      bool
	Outcome     string // "noted", "routine", "undecided", "review", "held", "lost" or "writing" (the certificate is not in the log yet)
	Messages    int
	Kept        int
	Deleted     int
	People      int
	Notes       []NoteLink
	Certificate string // its reference, or ""
	Hold        string // the notice that keeps the messages, for outcome "held"
	Files       string // "Files: 1, already in the drive"
	Answers     string // "4 of 4 people answered"
}

// Tag is the card's label.
func (r Receipt) Tag() Tag {
	switch r.Outcome {
	case "noted":
		if len(r.Notes) > 1 {
			return Tag{"success", plural(len(r.Notes), "note", "notes") + " filed"}
		}
		return Tag{"success", "Note filed"}
	case "routine":
		return Tag{"", "Nothing for the record"}
	case "undecided":
		return Tag{"record", "No answer"}
	case "review":
		return Tag{"error", "Needs review"}
	case "held":
		return Tag{"hold", "Kept under hold"}
	case "lost":
		return Tag{"error", "Lost in a fault"}
	case "writing":
		return Tag{"line", "Writing the certificate"}
	}
	return Tag{}
}

// KeptName is the name of the count of kept messages.
func (r Receipt) KeptName() string {
	switch len(r.Notes) {
	case 0:
		return "Kept"
	case 1:
		return "Kept in the note"
	}
	return "Kept in notes"
}
