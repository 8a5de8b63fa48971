package verify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"winnow.org/winnow/verify"
)

// ServeHTTP serves the log as C2SP tlog-tiles.
func (l *log) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/log/")
	t, err := torchwood.ParseTilePath(path)
	if err != nil || t.N<<8+int64(t.W) > int64(len(l.entries)) {
		http.NotFound(w, r)
		return
	}
	var data []byte
	if t.L >= 0 {
		data, err = tlog.ReadTileData(t, l)
	} else {
		for _, e := range l.entries[t.N<<8:][:t.W] {
			data, err = torchwood.AppendTileEntry(data, e)
		}
	}
	if err != nil {
		panic(err)
	}
	w.Write(data)
}

// serve starts a log's server; bend may answer a request in the log's place.
func serve(t *testing.T, l *log, bend func(path string) ([]byte, int)) string {
	t.Helper()
	signed := l.checkpoint(t, int64(len(l.entries)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/log/")
		if bend != nil {
			if b, code := bend(path); code != 0 {
				w.WriteHeader(code)
				w.Write(b)
				return
			}
		}
		if path == "checkpoint" {
			w.Write(signed)
			return
		}
		l.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/log"
}

// life appends the usual life of a session with one note: policy, note, decision, completion.
func life(t testing.TB, l *log, change func(i int, e *verify.Entry)) {
	t.Helper()
	n := sample(t, 2, 4)
	tree := sampleTree(6) // the note was filed when the session had 6 messages, and 8 came in all
	root := tree.Root()
	n.Session.Size, n.Session.Root = 6, root[:]
	final := sampleTree(8)
	proof, err := final.Consistency(6)
	if err != nil {
		t.Fatal(err)
	}
	at := n.Filed
	for i, e := range []verify.Entry{
		policyEntry(t, 1),
		{Kind: verify.KindNote, Time: at, Note: &verify.Filed{Session: session, Fingerprint: verify.Fingerprint([]byte("m")), Size: 6, Root: root}},
		{Kind: verify.KindDecided, Time: at + 60_000, Decided: &verify.Decided{Session: session, Start: started, End: at - at%60_000, Rounding: 60_000,
			Reason: verify.ReasonQuiet, Policy: 1, Disposition: verify.Noted, Counts: verify.Counts{Messages: 8, Quoted: 2, People: 3},
			Notes: []verify.NotedTree{{Entry: 1, Size: 6, Root: root, Proof: proof}}, Size: 8, Root: final.Root()}},
		{Kind: verify.KindCompleted, Time: at + 61_000, Completed: &verify.Completed{Decision: 2, Session: session, Method: verify.KeyWiped}},
		{Kind: verify.KindNote, Time: at + 120_000, Note: &verify.Filed{Session: session, Fingerprint: verify.Fingerprint([]byte("correction")), Size: 6, Root: root}},
		{Kind: verify.KindLost, Time: at + 180_000, Lost: &verify.Lost{Session: "S-LOST", Start: started, Policy: 1, Found: at}},
		{Kind: verify.KindIncident, Time: at + 180_000, Incident: &verify.Incident{What: "The server stopped without warning.", Since: at}},
		{Kind: verify.KindNotice, Time: at + 180_000, Notice: &verify.Notice{Ref: "H-2026-011", Action: verify.NoticePlaced, People: 2}},
		policyEntry(t, 2),
	} {
		if change != nil {
			change(i, &e)
		}
		if e.Kind != "" {
			l.add(t, e)
		}
	}
}

func audit(t *testing.T, url string, opts verify.AuditOptions) *verify.AuditReport {
	t.Helper()
	r, err := verify.Audit(t.Context(), nil, url, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func trusted(t *testing.T) verify.AuditOptions {
	_, v, _ := key(t, origin)
	return verify.AuditOptions{Keys: []note.Verifier{v}, Now: time.UnixMilli(started + 24*3_600_000)}
}

func TestAuditOfAWholeLog(t *testing.T) {
	for _, more := range []int{0, 1, 247, 248, 600} { // with 9 entries: around the ends of tiles
		l := new(log)
		life(t, l, nil)
		for i := range more {
			l.add(t, verify.Entry{Kind: verify.KindIncident, Time: started + int64(i), Incident: &verify.Incident{What: "x"}})
		}
		url := serve(t, l, nil)
		opts := trusted(t)
		for _, size := range []int64{0, 1, 5, int64(len(l.entries))} {
			opts.Saved = l.checkpoint(t, size)
			r := audit(t, url, opts)
			if !r.OK() || !r.Trusted || r.Log.Size != int64(len(l.entries)) || r.Counts.Messages != 8 || r.Became[verify.Noted] != 1 {
				t.Errorf("%d entries, saved at %d: %+v", len(l.entries), size, r)
			}
		}
		if r := audit(t, url, verify.AuditOptions{Now: opts.Now}); !r.OK() || r.Trusted {
			t.Errorf("without a key: %+v", r)
		}
	}
	if r := audit(t, serve(t, new(log), nil), trusted(t)); !r.OK() {
		t.Errorf("an empty log: %+v", r)
	}
}

// TestAuditNamesWhatMakesNoSense appends lives that break a rule; the log itself is in order.
func TestAuditNamesWhatMakesNoSense(t *testing.T) {
	for _, c := range []struct {
		name, where, what string
		change            func(i int, e *verify.Entry)
	}{
		{"never completed", "Entry 2 (decided)", "nothing says that it was done", func(i int, e *verify.Entry) {
			if i == 3 {
				*e = verify.Entry{}
			}
		}},
		{"completed without a decision", "Entry 3 (completed)", "completes entry 1, which is not a decision", func(i int, e *verify.Entry) {
			if i == 3 {
				e.Completed.Decision = 1
			}
		}},
		{"completed for another session", "Entry 3 (completed)", "is about session " + session, func(i int, e *verify.Entry) {
			if i == 3 {
				e.Completed.Session = "S-X"
			}
		}},
		{"disposed of twice", "Entry 3 (decided)", "already disposed of in entry 2", func(i int, e *verify.Entry) {
			if i == 3 {
				root := sampleTree(1).Root()
				*e = verify.Entry{Kind: verify.KindDecided, Time: e.Time, Decided: &verify.Decided{Session: session, Start: started, End: started,
					Rounding: 1, Reason: verify.ReasonAsked, Policy: 1, Disposition: verify.Routine, Notes: []verify.NotedTree{}, Size: 1, Root: root}}
			}
		}},
		{"lost after it was disposed of", "Entry 5 (lost)", "already disposed of in entry 2", func(i int, e *verify.Entry) {
			if i == 5 {
				e.Lost.Session = session
			}
		}},
		{"a note not named", "Entry 2 (decided)", "does not name the note in entry 1", func(i int, e *verify.Entry) {
			if i == 2 {
				e.Decided.Notes = []verify.NotedTree{}
			}
		}},
		{"a note that is none", "Entry 2 (decided)", "names entry 0, which is not a note", func(i int, e *verify.Entry) {
			if i == 2 {
				e.Decided.Notes[0].Entry = 0
			}
		}},
		{"a note of another session", "Entry 2 (decided)", "not a note of session", func(i int, e *verify.Entry) {
			if i == 1 {
				e.Note.Session = "S-OTHER"
			}
		}},
		{"another tree", "Entry 2 (decided)", "does not name the tree", func(i int, e *verify.Entry) {
			if i == 1 {
				e.Note.Size = 5
			}
		}},
		{"a tree that is not the start", "Entry 2 (decided)", "does not prove", func(i int, e *verify.Entry) {
			if i == 2 {
				e.Decided.Root[0]++
			}
		}},
		{"a new note after the end", "Entry 4 (note)", "is a new note of session", func(i int, e *verify.Entry) {
			if i == 4 {
				e.Note.Size = 7
			}
		}},
		{"the policy goes back", "Entry 8 (policy)", "after version 1", func(i int, e *verify.Entry) {
			if i == 8 {
				e.Policy.Version = 1
			}
		}},
		{"a policy that was not published", "Entry 2 (decided)", "names policy version 2", func(i int, e *verify.Entry) {
			if i == 2 {
				e.Decided.Policy = 2
			}
		}},
		{"a note that is not there", "Entry 1 (decided)", "names none", func(i int, e *verify.Entry) {
			switch i {
			case 1:
				*e = verify.Entry{}
			case 2:
				e.Decided.Notes = []verify.NotedTree{}
			case 3:
				e.Completed.Decision = 1
			}
		}},
	} {
		l := new(log)
		life(t, l, c.change)
		r := audit(t, serve(t, l, nil), trusted(t))
		if !has(r.Problems, c.where, c.what) {
			t.Errorf("%s: no problem %q %q in %q", c.name, c.where, c.what, r.Problems)
		}
	}
}

func TestAuditOfADisposalInProgress(t *testing.T) {
	l := new(log)
	life(t, l, func(i int, e *verify.Entry) {
		if i == 3 {
			*e = verify.Entry{}
		}
	})
	url := serve(t, l, nil)
	opts := trusted(t)
	decidedAt := started + 7_440_000 + 60_000 // rounded to the minute: it may have been up to a minute later
	for _, c := range []struct {
		after time.Duration
		ok    bool
	}{{time.Second, true}, {2 * time.Minute, true}, {2*time.Minute + 1, false}} {
		opts.Now, opts.Grace = time.UnixMilli(int64(decidedAt)).Add(c.after), time.Minute
		if r := audit(t, url, opts); r.OK() != c.ok || r.InProgress != 1 {
			t.Errorf("after %v: %+v", c.after, r)
		}
	}
}

// TestAuditNamesABrokenLog bends what the server answers.
func TestAuditNamesABrokenLog(t *testing.T) {
	l := new(log)
	life(t, l, nil)
	for range 300 {
		l.add(t, verify.Entry{Kind: verify.KindIncident, Time: started, Incident: &verify.Incident{What: "x"}})
	}
	other := new(log)
	life(t, other, func(i int, e *verify.Entry) { e.Time++ })
	garbage := new(log)
	garbage.addBytes(t, []byte(`{"format":"winnow.org/ledger/v1","kind":"note","time":1,"x":1}`))

	good := func(path string) []byte {
		w := httptest.NewRecorder()
		l.ServeHTTP(w, httptest.NewRequest("GET", "/log/"+path, nil))
		return w.Body.Bytes()
	}
	flip := func(path string, at int) func(string) ([]byte, int) {
		return func(p string) ([]byte, int) {
			if p != path {
				return nil, 0
			}
			b := slices.Clone(good(path))
			b[at] ^= 1
			return b, 200
		}
	}
	answer := func(path string, b []byte, code int) func(string) ([]byte, int) {
		return func(p string) ([]byte, int) {
			if p != path {
				return nil, 0
			}
			return b, code
		}
	}
	for _, c := range []struct {
		name, where, what string
		log               *log
		bend              func(string) ([]byte, int)
		saved             []byte
	}{
		{"an entry changed", "The log", "other entries than those that its checkpoint commits to", l, flip("tile/entries/000", 300), nil},
		{"an entry changed, named", "The log", "tile/0/000 with other hashes", l, flip("tile/entries/000", 300), nil},
		{"a tile changed", "The log", "serves tile/0/001.p/53 with other hashes", l, flip("tile/0/001.p/53", 0), nil},
		{"an upper tile changed", "The log", "serves tile/1/000.p/1 with other hashes", l, flip("tile/1/000.p/1", 5), nil},
		{"entries held back", "The log", "does not serve tile/entries/001.p/53", l, answer("tile/entries/001.p/53", nil, 404), nil},
		{"a tile held back", "The log", "does not serve tile/0/000", l, answer("tile/0/000", nil, 404), nil},
		{"entries cut off", "Entry 5", "is cut off", l, answer("tile/entries/000", good("tile/entries/000.p/5"), 200), nil},
		{"too many entries", "The log", "something after the last entry", l, answer("tile/entries/001.p/53", append(good("tile/entries/001.p/53"), 0, 0), 200), nil},
		{"nobody's signature", "The checkpoint", "not signed by a key", l, answer("checkpoint", []byte(origin+"\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— x AAAAAAAA\n"), 200), nil},
		{"a checkpoint changed", "The checkpoint", "signature is not right", l, answer("checkpoint", []byte(strings.Replace(string(l.checkpoint(t, 309)), "309", "308", 1)), 200), nil},
		{"shrunk", "The log", "has shrunk", other, nil, l.checkpoint(t, 300)},
		{"forked", "The log", "was changed: its first 5 entries", l, nil, other.checkpoint(t, 5)},
		{"a saved checkpoint that is none", "The saved checkpoint", "", l, nil, []byte("x")},
		{"an entry that is none", "Entry 0", "is not understood", garbage, nil, nil},
	} {
		opts := trusted(t)
		opts.Saved = c.saved
		r := audit(t, serve(t, c.log, c.bend), opts)
		if r.OK() || !has(r.Problems, c.where, c.what) {
			t.Errorf("%s: no problem %q %q in %q", c.name, c.where, c.what, r.Problems)
		}
		var out strings.Builder
		if r.Print(&out); !strings.Contains(out.String(), "This log is not right") {
			t.Errorf("%s: the report says:\n%s", c.name, &out)
		}
	}
}

func TestAuditThatCannotBeDone(t *testing.T) {
	l := new(log)
	life(t, l, nil)
	large := make([]byte, verify.MaxCheckpoint+1)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name, url string
		ctx       context.Context
		opts      verify.AuditOptions
	}{
		{name: "no log", url: serve(t, l, func(string) ([]byte, int) { return nil, 404 })},
		{name: "a fault", url: serve(t, l, func(p string) ([]byte, int) {
			if p == "checkpoint" {
				return nil, 0
			}
			return nil, 500
		})},
		{name: "endless", url: serve(t, l, func(string) ([]byte, int) { return large, 200 })},
		{name: "too large", url: serve(t, l, nil), opts: verify.AuditOptions{MaxEntries: 3}},
		{name: "not an address", url: "chat.example.org"},
		{name: "a file", url: "file:///etc/passwd"},
		{name: "cancelled", url: serve(t, l, nil), ctx: cancelled},
	} {
		if c.ctx == nil {
			c.ctx = t.Context()
		}
		if r, err := verify.Audit(c.ctx, nil, c.url, c.opts); err == nil {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}
