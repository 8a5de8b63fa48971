// Package web is the face for people with a browser: pages as complete HTML, made live by a small script.
//
// The look is in page/ (html/template), style/ and script/. A page is rendered in two steps, so that the words of
// messages never stand in a Go string: html/template makes the shell, in which every place for content holds a Slot,
// and the assembler then writes the shell's literal pieces and, for each slot, the opened and escaped text from locked
// memory (render.go).
package web

// Frame is what the outer shell of every page needs.
type Frame struct {
	Organisation string // "Department for Coasts and Waterways"
	Title        string // "thing - section"; the template adds " - Winnow". Never content
	Section      string // the current part of the main navigation: "chat", "notes", "people", "transparency", "certificates" or ""
	You          Person // who is signed in; the zero Person on public pages
	Unread       int    // messages not read yet in all conversations
	Theme        string // "light" or "dark"; "" follows the device
	Refresh      int    // seconds after which a page without script loads again; 0 for never
}

// SignedIn reports whether the page has a person.
func (f Frame) SignedIn() bool { return f.You.ID != "" }

// Avatar is the disc or square with initials that stands for a person or a group.
type Avatar struct {
	Initials string // at most 2 letters
	Colour   int    // 1 to 6
	Group    bool   // a rounded square
	Presence string // "on", "away", "off", or "" to show none
}

// Person is somebody on show: names and roles come from the directory.
type Person struct {
	Avatar
	ID      string // Matrix user ID
	Name    string
	Role    string // "Private secretary"
	Unit    string // "Private office"
	Status  string // "Back at 2pm"
	You     bool
	Outside bool // not of this organisation
	Chosen  bool // ticked in a people picker
}

// First is the name by which a sentence refers to somebody: the first word of the name.
func (p Person) First() string {
	for i, r := range p.Name {
		if r == ' ' && i > 0 {
			return p.Name[:i]
		}
	}
	return p.Name
}

// Link is an address with words.
type Link struct {
	Words string
	URL   string
}

// Fact is one line of a list of facts; the link, if it has one, follows the words.
type Fact struct {
	Name  string
	Words string
	Link  Link
}

// Tag is a small label. Kind is "", "accent", "record", "hold", "success", "error" or "line".
type Tag struct {
	Kind  string
	Words string
}

// Problem is an error in a form: the field's id and what to do.
type Problem struct {
	Field string
	Words string
}

// Problems are the errors of one form, in the order of its fields.
type Problems []Problem

// At returns the words for a field, or "".
func (ps Problems) At(field string) string {
	for _, p := range ps {
		if p.Field == field {
			return p.Words
		}
	}
	return ""
}

// Check is one line of a check's result.
type Check struct {
	State  string // "passed", "failed" or "unknown"
	Words  string
	Detail string
}

// Verdict is the box that says whether something was checked, and what was found.
type Verdict struct {
	State   string // "passed", "failed" or "unknown"
	Heading string // "Our log is complete"
	Words   string // "Checked today, 6:00am"
	Checks  []Check
}

// Moment is one line of a history.
type Moment struct {
	Bold   string // set first, in bold: "Version 4"
	Words  string
	Detail string
}
