package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/verify"
)

// certificateRef is how people name a certificate: by its last entry in the log, "DC-2026-018232".
func (f *Face) certificateRef(rec session.Record) string {
	if rec.State != session.StateCompleted && rec.State != session.StateLost {
		return ""
	}
	at := rec.Ended
	if at.IsZero() {
		at = rec.Started
	}
	return fmt.Sprintf("DC-%d-%06d", at.In(f.Zone).Year(), rec.Completion)
}

// certified finds a session by its certificate's reference or its own.
func (f *Face) certified(r *http.Request, ref string) (rec session.Record, err error) {
	none := fault.New(fault.NotFound, "There is no certificate with this reference. Check it, or look in the list of certificates")
	sid := id.Session(ref)
	if strings.HasPrefix(ref, "DC-") {
		parts := strings.Split(ref, "-")
		n, err := strconv.ParseInt(parts[len(parts)-1], 10, 64)
		if len(parts) != 3 || err != nil {
			return rec, none
		}
		e, err := f.Ledger.Get(r.Context(), n)
		switch {
		case fault.Is(err, fault.Internal) || err != nil && !fault.Is(err, fault.NotFound):
			return rec, none.Because(err)
		case err != nil:
			return rec, none
		case e.Completed != nil:
			sid = id.Session(e.Completed.Session)
		case e.Lost != nil:
			sid = id.Session(e.Lost.Session)
		default:
			return rec, none
		}
	}
	rec, err = f.Sessions.Record(r.Context(), sid)
	if fault.Is(err, fault.NotFound) {
		return rec, none
	}
	if err == nil && (rec.State == session.StateOpen || rec.State == session.StateDecided) {
		return rec, fault.New(fault.NotFound, "This session has not ended yet. Its certificate will be here when it has")
	}
	return rec, err
}

// sessionPage is the address of a session: its conversation while it is open, for who is in it, and its certificate after.
func (f *Face) sessionPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := f.Sessions.Record(r.Context(), id.Session(r.PathValue("session")))
	if err != nil {
		return fault.New(fault.NotFound, "There is no such session")
	}
	to := "/certificates/" + string(rec.ID)
	if rec.State == session.StateOpen && v.signedIn() {
		if _, err := f.Rooms.For(r.Context(), v.ID, rec.Room); err == nil {
			to = "/chat/" + string(rec.Room)
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// certificate is public. All of it comes from the log's entries.
func (f *Face) certificate(w http.ResponseWriter, r *http.Request, v *visit) error {
	ref, asJSON := strings.CutSuffix(r.PathValue("ref"), ".json")
	rec, err := f.certified(r, ref)
	if err != nil {
		return err
	}
	if asJSON {
		return f.certificateJSON(w, r, rec)
	}
	p := CertificatePage{Frame: f.frame(&visit{Theme: v.Theme}, f.certificateRef(rec)+" - Certificates", "certificates"), Ref: f.certificateRef(rec), Sent: rec.Messages, Kept: rec.Quoted,
		Deleted: rec.Messages - rec.Quoted, JSON: "/certificates/" + string(rec.ID) + ".json", Command: "winnow audit " + f.URL,
		Limits: "It says what this server did. It cannot know of screenshots, of what people remember, or of copies that their devices or other programs made."}
	if rec.State == session.StateLost {
		return f.lostCertificate(w, r, p, rec)
	}
	e, err := f.Ledger.Get(r.Context(), rec.Decision)
	if err != nil || e.Decided == nil {
		return fmt.Errorf("read the decision of %s: %w", rec.ID, err)
	}
	d := e.Decided
	p.Lead = "A chat session ended and its messages were deleted"
	if rec.Quoted > 0 {
		p.Lead += ", apart from those kept in a note for the record"
	}
	p.Lead += "."
	p.Facts = f.certificateFacts(d, rec)
	p.Verdict = f.checkCertificate(r, rec, d)
	return f.page(w, r, http.StatusOK, "certificate", p, f.filling())
}

func (f *Face) certificateFacts(d *verify.Decided, rec session.Record) []Fact {
	start, end := time.UnixMilli(d.Start), time.UnixMilli(d.End)
	c := d.Counts
	facts := []Fact{
		{Name: "Session", Words: d.Session},
		{Name: "Started", Words: f.date(start) + ", " + f.clock(start)},
		{Name: "Ended", Words: f.date(end) + ", " + f.clock(end) + ", " + reasonWords(d.Reason)},
		{Name: "Outcome", Words: outcomeWords(d.Disposition)},
		{Name: "Messages", Words: fmt.Sprintf("%s sent = %s kept + %s deleted", thousands(c.Messages), thousands(c.Quoted), thousands(c.Messages-c.Quoted))},
		{Name: "Also deleted", Words: plural(c.Edits, "edit", "edits") + ", " + plural(c.Reactions, "reaction", "reactions") + ", and " + plural(c.Withdrawn, "message that was withdrawn before", "messages that were withdrawn before")},
		{Name: "People", Words: plural(c.People, "person", "people") + " took part. " + thousands(c.Answered) + " answered, " + thousands(c.Unanswered) + " did not"},
		{Name: "Kept open", Words: plural(c.Extensions, "time", "times") + " beyond the latest end"},
		{Name: "Notes", Words: plural(len(d.Notes), "note", "notes") + " filed"},
		{Name: "Holds", Words: "None covered this session"},
		{Name: "How it was deleted", Words: "The only key to the messages was overwritten in memory, and the sealed messages were dropped"},
		{Name: "Policy", Words: "Version " + strconv.Itoa(d.Policy) + ".", Link: Link{"Read it", "/transparency/policy/" + strconv.Itoa(d.Policy)}},
		{Name: "In the log", Words: "Decided in entry " + thousands(int(rec.Decision)) + ", completed in entry " + thousands(int(rec.Completion))},
	}
	return facts
}

func reasonWords(r verify.Reason) string {
	return map[verify.Reason]string{verify.ReasonQuiet: "because nobody wrote", verify.ReasonLatest: "at its latest end", verify.ReasonAsked: "because somebody ended it",
		verify.ReasonAnswered: "because everybody answered", verify.ReasonLeft: "because everybody left", verify.ReasonShutdown: "because the service was stopped"}[r]
}

func outcomeWords(d verify.Disposition) string {
	return map[verify.Disposition]string{verify.Noted: "A note was filed", verify.Routine: "People answered that nothing belongs on the record", verify.Undecided: "Nobody answered"}[d]
}

// checkCertificate checks the certificate again, now, and says so in plain sentences.
func (f *Face) checkCertificate(r *http.Request, rec session.Record, d *verify.Decided) Verdict {
	v := Verdict{State: "passed", Heading: "This certificate is genuine", Words: "Checked just now, " + f.clock(f.Now())}
	check := func(err error, words, detail string) {
		state := "passed"
		if err != nil {
			state, v.State, v.Heading = "failed", "failed", "The check failed"
			f.Log.Error("check a certificate", "session", rec.ID, "error", err)
		}
		v.Checks = append(v.Checks, Check{State: state, Words: words, Detail: detail})
	}
	check(f.entryHolds(r, rec.Decision, func(e verify.Entry) bool { return e.Decided != nil && e.Decided.Session == string(rec.ID) }),
		"The decision is in the log", "Entry "+thousands(int(rec.Decision))+", under our signature")
	check(f.entryHolds(r, rec.Completion, func(e verify.Entry) bool { return e.Completed != nil && e.Completed.Decision == rec.Decision }),
		"The deletion was completed after it", "Entry "+thousands(int(rec.Completion)))
	var numbers error
	if c := d.Counts; c.Quoted > c.Messages || c.People != c.Answered+c.Unanswered {
		numbers = fmt.Errorf("the counts do not add up")
	}
	check(numbers, "The numbers add up", fmt.Sprintf("%d sent = %d kept + %d deleted", d.Counts.Messages, d.Counts.Quoted, d.Counts.Messages-d.Counts.Quoted))
	return v
}

func (f *Face) lostCertificate(w http.ResponseWriter, r *http.Request, p CertificatePage, rec session.Record) error {
	e, err := f.Ledger.Get(r.Context(), rec.Completion)
	if err != nil || e.Lost == nil {
		return fmt.Errorf("read the loss of %s: %w", rec.ID, err)
	}
	found := time.UnixMilli(e.Lost.Found)
	p.Lead = "A chat session was lost when the service stopped unexpectedly. Nobody decided to delete its messages, and they cannot be brought back."
	p.Kept, p.Deleted, p.Sent = 0, 0, 0
	p.Facts = []Fact{{Name: "Session", Words: e.Lost.Session}, {Name: "Started", Words: f.date(time.UnixMilli(e.Lost.Start)) + ", " + f.clock(time.UnixMilli(e.Lost.Start))},
		{Name: "Found lost", Words: f.date(found) + ", " + f.clock(found)}, {Name: "Messages", Words: "Not known. They were in memory only"},
		{Name: "In the log", Words: "Entry " + thousands(int(rec.Completion))}}
	p.Verdict = Verdict{State: "passed", Heading: "This certificate is genuine", Words: "Checked just now, " + f.clock(f.Now())}
	if err := f.entryHolds(r, rec.Completion, func(e verify.Entry) bool { return e.Lost != nil }); err != nil {
		p.Verdict = Verdict{State: "failed", Heading: "The check failed", Words: "The log does not have this entry as it should"}
	}
	return f.page(w, r, http.StatusOK, "certificate", p, f.filling())
}

// certificateJSON is the certificate's entries with what proves them, for other programs.
func (f *Face) certificateJSON(w http.ResponseWriter, r *http.Request, rec session.Record) error {
	type part struct {
		Index int64        `json:"index"`
		Entry verify.Entry `json:"entry"`
		Proof string       `json:"proof"` // C2SP tlog-proof
	}
	indexes := []int64{rec.Completion}
	if rec.State != session.StateLost {
		indexes = []int64{rec.Decision, rec.Completion}
	}
	var out []part
	for _, i := range indexes {
		b, err := f.Ledger.ProveNow(r.Context(), i)
		if err != nil {
			return err
		}
		text, err := b.MarshalText()
		if err != nil {
			return err
		}
		e, err := verify.ParseEntry(b.Entry)
		if err != nil {
			return err
		}
		out = append(out, part{i, e, string(text)})
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]any{"session": rec.ID, "entries": out, "key": f.Ledger.Key})
}

// certificates is the public list, newest first.
func (f *Face) certificates(w http.ResponseWriter, r *http.Request, v *visit) error {
	const perPage = 50
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	all, err := f.Sessions.Certified(r.Context(), before, perPage+1)
	if err != nil {
		return err
	}
	p := CertificatesPage{Frame: f.frame(&visit{Theme: v.Theme}, "Certificates - Transparency", "certificates")}
	for i, rec := range all {
		if i == perPage {
			p.Older = "/certificates?before=" + strconv.FormatInt(all[i-1].Completion, 10)
			break
		}
		row := CertificateRow{Ref: f.certificateRef(rec), Sent: rec.Messages, Kept: rec.Quoted, Deleted: rec.Messages - rec.Quoted}
		switch {
		case rec.State == session.StateLost:
			row.Ended, row.Outcome = f.date(rec.Started)+" (started)", Tag{"error", "Lost in a fault"}
		case rec.Disposition == policy.Noted:
			row.Outcome = Tag{"success", "Note filed"}
		case rec.Disposition == policy.Routine:
			row.Outcome = Tag{"", "Nothing for the record"}
		default:
			row.Outcome = Tag{"record", "No answer"}
		}
		if row.Ended == "" {
			at := time.Duration(f.Sessions.Policy().RoundMinutes) * time.Minute
			row.Ended = f.date(rec.Ended) + ", " + f.clock(rec.Ended.Truncate(at))
		}
		p.Rows = append(p.Rows, row)
	}
	return f.page(w, r, http.StatusOK, "certificates", p, f.filling())
}
