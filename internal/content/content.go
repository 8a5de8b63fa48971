// Package content reads and writes the text of messages in place: it finds the parts of a Matrix event, decodes JSON
// strings and web forms, and escapes text for JSON and HTML, all between byte slices that the caller owns.
//
// # Why it exists
//
// The usual encoders (encoding/json, html/template, fmt, net/url) keep what passes through them in pooled buffers,
// builders and strings that the garbage collector frees but does not erase. Message text may stand only in buffers of
// package vault, which are wiped. So the few functions that touch text are here, and they hold to three rules that a test
// checks on the source of this package:
//
//   - nothing is converted to a string, and nothing but unicode/utf8 is imported;
//   - an append function never grows its destination: it says false instead;
//   - an error is one of a few fixed values and never quotes the input.
//
// Results are sub-slices of the input wherever possible. They live exactly as long as the caller's buffer.
//
// # Words
//
// The interior of a JSON string is what stands between its quotes, still escaped. Most callers never need the decoded
// text: they compare an interior with [Equal], or copy it raw into another JSON document.
package content

// Error is one of the fixed errors of this package. They never hold input, so they may be logged and shown.
type Error struct{ text string }

func (e *Error) Error() string { return e.text }

// What can be wrong with a document.
var (
	ErrSyntax    error = &Error{"not well-formed"}
	ErrDepth     error = &Error{"nested more than 64 levels deep"}
	ErrNumber    error = &Error{"a number that is not a whole number between -(2^53-1) and 2^53-1"}
	ErrUTF8      error = &Error{"not valid UTF-8"}
	ErrNotObject error = &Error{"not a JSON object"}
	ErrDuplicate error = &Error{"the same member twice in an object"}
	ErrMembers   error = &Error{"more than 256 members in an object, or more than 1,000 fields in a form"}
)

// Limits.
const (
	MaxDepth    = 64   // levels of nesting in JSON
	MaxMembers  = 256  // members of an object that is looked into
	MaxMentions = 64   // people mentioned in a message; more are not notified
	MaxFields   = 1000 // fields of a web form
)
