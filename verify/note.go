package verify

// Note is a note for the record as it was filed: what it says and what proves it. Its JSON form, the manifest, is what
// the ledger commits to, and every other form (page, .docx, .eml) is made from it. A filed note never changes: a
// correction is a new Note that names the old one.
type Note struct {
	Format       string   `json:"format"`             // NoteFormat
	Ref          string   `json:"ref"`                // "N-2026-0417"
	Version      int      `json:"version"`            // 1, then one more for each correction
	Replaces     string   `json:"replaces,omitempty"` // the reference of the note that this one corrects
	Organisation string   `json:"organisation"`
	Title        string   `json:"title"`
	Conversation string   `json:"conversation"` // the conversation's name when the note was filed
	Filed        int64    `json:"filed"`        // milliseconds since 1970, UTC
	FiledBy      Person   `json:"filed_by"`
	Automatic    bool     `json:"automatic,omitempty"` // nobody filed the marked messages, so they filed themselves
	Session      Session  `json:"session"`
	Present      []Person `json:"present"`              // everybody who was in the conversation during the session
	Summary      string   `json:"summary"`              // what was decided or done, and why
	DecidedBy    string   `json:"decided_by,omitempty"` // by whom
	Authority    string   `json:"authority,omitempty"`  // on what authority
	Actions      []Action `json:"actions,omitempty"`
	Marking      string   `json:"marking"` // OFFICIAL, or OFFICIAL-SENSITIVE
	Handling     string   `json:"handling,omitempty"`
	Folder       string   `json:"folder"` // where in the drive it was filed
	Quotes       []Quote  `json:"quotes"`
	Salt         []byte   `json:"salt"` // 32 random bytes, so that the fingerprint in the ledger tells nothing
}

// NoteFormat names the manifest's version.
const NoteFormat = "winnow.org/note/v1"

// Person is somebody named in a note, as they were called when it was filed.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role,omitempty"` // the post held, for example "Private secretary"
}

// Session says where in which session the quotes stand.
type Session struct {
	ID      string `json:"id"`
	Started int64  `json:"started"` // milliseconds
	Policy  int    `json:"policy"`  // the policy version in force
	Size    int    `json:"size"`    // how many messages the session held when the note was filed: the leaves of its tree
	Root    []byte `json:"root"`    // the head of the session's tree at that size
	URL     string `json:"url"`     // shows the disposal certificate once the session has ended
}

// Action is something that somebody is to do.
type Action struct {
	What  string `json:"what"`
	Owner string `json:"owner,omitempty"`
	Due   string `json:"due,omitempty"` // as the writer put it
}

// Quote is one message, word for word, with the proof that it was sent at this place in the session.
type Quote struct {
	Position int      `json:"position"` // from 1; what lies between two quotes was left out
	Event    string   `json:"event"`
	Sender   Person   `json:"sender"`
	Time     int64    `json:"time"`    // milliseconds
	Type     string   `json:"type"`    // the Matrix event type
	Content  []byte   `json:"content"` // the event's content, byte for byte as sent (JSON, in base64)
	Text     string   `json:"text"`    // the words: content's body
	MarkedBy []string `json:"marked_by,omitempty"`
	Edits    int      `json:"edits,omitempty"` // the position of the message that this one is a new wording of
	Salt     []byte   `json:"salt"`            // the message's 32 random bytes
	Proof    [][]byte `json:"proof"`           // inclusion proof in Session.Root, leaf upwards
}
