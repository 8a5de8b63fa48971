package policy

import "time"

// Phase is how far a session's life has come.
type Phase int

const (
	Open   Phase = iota
	Ending       // the notice period: people are asked what belongs on the record
	Over         // it must end now
)

// Reason says why a session ends. It stands in the certificate.
type Reason string

const (
	Quiet    Reason = "quiet"    // nobody wrote
	Latest   Reason = "latest"   // it reached its latest end
	Asked    Reason = "asked"    // somebody asked to end it, and the notice period passed
	Answered Reason = "answered" // everybody who took part answered
	Left     Reason = "left"     // everybody left the room
	Shutdown Reason = "shutdown" // the server was stopped
)

// Facts are what the end of a session depends on. A zero time means "has not happened".
type Facts struct {
	Started     time.Time
	LastMessage time.Time     // the last message
	Active      time.Time     // the last message or "Keep open": what the quiet clock counts from
	EndAsked    time.Time     // "End session", unless a message or "Keep open" came after it
	Extensions  int           // how often the latest end was put back
	Unread      bool          // somebody in the room has not read everything
	CaughtUp    time.Time     // when nobody had anything unread any more
	Writing     time.Time     // since when somebody has been writing a note
	Paused      time.Duration // how long earlier writing has stopped the clock
	TookPart    int           // people who wrote, reacted or marked
	Answered    int           // how many of them have answered since the last message
	Present     int           // people in the room
	Stopping    bool          // the server is stopping
}

// Verdict is what follows from the facts.
type Verdict struct {
	Phase  Phase
	Reason Reason
	Notice time.Time // when the notice period begins or began
	Ends   time.Time // when the session ends if nothing more happens
	Paused bool      // somebody is writing a note, and the clock stands still
	Waits  bool      // only the unread wait keeps it
	Next   time.Time // when to ask again at the latest
}

// Life decides what phase a session is in. Where several ends apply, the earliest does. The unread wait counts from the
// last message, or from the latest end if that came before it, so that a session that never falls silent still ends.
func Life(p Policy, f Facts, now time.Time) Verdict {
	latest := f.Started.Add(minutes(p.LatestMinutes + f.Extensions*p.ExtensionMinutes))
	v := Verdict{Reason: Quiet, Ends: f.Active.Add(p.Quiet())}
	if !f.EndAsked.IsZero() {
		if asked := f.EndAsked.Add(p.Notice()); asked.Before(v.Ends) {
			v.Ends, v.Reason = asked, Asked
		}
	}
	if !latest.After(v.Ends) {
		v.Ends, v.Reason = latest, Latest
	}
	v.Notice = v.Ends.Add(-p.Notice())
	v.Ends = v.Ends.Add(f.Paused)

	switch {
	case f.Stopping:
		v.Phase, v.Reason, v.Ends = Over, Shutdown, now
		return v
	case f.Present == 0:
		v.Phase, v.Reason, v.Ends = Over, Left, now
		return v
	}
	ending := !now.Before(v.Notice)
	if ending && f.TookPart > 0 && f.Answered >= f.TookPart {
		v.Phase, v.Reason, v.Ends = Over, Answered, now
		return v
	}
	if !f.Writing.IsZero() {
		limit := f.Writing.Add(minutes(p.WritingMinutes) - f.Paused)
		if now.Before(limit) {
			v.Paused, v.Phase, v.Next = true, Ending, limit
			if !ending {
				v.Phase, v.Next = Open, earlier(limit, v.Notice)
			}
			v.Ends = later(v.Ends, limit)
			return v
		}
	}
	if unpaused := v.Ends; true {
		v.Ends = waitForReaders(p, f, v, latest)
		v.Waits = v.Ends.After(unpaused) && !now.Before(unpaused)
	}
	switch {
	case !now.Before(v.Ends):
		v.Phase = Over
	case ending:
		v.Phase, v.Next = Ending, v.Ends
	default:
		v.Phase, v.Next = Open, v.Notice
	}
	return v
}

// waitForReaders puts the end back while somebody has not read everything, and leaves the last one to read it a notice
// period to answer in.
func waitForReaders(p Policy, f Facts, v Verdict, latest time.Time) time.Time {
	until := earlier(f.LastMessage, latest).Add(minutes(p.UnreadMinutes))
	if f.Unread {
		return later(v.Ends, until)
	}
	if f.CaughtUp.After(v.Notice) {
		return later(v.Ends, f.CaughtUp.Add(p.Notice()))
	}
	return v.Ends
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
