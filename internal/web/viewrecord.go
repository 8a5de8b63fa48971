package web

// NotesPage is /notes. Page "notes".
type NotesPage struct {
	Frame
	Query   string
	Notes   []NoteRow
	Total   int
	Missing string // what the search cannot find: "63 other sessions match these dates and people. …", or ""
}

// NoteRow is one note in a list.
type NoteRow struct {
	Ref   string
	Title string
	Quote string // the best matching words, from the note as filed
	Where string // "Round 2 › Decisions"
	Filed string // "10 November 2026"
	By    string
	Tags  []Tag
}

// NotePage is /notes/{ref}. A filed note is durable, so its words are ordinary text here. Page "note".
type NotePage struct {
	Frame
	Ref          string
	Heading      string // the note's title
	Filed        string // "10 November 2026, 11:06am"
	Marking      string
	Handling     string
	Tags         []Tag  // "Needs review", "On hold"
	Notice       string // "Nobody answered, so these marked messages were filed automatically"
	JustFiled    bool   // the person has just filed it
	Conversation string // room ID to go back to, or ""
	Summary      string
	DecidedBy    string
	Authority    string
	Actions      []NoteAction
	Quotes       []NoteQuote
	Facts        []Fact // about this note: session, people, written by, keep until
	Certificate  string // the session's certificate, or "" while it is open
	Where        string // "Shared drive › Resilience fund › Round 2 › Decisions"
	WhereURL     string
	Delivery     string // "Saved in Winnow, waiting to be saved to the drive", or ""
	Downloads    []Link // "Download as Word document" …
	Verdict      Verdict
	History      []Moment
	Corrections  []Correction
	CanCorrect   bool
}

// NoteAction is something that somebody is to do.
type NoteAction struct {
	What, Owner, Due string
}

// NoteQuote is one message in a note.
type NoteQuote struct {
	Name, Role, Time, Text string
	Check                  string // "Exactly as sent", "Edited before it was kept", "Imported from WhatsApp by Priya Raman, not verified"
	State                  string // "passed", "failed" or "unknown"
	Left                   string // what was left out before it: "2 messages left out", or ""
}

// Correction is a later version of a note.
type Correction struct {
	Ref, Date, By, Text string
}

// CertificatesPage is /certificates. Page "certificates".
type CertificatesPage struct {
	Frame
	Rows  []CertificateRow
	Older string // address of the next page, or ""
}

// CertificateRow is one certificate in a list.
type CertificateRow struct {
	Ref     string
	Ended   string
	Outcome Tag
	Sent    int
	Kept    int
	Deleted int
}

// CertificatePage is /certificates/{ref}. Page "certificate".
type CertificatePage struct {
	Frame
	Ref     string
	Lead    string // "A chat session ended and its messages were deleted, apart from those kept in a note for the record."
	Sent    int
	Kept    int
	Deleted int
	Held    int
	Facts   []Fact
	Limits  string // what the certificate cannot know
	Verdict Verdict
	Command string // "winnow verify DC-2026-018232"
	JSON    string // the address of the certificate's own bytes
}

// KeptWords is the second half of "4 kept in a note".
func (c CertificatePage) KeptWords() string {
	if c.Kept == 0 {
		return "kept"
	}
	return "kept in a note"
}
