package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/verify"
)

// transparency is the public page: the rule, what happened in a month, how to check. Every figure comes from the log.
func (f *Face) transparency(w http.ResponseWriter, r *http.Request, v *visit) error {
	months, err := f.Tally.Months(r.Context())
	if err != nil {
		return err
	}
	now := f.Now().In(f.Zone)
	this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, f.Zone)
	which := this
	asked, asCSV := strings.CutSuffix(r.PathValue("month"), ".csv")
	if asked != "" {
		if which, err = time.ParseInLocation("2006-01", asked, f.Zone); err != nil || which.After(this) {
			return fault.New(fault.NotFound, "There are no figures for this month. Start from the page How we use chat")
		}
	}
	if asCSV {
		return monthsCSV(w, months)
	}
	p := TransparencyPage{Frame: f.frame(&visit{Theme: v.Theme}, "How we use chat - Transparency", "transparency"), Month: which.Format("January 2006"),
		CSV: "/transparency/" + which.Format("2006-01") + ".csv", Command: "winnow audit " + f.URL, LogURL: "/log/checkpoint"}
	if which.Equal(this) {
		p.SoFar = which.Format("January") + " so far, to " + now.Format("2 January")
	}
	for _, m := range months {
		if m.Start.Equal(which) {
			p.Figures = figures(m)
		}
		if !m.Start.After(which) {
			p.Months = append(p.Months, MonthFigures{Label: m.Start.Format("Jan"), Noted: m.By[verify.Noted], Routine: m.By[verify.Routine], Undecided: m.By[verify.Undecided]})
		}
		if !m.Start.Equal(which) {
			p.Earlier = append(p.Earlier, Link{m.Start.Format("January 2006"), "/transparency/" + m.Start.Format("2006-01")})
		}
	}
	p.Months = p.Months[max(0, len(p.Months)-12):]
	if err := f.rules(r, &p); err != nil {
		return err
	}
	p.Log = f.logHealth(r)
	return f.page(w, r, http.StatusOK, "transparency", p, f.filling())
}

func figures(m ledger.Month) Figures {
	return Figures{Sessions: m.Sessions, Noted: m.By[verify.Noted], Certificates: m.Completed, Kept: m.Quoted, Deleted: m.Messages - m.Quoted}
}

// rules says which policy is in force and how it has changed.
func (f *Face) rules(r *http.Request, p *TransparencyPage) error {
	all, err := f.Sessions.Policies(r.Context())
	if err != nil {
		return err
	}
	for i, pub := range all {
		pol, err := pub.Policy()
		if err != nil {
			return err
		}
		if i == 0 {
			p.Policy, p.PolicySince, p.Rules = pub.Version, f.date(pub.At), policyFacts(pol)
		}
		p.Versions = append(p.Versions, Moment{Bold: "Version " + strconv.Itoa(pub.Version), Words: "from " + f.date(pub.At), Detail: "Entry " + thousands(int(pub.Entry)) + " in the log"})
	}
	return nil
}

func policyFacts(p policy.Policy) []Fact {
	hours := func(minutes int) string { return lasted(time.Duration(minutes) * time.Minute) }
	return []Fact{
		{Name: "History", Words: "Off. No policy can turn it on"},
		{Name: "A session ends", Words: "After " + hours(p.QuietMinutes) + " without a message, and at the latest after " + hours(p.LatestMinutes)},
		{Name: "People are asked", Words: "What belongs on the record, " + hours(p.NoticeMinutes) + " before the end"},
		{Name: "It waits", Words: "At most " + hours(p.UnreadMinutes) + " for somebody who has not read it, and at most " + hours(p.WritingMinutes) + " while a note is written"},
		{Name: "It can be kept open", Words: plural(p.Extensions, "time", "times") + " by " + hours(p.ExtensionMinutes) + " beyond the latest end"},
		{Name: "Marked messages", Words: "Always kept, in a note that somebody writes or in one that files itself"},
		{Name: "Edits", Words: "For " + hours(p.EditMinutes) + " after sending, unless the message is marked"},
		{Name: "Times in the log", Words: "Rounded down to " + hours(p.RoundMinutes)},
	}
}

// logHealth says whether the log is sound: it has its signature, and every decision of a closed month has its completion.
func (f *Face) logHealth(r *http.Request) Verdict {
	v := Verdict{State: "passed", Heading: "Our log is in order", Words: "Checked just now, " + f.clock(f.Now())}
	signed, err := f.Ledger.Checkpoint(r.Context())
	if err == nil {
		key, kerr := verify.ParseKey(f.Ledger.Key)
		if kerr != nil {
			err = kerr
		} else if c, oerr := verify.OpenCheckpoint(signed, key); oerr != nil {
			err = oerr
		} else {
			v.Checks = append(v.Checks, Check{State: "passed", Words: plural(int(c.Size), "entry", "entries") + " under our signature", Detail: f.Ledger.Key})
		}
	}
	if err != nil {
		f.Log.Error("check the log", "error", err)
		return Verdict{State: "failed", Heading: "Our log cannot be read", Words: "We are looking into it. Nothing is deleted while it cannot be written"}
	}
	if since := f.Sessions.Broken(); !since.IsZero() {
		v.State, v.Heading = "failed", "Sessions are not ending at the moment"
		v.Checks = append(v.Checks, Check{State: "failed", Words: "Nothing is being deleted since " + f.clock(since)})
	}
	return v
}

func monthsCSV(w http.ResponseWriter, months []ledger.Month) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="winnow-figures.csv"`)
	out := csv.NewWriter(w)
	out.Write([]string{"month", "sessions ended", "note filed", "nothing for the record", "no answer", "certificates", "lost in a fault", "notes", "messages sent", "messages kept in notes", "messages deleted"})
	for _, m := range months {
		row := []string{m.Start.Format("2006-01")}
		for _, n := range []int{m.Sessions, m.By[verify.Noted], m.By[verify.Routine], m.By[verify.Undecided], m.Completed, m.Lost, m.Notes, m.Messages, m.Quoted, m.Messages - m.Quoted} {
			row = append(row, strconv.Itoa(n))
		}
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// policyPage is one version of the policy.
func (f *Face) policyPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	all, err := f.Sessions.Policies(r.Context())
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(r.PathValue("version"))
	i := slices.IndexFunc(all, func(p session.Published) bool { return p.Version == n })
	if i < 0 {
		return fault.New(fault.NotFound, "There is no policy with this number. The page How we use chat lists them")
	}
	pol, err := all[i].Policy()
	if err != nil {
		return err
	}
	p := PolicyPage{Frame: f.frame(&visit{Theme: v.Theme}, fmt.Sprintf("Policy version %d - Transparency", n), "transparency"), Version: n, Since: f.date(all[i].At), Rules: policyFacts(pol),
		Lead: "Chat here is for routine talk. When a session ends its messages are deleted, apart from those kept in a note for the record."}
	if i > 0 {
		p.Until = f.date(all[i-1].At)
	}
	return f.page(w, r, http.StatusOK, "policy", p, f.filling())
}

// log serves the log's own files (C2SP tlog-tiles) and its public key. Anybody may read them from anywhere.
func (f *Face) log(w http.ResponseWriter, r *http.Request, v *visit) error {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	name := strings.TrimPrefix(r.URL.Path, "/log/")
	if name == "key" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, err := w.Write([]byte(f.Ledger.Key + "\n"))
		return err
	}
	res, err := f.Ledger.Read(r.Context(), name)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", res.Type)
	if res.Immutable {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, err = w.Write(res.Body)
	return err
}
