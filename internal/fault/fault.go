// Package fault has the few kinds of error that a caller may act on. Each carries words for people: only those words
// may leave the server, so they say what to do next and never hold anything that somebody sent.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller can do about an error.
type Kind int

const (
	Internal    Kind = iota // ours to mend: a face answers 500
	Invalid                 // the request is not understood or breaks a rule of form: 400
	SignedOut               // who asks is not known: 401
	Denied                  // who asks may not: 403
	NotFound                // 404; also for what this person must not know exists
	Conflict                // something else happened first: 409
	Gone                    // it was there and is destroyed: 410
	TooLarge                // 413
	Limited                 // too often: 429; see Error.Retry
	Held                    // a preservation notice forbids it: 403
	Unavailable             // a part is full, locked or down, and a later try may work: 503
)

// Error is an error with a kind and words for people.
type Error struct {
	Kind  Kind
	Words string        // plain English, safe to show to anybody who made the request
	Code  string        // a Matrix error code where the kind's usual one is not exact, for example M_BAD_STATE
	Retry time.Duration // for Limited: how long to wait
	Err   error         // the cause, for the log; never content
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Words + ": " + e.Err.Error()
	}
	return e.Words
}

func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a kind. The words are formatted; never pass anything that a person sent, only identifiers,
// limits and names of settings.
func New(k Kind, words string, args ...any) *Error {
	return &Error{Kind: k, Words: fmt.Sprintf(words, args...)}
}

// Because adds the cause, which reaches the log only.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// WithCode adds an exact Matrix error code.
func (e *Error) WithCode(code string) *Error {
	c := *e
	c.Code = code
	return &c
}

// Of returns the kind of an error; Internal if it has none.
func Of(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether an error is of a kind.
func Is(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

// Say returns the words of an error that people may see.
func Say(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Words
	}
	return "There is a problem with the service. Nothing has been deleted. Try again in a few minutes"
}

// Code returns the exact Matrix error code of an error; empty if it has none.
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
