// Package policy has the rules of forgetting as data, and verdicts: facts in, decision out. It does no I/O and has no
// clock of its own, so that every rule can be read, published and tested by itself.
//
// History is off, and no field here can turn it on.
package policy

import (
	"time"

	"winnow.org/winnow/internal/fault"
)

// Policy is one version of the rules. Its JSON form is published in the ledger. Times are in minutes, because that is
// how people agree on them.
type Policy struct {
	Version          int  `json:"version"`
	QuietMinutes     int  `json:"quiet_minutes"`      // a session ends after so long without a message
	NoticeMinutes    int  `json:"notice_minutes"`     // the last part of it, in which people are asked what belongs on the record
	LatestMinutes    int  `json:"latest_minutes"`     // a session ends so long after it began, whatever happens
	ExtensionMinutes int  `json:"extension_minutes"`  // what "Keep open" adds to the latest end
	Extensions       int  `json:"extensions"`         // how often it may do so
	UnreadMinutes    int  `json:"unread_minutes"`     // how long after its last message a session waits for somebody who has not read it
	WritingMinutes   int  `json:"writing_minutes"`    // how long writing a note may pause the clock
	EditMinutes      int  `json:"edit_minutes"`       // how long a person may edit or withdraw a message of their own
	RoundMinutes     int  `json:"round_minutes"`      // to what the ledger rounds times down
	MaxCharacters    int  `json:"max_characters"`     // how long a message typed in the web app may be
	MarkedAlwaysKept bool `json:"marked_always_kept"` // true in every version: what is marked for the record is filed
}

// Default is policy version 1.
func Default() Policy {
	return Policy{Version: 1, QuietMinutes: 60, NoticeMinutes: 15, LatestMinutes: 600, ExtensionMinutes: 60, Extensions: 10,
		UnreadMinutes: 24 * 60, WritingMinutes: 60, EditMinutes: 15, RoundMinutes: 1, MaxCharacters: 4000, MarkedAlwaysKept: true}
}

// Check reports the first rule that a policy breaks, in words for the person who wrote it.
func (p Policy) Check() error {
	for _, r := range []struct {
		broken bool
		words  string
	}{
		{p.Version < 1, "The policy needs a version number of 1 or more"},
		{p.QuietMinutes < 15 || p.QuietMinutes > 240, "Quiet time must be between 15 and 240 minutes"},
		{p.NoticeMinutes < 10 || p.NoticeMinutes > p.QuietMinutes, "People must be asked at least 10 minutes before a session ends, and not before it is quiet"},
		{p.LatestMinutes < 60 || p.LatestMinutes > 20*60, "The latest end must be between 1 and 20 hours"},
		{p.ExtensionMinutes < 0 || p.ExtensionMinutes > 120 || p.Extensions < 0 || p.Extensions > 10, "The latest end may be put back at most 10 times, by at most 120 minutes"},
		{p.UnreadMinutes < 0 || p.UnreadMinutes > 72*60, "A session may wait for unread messages for at most 72 hours"},
		{p.WritingMinutes < 5 || p.WritingMinutes > 120, "Writing a note must pause the clock for between 5 and 120 minutes"},
		{p.EditMinutes < 0 || p.EditMinutes > 60, "Messages may be edited for at most 60 minutes"},
		{p.RoundMinutes < 1 || p.RoundMinutes > 60, "Times in the log must be rounded to between 1 and 60 minutes"},
		{p.MaxCharacters < 100 || p.MaxCharacters > 10000, "Messages must be allowed between 100 and 10,000 characters"},
		{!p.MarkedAlwaysKept, "A marked message is always kept. No policy can change that"},
	} {
		if r.broken {
			return fault.New(fault.Invalid, "%s", r.words)
		}
	}
	return nil
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// Quiet, Notice and EditWindow are the fields of the same name as durations.
func (p Policy) Quiet() time.Duration      { return minutes(p.QuietMinutes) }
func (p Policy) Notice() time.Duration     { return minutes(p.NoticeMinutes) }
func (p Policy) EditWindow() time.Duration { return minutes(p.EditMinutes) }

// Round rounds a time down for publication.
func (p Policy) Round(t time.Time) time.Time { return t.Truncate(minutes(p.RoundMinutes)) }
