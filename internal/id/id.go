// Package id has a type for each kind of identifier, so that the compiler refuses a room where a person is
// wanted. An identifier is opaque outside this package: compare it, store it, print it, never take it apart.
package id

import (
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

type (
	// Person is a Matrix user ID, "@amara:example.org".
	Person string
	// Room is a Matrix room ID, "!…".
	Room string
	// Event is a Matrix event ID, "$…".
	Event string
	// Session names one sitting of a room, from its first message until it ends. It is public: it stands in the ledger.
	Session string
	// Device is one sign-in of a person. "Session" always means talk.
	Device string
	// Note is a note's reference, "N-2026-0417".
	Note string
)

// MaxLen is the longest Matrix identifier in bytes (Matrix specification, appendices, "Common identifier format").
const MaxLen = 255

// lower is base32 without padding in small letters: safe in file names, URLs and event IDs.
var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func random(r io.Reader, n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		panic("id: the source of randomness failed") // nothing can go on safely without it
	}
	return b
}

// NewSession returns a fresh session reference with 80 random bits.
func NewSession(r io.Reader) Session { return Session(lower.EncodeToString(random(r, 10))) }

// NewDevice returns a fresh device ID with 50 random bits, in capitals as other Matrix servers write them.
func NewDevice(r io.Reader) Device {
	return Device(strings.ToUpper(lower.EncodeToString(random(r, 10))[:10]))
}

// NewEvent returns a fresh event ID for a durable event.
func NewEvent(r io.Reader) Event {
	return Event("$" + base64.RawURLEncoding.EncodeToString(random(r, 32)))
}

// RoomOf returns the ID of the room that a create event opens: from room version 12 on it is the event's own ID with
// another sigil (Matrix specification, room version 12, "Event IDs as room IDs").
func RoomOf(create Event) Room { return Room("!" + strings.TrimPrefix(string(create), "$")) }

// InSession returns the ID of the n-th event of a session, counted from 1. It can be computed again from the session's
// reference and its count, so that redactions for a session that is gone need no list of its events.
func InSession(s Session, n int) Event { return Event(fmt.Sprintf("$%s-%d", s, n)) }

// RedactionOf returns the ID of the redaction that tells clients to forget the n-th event of a session.
func RedactionOf(s Session, n int) Event { return Event(fmt.Sprintf("$%s-r%d", s, n)) }

// NewToken returns an access token with 160 random bits.
func NewToken(r io.Reader) string {
	return "wt_" + lower.EncodeToString(random(r, 20))
}

// ParsePerson checks a user ID from outside.
func ParsePerson(s string) (Person, bool) {
	local, server, ok := strings.Cut(strings.TrimPrefix(s, "@"), ":")
	if !ok || !strings.HasPrefix(s, "@") || local == "" || server == "" || len(s) > MaxLen || !printable(s) {
		return "", false
	}
	return Person(s), true
}

// Localpart is the part of a user ID before the colon, without the sigil.
func (p Person) Localpart() string {
	local, _, _ := strings.Cut(strings.TrimPrefix(string(p), "@"), ":")
	return local
}

// Server is the part of a user ID after the first colon.
func (p Person) Server() string {
	_, server, _ := strings.Cut(string(p), ":")
	return server
}

// NewPerson makes a user ID of this server.
func NewPerson(localpart, server string) Person { return Person("@" + localpart + ":" + server) }

// ValidLocalpart reports whether s may be the name part of a new user ID (Matrix specification, appendices, "User identifiers").
func ValidLocalpart(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("._=-/+", rune(c)) {
			return false
		}
	}
	return s != "" && len(s) <= 200
}

func printable(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}
