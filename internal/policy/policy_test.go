package policy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/policy"
)

func TestCheck(t *testing.T) {
	stories := []struct {
		name   string
		change func(p *policy.Policy)
		words  string
	}{
		{"default", func(p *policy.Policy) {}, ""},
		{"shortest", func(p *policy.Policy) {
			p.QuietMinutes, p.NoticeMinutes, p.LatestMinutes, p.UnreadMinutes = 15, 10, 60, 0
		}, ""},
		{"longest", func(p *policy.Policy) {
			p.QuietMinutes, p.NoticeMinutes, p.LatestMinutes, p.UnreadMinutes = 240, 240, 1200, 72*60
		}, ""},
		{"no version", func(p *policy.Policy) { p.Version = 0 }, "version number"},
		{"never quiet", func(p *policy.Policy) { p.QuietMinutes = 241 }, "Quiet time"},
		{"too hasty", func(p *policy.Policy) { p.QuietMinutes = 14 }, "Quiet time"},
		{"hardly asked", func(p *policy.Policy) { p.NoticeMinutes = 9 }, "at least 10 minutes before"},
		{"asked before it is quiet", func(p *policy.Policy) { p.NoticeMinutes = 61 }, "not before it is quiet"},
		{"for ever", func(p *policy.Policy) { p.LatestMinutes = 20*60 + 1 }, "latest end must be"},
		{"put back for ever", func(p *policy.Policy) { p.Extensions = 11 }, "put back"},
		{"put back by a day", func(p *policy.Policy) { p.ExtensionMinutes = 24 * 60 }, "put back"},
		{"waits for ever", func(p *policy.Policy) { p.UnreadMinutes = 72*60 + 1 }, "72 hours"},
		{"writes for ever", func(p *policy.Policy) { p.WritingMinutes = 121 }, "Writing a note"},
		{"edits for ever", func(p *policy.Policy) { p.EditMinutes = 61 }, "edited"},
		{"rounds to nothing", func(p *policy.Policy) { p.RoundMinutes = 0 }, "rounded"},
		{"endless messages", func(p *policy.Policy) { p.MaxCharacters = 10_001 }, "characters"},
		{"drops what is marked", func(p *policy.Policy) { p.MarkedAlwaysKept = false }, "always kept"},
	}
	for _, st := range stories {
		p := policy.Default()
		st.change(&p)
		err := p.Check()
		if st.words == "" {
			if err != nil {
				t.Errorf("%s: %v", st.name, err)
			}
		} else if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Say(err), st.words) {
			t.Errorf("%s: %v, want words with %q", st.name, err, st.words)
		}
	}
}

// No policy can turn history on: the published rules have these members and no others, and one more needs a look here.
func TestPolicyHasNoHistory(t *testing.T) {
	raw, err := json.Marshal(policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":1,"quiet_minutes":60,"notice_minutes":15,"latest_minutes":600,"extension_minutes":60,"extensions":10,"unread_minutes":1440,` +
		`"writing_minutes":60,"edit_minutes":15,"round_minutes":1,"max_characters":4000,"marked_always_kept":true}`
	if string(raw) != want {
		t.Errorf("the rules are published as %s", raw)
	}
}

func TestDispose(t *testing.T) {
	stories := []struct {
		o    policy.Outcome
		want policy.Disposition
	}{
		{policy.Outcome{}, policy.Undecided},
		{policy.Outcome{Answered: 2}, policy.Routine},
		{policy.Outcome{Notes: 1}, policy.Noted},
		{policy.Outcome{Notes: 1, Automatic: 1}, policy.Noted},
		{policy.Outcome{Automatic: 1}, policy.Undecided}, // kept, but nobody decided
		{policy.Outcome{Automatic: 1, Answered: 1}, policy.Noted},
	}
	for _, st := range stories {
		if got := policy.Dispose(st.o); got != st.want {
			t.Errorf("%+v is %s, want %s", st.o, got, st.want)
		}
	}
}

func TestRound(t *testing.T) {
	p := policy.Default()
	p.RoundMinutes = 15
	for second, want := range map[int]int{0: 0, 1: 0, 899: 0, 900: 900, 1799: 900} {
		if got := p.Round(start.Add(time.Duration(second) * time.Second)); !got.Equal(start.Add(time.Duration(want) * time.Second)) {
			t.Errorf("second %d is rounded to %v", second, got)
		}
	}
}
