package verify

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the report for people.
func (r *AuditReport) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Public log %s, %s\n\n", r.Log.Origin, entries(int(r.Log.Size)))
	for _, s := range r.Passed {
		fmt.Fprintf(&b, "Passed: %s\n", s)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "FAILED: %s\n", p)
	}
	if len(r.Problems) == maxProblems {
		b.WriteString("There may be more problems; these are the first.\n")
	}
	if len(r.Passed)+len(r.Problems) > 0 {
		b.WriteString("\n")
	}
	disposed := r.Kinds[KindDecided]
	fmt.Fprintf(&b, "%s disposed of, %s:\n", plural(disposed, "session"), plural(r.Counts.Messages, "message"))
	for _, d := range []struct {
		what  Disposition
		words string
	}{
		{Noted, "with a note for the record"},
		{Routine, "people answered that nothing belongs on the record"},
		{Kept, "kept by a rule"},
		{Undecided, "nobody answered"},
	} {
		fmt.Fprintf(&b, "  %s %s\n", Commas(int64(r.Became[d.what])), d.words)
	}
	fmt.Fprintf(&b, "%s filed, %s quoted. %s lost to a crash. %s published. %s recorded.\n",
		plural(r.Kinds[KindNote], "note"), plural(r.Counts.Quoted, "message"), plural(r.Kinds[KindLost], "session"),
		plural(r.Kinds[KindPolicy], "policy version"), plural(r.Kinds[KindIncident], "incident"))
	if r.InProgress > 0 {
		fmt.Fprintf(&b, "%s decided and not completed yet.\n", plural(r.InProgress, "disposal"))
	}
	b.WriteString("\n")
	switch {
	case !r.OK():
		fmt.Fprintf(&b, "This log is not right: %s. Keep this report and the checkpoint.\n", plural(len(r.Problems), "problem"))
	case r.Trusted:
		b.WriteString("The log is whole, signed, and makes sense from its first entry to its last.\n")
	default:
		b.WriteString("The log is whole and makes sense, but no public key was given, so its signature was not checked. " +
			"Get the key from the organisation and check again with it.\n")
	}
	_, err := io.WriteString(w, safe(b.String()))
	return err
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return Commas(int64(n)) + " entries"
}
