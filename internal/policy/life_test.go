package policy_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"winnow.org/winnow/internal/policy"
)

var start = time.Date(2026, time.November, 10, 9, 0, 0, 0, time.UTC)

// at is so many minutes after the session started.
func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

// In each story the session began with its only message at minute 0, and one person who took part is present.
func TestLife(t *testing.T) {
	const day = 24 * 60
	stories := []struct {
		name   string
		change func(f *policy.Facts)
		ends   int // the minute in which it is over; one second earlier it is not
		notice int // the minute in which people are asked; one second earlier they are not. -1: never
		reason policy.Reason
	}{
		{name: "quiet", ends: 60, notice: 45, reason: policy.Quiet},
		{name: "a message later", change: func(f *policy.Facts) { f.LastMessage, f.Active = at(30), at(30) }, ends: 90, notice: 75, reason: policy.Quiet},
		{name: "kept open", change: func(f *policy.Facts) { f.Active = at(50) }, ends: 110, notice: 95, reason: policy.Quiet},
		{name: "asked to end", change: func(f *policy.Facts) { f.EndAsked = at(10) }, ends: 25, notice: 10, reason: policy.Asked},
		{name: "asked to end when it is ending", change: func(f *policy.Facts) { f.EndAsked = at(50) }, ends: 60, notice: 45, reason: policy.Quiet},
		{name: "latest end", change: func(f *policy.Facts) { f.LastMessage, f.Active = at(595), at(595) }, ends: 600, notice: 585, reason: policy.Latest},
		{name: "latest end put back twice", change: func(f *policy.Facts) { f.LastMessage, f.Active, f.Extensions = at(715), at(715), 2 }, ends: 720, notice: 705, reason: policy.Latest},
		{name: "quiet before the latest end", change: func(f *policy.Facts) { f.LastMessage, f.Active = at(530), at(530) }, ends: 590, notice: 575, reason: policy.Quiet},
		{name: "unread", change: func(f *policy.Facts) { f.Unread = true }, ends: day, notice: 45, reason: policy.Quiet},
		{name: "unread, and asked to end", change: func(f *policy.Facts) { f.Unread, f.EndAsked = true, at(10) }, ends: day, notice: 10, reason: policy.Asked},
		{name: "unread from after the latest end", change: func(f *policy.Facts) { f.Unread, f.LastMessage, f.Active = true, at(640), at(640) },
			ends: 600 + day, notice: 585, reason: policy.Latest},
		{name: "caught up before the notice", change: func(f *policy.Facts) { f.CaughtUp = at(40) }, ends: 60, notice: 45, reason: policy.Quiet},
		{name: "caught up in the notice", change: func(f *policy.Facts) { f.CaughtUp = at(50) }, ends: 65, notice: 45, reason: policy.Quiet},
		{name: "caught up hours later", change: func(f *policy.Facts) { f.CaughtUp = at(500) }, ends: 515, notice: 45, reason: policy.Quiet},
		{name: "caught up after the wait", change: func(f *policy.Facts) { f.CaughtUp = at(2 * day) }, ends: day + 15, notice: 45, reason: policy.Quiet},
		{name: "caught up just before the latest end", change: func(f *policy.Facts) { f.LastMessage, f.Active, f.CaughtUp = at(595), at(595), at(599) }, ends: 600, notice: 585, reason: policy.Latest},
		{name: "caught up after the latest end", change: func(f *policy.Facts) { f.LastMessage, f.Active, f.CaughtUp = at(595), at(595), at(700) }, ends: 715, notice: 585, reason: policy.Latest},
		{name: "one of one answered", change: func(f *policy.Facts) { f.Answered = 1 }, ends: 45, notice: 45, reason: policy.Answered},
		{name: "one of two answered", change: func(f *policy.Facts) { f.TookPart, f.Answered = 2, 1 }, ends: 60, notice: 45, reason: policy.Quiet},
		{name: "all answered when asked", change: func(f *policy.Facts) { f.EndAsked, f.Answered = at(10), 1 }, ends: 10, notice: 10, reason: policy.Answered},
		{name: "nobody took part", change: func(f *policy.Facts) { f.TookPart = 0 }, ends: 60, notice: 45, reason: policy.Quiet},
		{name: "writing in the notice", change: func(f *policy.Facts) { f.Writing = at(50) }, ends: 120, notice: 45, reason: policy.Quiet},
		{name: "writing before the notice", change: func(f *policy.Facts) { f.Writing = at(30) }, ends: 120, notice: 105, reason: policy.Quiet},
		{name: "wrote before the notice", change: func(f *policy.Facts) { f.Paused = 20 * time.Minute }, ends: 80, notice: 65, reason: policy.Quiet},
		{name: "writing while others talk", change: func(f *policy.Facts) { f.LastMessage, f.Active, f.Writing = at(50), at(50), at(20) }, ends: 140, notice: 125, reason: policy.Quiet},
		{name: "writing again", change: func(f *policy.Facts) { f.Paused, f.Writing = 20*time.Minute, at(70) }, ends: 120, notice: 65, reason: policy.Quiet},
		{name: "writing again with no time left", change: func(f *policy.Facts) { f.Paused, f.Writing = 60*time.Minute, at(110) }, ends: 120, notice: 105, reason: policy.Quiet},
		{name: "wrote before the end was asked for", change: func(f *policy.Facts) { f.Paused, f.AskedPaused, f.EndAsked = 20*time.Minute, 20*time.Minute, at(30) },
			ends: 45, notice: 30, reason: policy.Asked},
		{name: "wrote after the end was asked for", change: func(f *policy.Facts) { f.Paused, f.EndAsked = 20*time.Minute, at(10) }, ends: 45, notice: 30, reason: policy.Asked},
		{name: "writing near the latest end", change: func(f *policy.Facts) { f.LastMessage, f.Active, f.Writing = at(590), at(590), at(595) }, ends: 660, notice: 585, reason: policy.Latest},
		{name: "everybody left", change: func(f *policy.Facts) { f.Present = 0 }, ends: 0, notice: -1, reason: policy.Left},
		{name: "stopping", change: func(f *policy.Facts) { f.Stopping, f.Writing = true, at(0) }, ends: 0, notice: -1, reason: policy.Shutdown},
	}
	for _, st := range stories {
		t.Run(st.name, func(t *testing.T) {
			f := policy.Facts{Started: start, LastMessage: start, Active: start, TookPart: 1, Present: 1}
			if st.change != nil {
				st.change(&f)
			}
			p := policy.Default()
			v := policy.Life(p, f, at(st.ends))
			if v.Phase != policy.Over || v.Reason != st.reason {
				t.Errorf("in minute %d: phase %v, reason %s", st.ends, v.Phase, v.Reason)
			}
			if st.notice < 0 {
				return
			}
			if st.ends > st.notice {
				if v := policy.Life(p, f, at(st.ends).Add(-time.Second)); v.Phase != policy.Ending || v.Reason != st.reason {
					t.Errorf("just before minute %d: phase %v, reason %s", st.ends, v.Phase, v.Reason)
				}
				if v := policy.Life(p, f, at(st.notice)); v.Phase != policy.Ending || !v.Notice.Equal(at(st.notice)) {
					t.Errorf("in minute %d: phase %v, notice %v", st.notice, v.Phase, v.Notice)
				}
			}
			if v := policy.Life(p, f, at(st.notice).Add(-time.Second)); v.Phase != policy.Open {
				t.Errorf("just before minute %d: phase %v", st.notice, v.Phase)
			}
		})
	}
}

// What people are told while the clock stands still, or only a reader is waited for.
func TestLifeTells(t *testing.T) {
	stories := []struct {
		name   string
		change func(f *policy.Facts)
		now    int
		want   policy.Verdict
	}{
		{"open", func(f *policy.Facts) {}, 10, policy.Verdict{Phase: policy.Open, Reason: policy.Quiet, Notice: at(45), Ends: at(60), Next: at(45)}},
		{"unread before the end is due", func(f *policy.Facts) { f.Unread = true }, 50, policy.Verdict{Phase: policy.Ending, Reason: policy.Quiet, Notice: at(45), Ends: at(60), Next: at(60)}},
		{"unread after it was due", func(f *policy.Facts) { f.Unread = true }, 70,
			policy.Verdict{Phase: policy.Ending, Reason: policy.Quiet, Notice: at(45), Ends: at(24 * 60), Next: at(24 * 60), Waits: true}},
		{"writing in the notice", func(f *policy.Facts) { f.Writing = at(50) }, 70,
			policy.Verdict{Phase: policy.Ending, Reason: policy.Quiet, Notice: at(65), Ends: at(120), Next: at(110), Paused: true}},
		{"writing before the notice", func(f *policy.Facts) { f.Writing = at(30) }, 70,
			policy.Verdict{Phase: policy.Open, Reason: policy.Quiet, Notice: at(105), Ends: at(120), Next: at(90), Paused: true}},
	}
	for _, st := range stories {
		f := policy.Facts{Started: start, LastMessage: start, Active: start, TookPart: 1, Present: 1}
		st.change(&f)
		if got := policy.Life(policy.Default(), f, at(st.now)); got != st.want {
			t.Errorf("%s:\n got %+v\nwant %+v", st.name, got, st.want)
		}
	}
}

// facts draws any history that can be at a moment.
func facts(t *rapid.T, p policy.Policy) (policy.Facts, time.Time) {
	seconds := func(name string, most int) time.Time {
		return start.Add(time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Second)
	}
	maybe := func(name string, when time.Time) time.Time {
		if rapid.Bool().Draw(t, name) {
			return when
		}
		return time.Time{}
	}
	const days = 3 * 24 * 3600
	now := seconds("now", days)
	before := func(name string) time.Time { return seconds(name, int(now.Sub(start)/time.Second)) }
	f := policy.Facts{Started: start, LastMessage: before("last message"), Extensions: rapid.IntRange(0, p.Extensions).Draw(t, "extensions"),
		Unread: rapid.Bool().Draw(t, "unread"), Present: rapid.IntRange(0, 4).Draw(t, "present"), TookPart: rapid.IntRange(0, 4).Draw(t, "took part"),
		Stopping: rapid.IntRange(0, 20).Draw(t, "stopping") == 0}
	f.Active = f.LastMessage
	if a := before("active"); a.After(f.Active) {
		f.Active = a
	}
	f.EndAsked, f.CaughtUp, f.Writing = maybe("asked", before("when asked")), maybe("caught up", before("when caught up")), maybe("writing", before("writing since"))
	f.Paused = time.Duration(rapid.IntRange(0, p.WritingMinutes*60).Draw(t, "paused")) * time.Second
	f.AskedPaused = time.Duration(rapid.IntRange(0, int(f.Paused/time.Second)).Draw(t, "asked paused")) * time.Second
	f.Answered = rapid.IntRange(0, f.TookPart).Draw(t, "answered")
	if w := f.Writing; !w.IsZero() { // nobody begins to write in a session that is over
		f.Writing = time.Time{}
		if policy.Life(p, f, w).Phase != policy.Over {
			f.Writing = w
		}
	}
	return f, now
}

func rules(t *rapid.T) policy.Policy {
	p := policy.Default()
	p.QuietMinutes = rapid.IntRange(15, 240).Draw(t, "quiet")
	p.NoticeMinutes = rapid.IntRange(10, p.QuietMinutes).Draw(t, "notice")
	p.LatestMinutes = rapid.IntRange(60, 1200).Draw(t, "latest")
	p.UnreadMinutes = rapid.IntRange(0, 72*60).Draw(t, "unread minutes")
	p.WritingMinutes = rapid.IntRange(5, 120).Draw(t, "writing minutes")
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestLifeOfAnyHistory says what holds of every history: when a session must be over, when it must not, and that whoever
// asks again at Next misses nothing.
func TestLifeOfAnyHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rules(t)
		f, now := facts(t, p)
		v := policy.Life(p, f, now)
		if again := policy.Life(p, f, now); again != v {
			t.Fatalf("asked twice: %+v and %+v", v, again)
		}
		minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
		end := start.Add(minutes(p.LatestMinutes + f.Extensions*p.ExtensionMinutes + p.UnreadMinutes + p.NoticeMinutes + p.WritingMinutes))
		if !now.Before(end) && v.Phase != policy.Over {
			t.Fatalf("it outlives every end: %+v", v)
		}
		if v.Phase != policy.Over {
			if !v.Next.After(now) || !v.Ends.After(now) {
				t.Fatalf("not over, and nobody will ask again: %+v", v)
			}
			// Between now and Next nothing changes by itself, and at Next something may.
			for _, at := range []time.Time{now.Add(v.Next.Sub(now) / 2), v.Next.Add(-time.Nanosecond)} {
				if between := policy.Life(p, f, at); between.Phase != v.Phase || between.Paused != v.Paused {
					t.Fatalf("at %v it changes without being asked: %+v, then %+v", at, v, between)
				}
			}
			return
		}
		quick := f.Stopping || f.Present == 0 || f.TookPart > 0 && f.Answered == f.TookPart
		asked := !f.EndAsked.IsZero() && !now.Before(f.EndAsked.Add(p.Notice()))
		latest := !now.Before(start.Add(minutes(p.LatestMinutes + f.Extensions*p.ExtensionMinutes)))
		quiet := !now.Before(f.Active.Add(p.Quiet()))
		if !quick && !asked && !latest && !quiet {
			t.Fatalf("over, and nothing says that it may be: %+v", v)
		}
		if !quick && f.Unread && now.Before(f.LastMessage.Add(minutes(p.UnreadMinutes))) && now.Before(start.Add(minutes(p.LatestMinutes+p.UnreadMinutes))) {
			t.Fatalf("over, although somebody has not read everything: %+v", v)
		}
	})
}
