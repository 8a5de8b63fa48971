package verify

import (
	"bytes"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Entry is one leaf of the ledger: something that the server decided or did. It is public, so it never holds content, a
// title or a name. Its JSON form ([Entry.Bytes]) is what the ledger's tree commits to.
type Entry struct {
	Format string `json:"format"` // EntryFormat
	Kind   Kind   `json:"kind"`   // which one of the members below is set
	Time   int64  `json:"time"`   // milliseconds since 1970, UTC, rounded as the policy says

	Policy    *Policy    `json:"policy,omitempty"`
	Note      *Filed     `json:"note,omitempty"`
	Decided   *Decided   `json:"decided,omitempty"`
	Completed *Completed `json:"completed,omitempty"`
	Lost      *Lost      `json:"lost,omitempty"`
	Incident  *Incident  `json:"incident,omitempty"`
	Notice    *Notice    `json:"notice,omitempty"`
}

// EntryFormat names the version of the ledger's entries.
const EntryFormat = "winnow.org/ledger/v1"

// MaxEntry is the largest entry in bytes: what a C2SP tlog-tiles entry bundle can hold.
const MaxEntry = 65535

// Kind says what an entry records.
type Kind string

const (
	KindPolicy    Kind = "policy"    // a version of the rules was published
	KindNote      Kind = "note"      // a note for the record was filed
	KindDecided   Kind = "decided"   // it was decided to dispose of a session
	KindCompleted Kind = "completed" // the disposal is done; with the decision, the disposal certificate
	KindLost      Kind = "lost"      // a session was lost to a crash
	KindIncident  Kind = "incident"  // something went wrong that the public should know
	KindNotice    Kind = "notice"    // something was done under a preservation notice
)

// Policy is a published version of the rules.
type Policy struct {
	Version int             `json:"version"` // from 1, each greater than the last
	Rules   json.RawMessage `json:"rules"`   // the rules as published, a JSON object without spaces
	Hash    tlog.Hash       `json:"hash"`    // SHA-256 of Rules
}

// Filed is a note for the record that was filed. Neither its reference nor its title is told.
type Filed struct {
	Session     string    `json:"session,omitempty"` // empty for a note of an imported transcript; then Size is 0
	Fingerprint tlog.Hash `json:"fingerprint"`       // SHA-256 of the note's manifest
	Size        int       `json:"size"`              // leaves of the session's tree when the note was filed
	Root        tlog.Hash `json:"root"`              // and its head
}

// Decided is the decision to dispose of a session: the first half of its disposal certificate.
type Decided struct {
	Session     string      `json:"session"`
	Start       int64       `json:"start"`    // milliseconds, rounded down to Rounding
	End         int64       `json:"end"`      // milliseconds, rounded down to Rounding
	Rounding    int64       `json:"rounding"` // milliseconds: how exact the policy lets published times be
	Reason      Reason      `json:"reason"`
	Policy      int         `json:"policy"` // the policy version in force
	Disposition Disposition `json:"disposition"`
	Held        bool        `json:"held"` // always false: no notice covered the session when this was decided
	Counts      Counts      `json:"counts"`
	Notes       []NotedTree `json:"notes"` // the session's notes, in the order of their ledger entries
	Size        int         `json:"size"`  // leaves of the session's final tree
	Root        tlog.Hash   `json:"root"`  // and its head
}

// Reason is why a session ended.
type Reason string

const (
	ReasonQuiet    Reason = "quiet"    // nobody wrote for the time that the policy says
	ReasonLatest   Reason = "latest"   // the latest end came
	ReasonAnswered Reason = "answered" // everybody answered what belongs on the record
	ReasonAsked    Reason = "asked"    // somebody ended it
	ReasonLeft     Reason = "left"     // everybody left the conversation
	ReasonShutdown Reason = "shutdown" // the server was stopped
	ReasonLifted   Reason = "lifted"   // the notice that had kept it was lifted
)

// Disposition is what became of a session.
type Disposition string

const (
	Noted     Disposition = "noted"     // a note was filed
	Routine   Disposition = "routine"   // people answered that nothing belongs on the record
	Kept      Disposition = "kept"      // a rule keeps it
	Undecided Disposition = "undecided" // nobody answered
)

// Counts are a session's figures.
type Counts struct {
	Messages   int `json:"messages"`
	Edits      int `json:"edits"`
	Reactions  int `json:"reactions"`
	Withdrawn  int `json:"withdrawn"`
	Quoted     int `json:"quoted"` // messages kept in a note
	Files      int `json:"files"`
	People     int `json:"people"`
	Answered   int `json:"answered"`
	Unanswered int `json:"unanswered"`
	Extensions int `json:"extensions"` // how often somebody kept the session open
}

// NotedTree ties a note to the session's end: its tree was the start of the final one.
type NotedTree struct {
	Entry int64       `json:"entry"` // index of the note's entry in the ledger
	Size  int         `json:"size"`
	Root  tlog.Hash   `json:"root"`
	Proof []tlog.Hash `json:"proof"` // consistency proof from Size to the final size
}

// Completed says that a disposal is done.
type Completed struct {
	Decision int64  `json:"decision"` // index of the Decided entry
	Session  string `json:"session"`
	Method   Method `json:"method"`
}

// Method is how content was destroyed.
type Method string

// KeyWiped means that the session's key was overwritten and the sealed messages and files were dropped.
const KeyWiped Method = "key-wiped"

// Lost says that a session's content was destroyed by a crash or a power cut, not by a decision. Its counts are unknown.
type Lost struct {
	Session string `json:"session"`
	Start   int64  `json:"start"`  // milliseconds, rounded as the policy says
	Policy  int    `json:"policy"` // the policy version in force
	Found   int64  `json:"found"`  // when the server found out, milliseconds
}

// Incident is something that went wrong. What is one of the product's own sentences and never holds what somebody sent.
type Incident struct {
	What  string `json:"what"`
	Since int64  `json:"since,omitempty"` // milliseconds
	Until int64  `json:"until,omitempty"` // milliseconds
}

// Notice is something done under a preservation notice. Its reason and whom it names are not told.
type Notice struct {
	Ref      string `json:"ref"` // the notice's public reference, for example "H-2026-011"
	Action   string `json:"action"`
	People   int    `json:"people"`             // how many people agreed
	Sessions int    `json:"sessions,omitempty"` // how many sessions it touched
	Messages int    `json:"messages,omitempty"` // how many messages were opened
}

// What can be done under a notice.
const (
	NoticePlaced = "placed"
	NoticeLifted = "lifted"
	NoticeOpened = "opened" // preserved content was opened
)

// NewPolicy returns the entry for a version of the rules, which must be a JSON object.
func NewPolicy(timeMs int64, version int, rules []byte) (Entry, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, rules); err != nil {
		return Entry{}, fmt.Errorf("verify: the rules are not JSON: %w", err)
	}
	e := Entry{Format: EntryFormat, Kind: KindPolicy, Time: timeMs,
		Policy: &Policy{Version: version, Rules: b.Bytes(), Hash: Fingerprint(b.Bytes())}}
	return e, e.Validate()
}

// Bytes returns the entry as it stands in the ledger. An entry that breaks a rule is an error.
func (e Entry) Bytes() ([]byte, error) {
	if e.Format == "" {
		e.Format = EntryFormat
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	b, err := canonical(e)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxEntry {
		return nil, fmt.Errorf("verify: a ledger entry of %d bytes; the limit is %d", len(b), MaxEntry)
	}
	return b, nil
}

// ParseEntry decodes a ledger entry. It accepts only what Bytes returns.
func ParseEntry(b []byte) (Entry, error) {
	if len(b) > MaxEntry {
		return Entry{}, fmt.Errorf("a ledger entry of %d bytes; the limit is %d", len(b), MaxEntry)
	}
	var e Entry
	if err := decodeStrict(b, &e); err != nil {
		return Entry{}, err
	}
	if err := e.Validate(); err != nil {
		return Entry{}, err
	}
	again, err := canonical(e)
	if err != nil {
		return Entry{}, err
	}
	if !bytes.Equal(b, again) {
		return Entry{}, errNotCanonical
	}
	return e, nil
}
