package policy

// Disposition is what became of a session.
type Disposition string

const (
	Noted     Disposition = "noted"     // somebody filed a note
	Routine   Disposition = "routine"   // people answered that nothing belongs on the record
	Undecided Disposition = "undecided" // nobody answered: counted, never hidden
)

// Outcome are the facts that a disposition follows from.
type Outcome struct {
	Notes     int // notes that people filed
	Automatic int // notes that filed themselves for marked messages
	Answered  int // people who answered
}

// Dispose says what became of a session. Marked messages that filed themselves are kept, but nobody decided; only an
// answer makes it a decision.
func Dispose(o Outcome) Disposition {
	switch {
	case o.Notes > 0, o.Automatic > 0 && o.Answered > 0:
		return Noted
	case o.Answered > 0:
		return Routine
	default:
		return Undecided
	}
}
