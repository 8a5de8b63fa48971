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
	Unread      bool          // somebody in the room has not read everything that was said before the latest end
	CaughtUp    time.Time     // when nobody had any of that unread any more
	Writing     time.Time     // since when somebody has been writing a note
	Paused      time.Duration // how long earlier writing has stopped the clock since Active
	AskedPaused time.Duration // how much of Paused was before EndAsked
	TookPart    int           // people in the room who wrote, reacted or marked
	Answered    int           // how many of them have answered since the last message
	Present     int           // people in the room
	Stopping    bool          // the server is stopping
}

// Verdict is what follows from the facts.
type Verdict struct {
	Phase  Phase
	Reason Reason
	Notice time.Time // when the notice period begins or began
	Ends   time.Time // when the session ends if nothing more happens and everybody reads what there is
	Paused bool      // somebody is writing a note, and the clock stands still
	Waits  bool      // only the unread wait keeps it, at most until Ends
	Next   time.Time // when to ask again at the latest
}

// Life decides what phase a session is in. Where several ends apply, the earliest does. The unread wait counts from the
// last message, or from the latest end if that came before it, so that a session that never falls silent still ends.
func Life(p Policy, f Facts, now time.Time) Verdict {
	paused, left := f.pause(p, now)
	latest := f.Started.Add(minutes(p.LatestMinutes + f.Extensions*p.ExtensionMinutes))
	v := Verdict{Reason: Quiet, Ends: f.Active.Add(p.Quiet() + paused)}
	if !f.EndAsked.IsZero() {
		if asked := f.EndAsked.Add(p.Notice() + max(0, paused-f.AskedPaused)); asked.Before(v.Ends) {
			v.Ends, v.Reason = asked, Asked
		}
	}
	if last := latest.Add(paused); !last.After(v.Ends) {
		v.Ends, v.Reason = last, Latest
	}
	v.Notice = v.Ends.Add(-p.Notice())
	ending := !now.Before(v.Notice)

	switch {
	case f.Stopping:
		v.Phase, v.Reason, v.Ends = Over, Shutdown, now
		return v
	case f.Present == 0:
		v.Phase, v.Reason, v.Ends = Over, Left, now
		return v
	case ending && f.TookPart > 0 && f.Answered >= f.TookPart:
		v.Phase, v.Reason, v.Ends = Over, Answered, now
		return v
	case left > 0: // the clock stands where it stood when the writing began, so the phase does not change either
		v.Paused, v.Next = true, now.Add(left)
		v.Ends = later(v.Ends.Add(left), v.Next)
		if v.Phase = Ending; !ending {
			v.Phase, v.Notice = Open, v.Notice.Add(left)
		}
		return v
	}
	v.waitForReaders(p, f, latest, now)
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

// pause is how long writing has stopped the clock since Active, and for how long it still may; zero if nobody is writing.
func (f Facts) pause(p Policy, now time.Time) (paused, left time.Duration) {
	limit := minutes(p.WritingMinutes)
	paused = min(f.Paused, limit)
	if f.Writing.IsZero() {
		return paused, 0
	}
	until := f.Writing.Add(limit - paused)
	paused += max(0, earlier(now, until).Sub(later(f.Writing, f.Active)))
	return paused, max(0, until.Sub(now))
}

// waitForReaders puts the end back while somebody has not read everything, and leaves the last one to read it a notice
// period to answer in. Those who talk and read right up to the latest end do not put it back.
func (v *Verdict) waitForReaders(p Policy, f Facts, latest, now time.Time) {
	until := earlier(f.LastMessage, latest).Add(minutes(p.UnreadMinutes))
	switch {
	case f.Unread && !now.Before(v.Ends) && until.After(v.Ends):
		v.Ends, v.Waits = until, now.Before(until)
	case !f.Unread && f.CaughtUp.After(v.Notice) && (v.Reason != Latest || f.CaughtUp.After(v.Ends)):
		v.Ends = later(v.Ends, earlier(f.CaughtUp, until).Add(p.Notice()))
	}
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
