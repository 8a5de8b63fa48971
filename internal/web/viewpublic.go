package web

// TransparencyPage is /transparency and /transparency/{yyyy-mm}. Page "transparency". All figures come from the log.
type TransparencyPage struct {
	Frame
	Month       string // "October 2026"
	SoFar       string // "October so far, to 20 October", while the month is not closed
	Earlier     []Link // other months
	CSV         string // address of the figures, or ""
	Figures     Figures
	Months      []MonthFigures // oldest first, this month last; at most 12. No chart under 2
	Groups      []GroupFigures // by who took part
	Corrections []string       // "Corrected on 4 November: was 1,480"
	Rules       []Fact         // the policy in force
	Policy      int
	PolicySince string
	Versions    []Moment
	HoldsOn     string // "31 October 2026"
	Holds       []HoldRow
	Log         Verdict
	Command     string // "winnow audit log.dcw.example"
	LogURL      string
	Requests    string // "31 received in October. 12 replies included notes from chat."
}

// Figures are one month's counts.
type Figures struct {
	Sessions     int // ended
	Noted        int
	Held         int
	Certificates int
	Kept         int // messages kept in notes
	Deleted      int
	HeldMessages int
}

// Messages is how many were sent in all.
func (f Figures) Messages() int { return f.Kept + f.Deleted + f.HeldMessages }

// MonthFigures is one column of the first chart.
type MonthFigures struct {
	Label                           string // "Apr"
	Noted, Routine, Undecided, Held int
}

// All is how many sessions ended in the month.
func (m MonthFigures) All() int { return m.Noted + m.Routine + m.Undecided + m.Held }

// GroupFigures is one bar of the second chart.
type GroupFigures struct {
	Name     string
	Sessions int
	Noted    int
	Few      bool // fewer than 5 sessions: no figures
}

// HoldRow is one preservation notice in force.
type HoldRow struct {
	Ref, Kind, Since string
	Conversations    int
}

// PolicyPage is /transparency/policy/{n}. Page "policy".
type PolicyPage struct {
	Frame
	Version int
	Since   string
	Until   string // "" while it is in force
	Rules   []Fact
	Lead    string
}
