package note_test

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/winnowtest/stage"
	"winnow.org/winnow/verify"
)

// delivered returns what is in the drive, by path.
func delivered(t *testing.T, s *stage.Stage) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(s.Config.Drive, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(s.Config.Drive, path)
		all[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// checkFiled verifies a note by its manifest, then by each document in the drive that names it, as a stranger would.
func checkFiled(t *testing.T, s *stage.Stage, n note.Note) *verify.Note {
	t.Helper()
	w, err := verify.ParseNote(n.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range verify.Check(w, n.Manifest) {
		t.Errorf("%s: %s", n.Ref, p)
	}
	if verify.Fingerprint(n.Manifest) != n.Fingerprint {
		t.Errorf("%s: the fingerprint is not that of the manifest", n.Ref)
	}
	key, err := verify.ParseKey(s.Ledger.Key)
	if err != nil {
		t.Fatal(err)
	}
	names, sent, err := s.Notes.Files(t.Context(), n.Ref)
	if err != nil || len(names) != 2 || len(sent) != 2 {
		t.Fatalf("%s: files %q, deliveries %+v, %v", n.Ref, names, sent, err)
	}
	drive := delivered(t, s)
	for _, d := range sent {
		f, err := s.Notes.File(t.Context(), n.Ref, d.File)
		if err != nil {
			t.Fatal(err)
		}
		there, ok := drive[filepath.Join(d.Folder, d.File)]
		if d.Done.IsZero() || !ok || sha256.Sum256(there) != f.Sum || !bytes.Equal(there, f.Data) {
			t.Errorf("%s: %q is not in the drive as it was filed (done %v, there %v)", n.Ref, d.File, d.Done, ok)
			continue
		}
		switch filepath.Ext(d.File) {
		case ".docx":
			report, err := verify.CheckDocx(bytes.NewReader(there), int64(len(there)), key)
			if err != nil {
				t.Fatal(err)
			}
			if !report.OK() || !report.Trusted || report.Entry != n.Entry {
				t.Errorf("%s: report %+v", n.Ref, report)
			}
		case ".eml":
			if !bytes.Contains(there, []byte("Subject: ")) {
				t.Errorf("%s: the e-mail has no subject", n.Ref)
			}
		}
	}
	return w
}

func file(t *testing.T, s *stage.Stage, who id.Person, d note.Draft) note.Note {
	t.Helper()
	n, err := s.Notes.Write(t.Context(), who, s.Room, d)
	if err != nil {
		t.Fatal(err)
	}
	s.Due()
	return n
}

// A note keeps what it quotes word for word, says what was left out, and can be checked from its document alone. The session goes on,
// and its certificate names the note.
func TestWrite(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		one := s.Say(stage.Ann, "What is the cap? <b>&\"\u202e")
		s.Say(stage.Bob, "Let me look")
		three := s.Say(stage.Bob, "It is 40,000")
		if _, err := s.Post(stage.Bob, stage.Edit(three, "It is 400,000\nfor small harbours")); err != nil { // message 4
			t.Fatal(err)
		}
		s.Say(stage.Cat, "Fine")
		s.Mark(stage.Ann, three)
		n := file(t, s, stage.Ann, note.Draft{Title: "  Cap \n raised to £400,000 ", Summary: "Raised.\r\nFor a year.", DecidedBy: "Minister", Authority: "Act 1",
			Actions: []verify.Action{{What: "Tell harbours", Owner: "Bob", Due: "Friday"}}, Marking: "OFFICIAL-SENSITIVE", Handling: "Policy",
			Quotes: []id.Event{three, one, three}})
		if n.Ref != "N-2026-0001" || n.Folder != "Harbours/Fund" || n.Automatic || n.By != stage.Ann {
			t.Errorf("note %+v", n)
		}
		w := checkFiled(t, s, n)
		if w.Title != "Cap raised to £400,000" || w.Summary != "Raised.\nFor a year." || w.Conversation != "Harbour fund" || len(w.Present) != 3 || w.FiledBy.Name != "Ann Able" {
			t.Errorf("note %+v", w)
		}
		if len(w.Quotes) != 2 || w.Quotes[0].Position != 1 || w.Quotes[1].Position != 4 || w.Quotes[1].Edits != 3 || w.Quotes[1].Text != "It is 400,000\nfor small harbours" ||
			!slices.Equal(w.Quotes[1].MarkedBy, []string{"Ann Able"}) || w.Session.Size != 5 {
			t.Errorf("quotes %+v of %d", w.Quotes, w.Session.Size)
		}
		for name := range delivered(t, s) {
			if !strings.HasPrefix(name, "Harbours/Fund/2026-11-10 N-2026-0001 Cap raised to 400000.") {
				t.Errorf("delivered %q", name)
			}
		}
		v := s.Look(stage.Bob)
		if v == nil || len(v.Notes) != 1 || !v.People[stage.Ann].Answered || v.People[stage.Bob].Answered {
			t.Fatalf("the session after the note: %+v", v)
		}
		s.Say(stage.Bob, "Thanks")
		s.Seen()
		s.Pass(time.Hour)
		r := s.Past()
		if r.Messages != 5 || r.Quoted != 2 || r.Edits != 1 || r.Disposition != "noted" {
			t.Errorf("record %+v", r)
		}
		entries := s.Entries()
		if kinds := s.Kinds(); kinds != "policy note decided completed" {
			t.Fatalf("ledger: %s", kinds)
		}
		d := entries[2].Decided
		if len(d.Notes) != 1 || d.Notes[0].Entry != n.Entry || d.Notes[0].Size != 5 || d.Size != 6 || entries[3].Completed.Decision != 2 {
			t.Errorf("decision %+v", d)
		}
		if ledger := string(mustBytes(t, entries)); strings.Contains(ledger, "ann@") || strings.Contains(ledger, "Harbour") || strings.Contains(ledger, "400,000") || strings.Contains(ledger, "Cap") {
			t.Errorf("the ledger has a name or words: %s", ledger)
		}
	})
}

func mustBytes(t *testing.T, entries []verify.Entry) (all []byte) {
	t.Helper()
	for _, e := range entries {
		b, err := e.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// What is marked and nobody files, files itself, with the words as they were when the session ended.
func TestMarkedFilesItself(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		a, b := s.Say(stage.Ann, "First"), s.Say(stage.Bob, "Secnd")
		s.Say(stage.Cat, "Routine")
		quoted := s.Say(stage.Bob, "Quoted alreday")
		n := file(t, s, stage.Bob, note.Draft{Title: "One", Quotes: []id.Event{quoted, b}})
		if _, err := s.Post(stage.Bob, stage.Edit(b, "Second")); err != nil { // what the note has is not what is marked
			t.Fatal(err)
		}
		for _, m := range []id.Event{a, b, quoted} {
			s.Mark(stage.Cat, m)
		}
		s.Seen()
		s.Pass(time.Hour)
		s.Due()
		all, err := s.Notes.OfSession(t.Context(), s.Past().ID)
		if err != nil || len(all) != 2 {
			t.Fatalf("notes %+v, %v", all, err)
		}
		auto := all[1]
		if auto.Ref == n.Ref {
			auto = all[0]
		}
		if !auto.Automatic || auto.By != "@winnow:"+stage.Host || auto.Title != "Marked messages from a session on 10 November 2026" {
			t.Errorf("note %+v", auto)
		}
		w := checkFiled(t, s, auto)
		var words []string
		for _, q := range w.Quotes {
			words = append(words, q.Text)
		}
		if !slices.Equal(words, []string{"First", "Second"}) {
			t.Errorf("it quotes %q", words)
		}
		if r := s.Past(); r.Quoted != 3 || r.Messages != 4 {
			t.Errorf("record: %d of %d kept", r.Quoted, r.Messages)
		}
		if kinds := s.Kinds(); kinds != "policy note note decided completed" {
			t.Errorf("ledger: %s", kinds)
		}
	})
}

func TestWriteRefuses(t *testing.T) {
	s := stage.SQLite(t)
	if _, err := s.Notes.Write(t.Context(), stage.Ann, s.Room, note.Draft{Title: "Early"}); !fault.Is(err, fault.Gone) {
		t.Errorf("with no session open: %v", err)
	}
	m := s.Say(stage.Ann, "Words")
	bare, err := s.Post(stage.Ann, []byte(`{"msgtype":"m.image"}`))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 301)
	stories := []struct {
		name  string
		who   id.Person
		d     note.Draft
		kind  fault.Kind
		words string
	}{
		{"no title", stage.Ann, note.Draft{Title: " \n"}, fault.Invalid, "Enter a title"},
		{"long title", stage.Ann, note.Draft{Title: strings.Repeat("x", 201)}, fault.Invalid, "at most 200 characters"},
		{"long title in another script", stage.Ann, note.Draft{Title: strings.Repeat("я", 200)}, fault.Invalid, "Use fewer words"},
		{"title that turns round", stage.Ann, note.Draft{Title: "a\u202eb"}, fault.Invalid, "title"},
		{"secret", stage.Ann, note.Draft{Title: "t", Marking: "SECRET"}, fault.Invalid, "OFFICIAL"},
		{"long summary", stage.Ann, note.Draft{Title: "t", Summary: strings.Repeat("x", 20_001)}, fault.Invalid, "20000 characters"},
		{"long summary in another script", stage.Ann, note.Draft{Title: "t", Summary: strings.Repeat("😀", 20_000)}, fault.Invalid, "characters"},
		{"long line", stage.Ann, note.Draft{Title: "t", Authority: long}, fault.Invalid, "300 characters"},
		{"long action", stage.Ann, note.Draft{Title: "t", Actions: []verify.Action{{What: long}}}, fault.Invalid, "300 characters"},
		{"many actions", stage.Ann, note.Draft{Title: "t", Actions: make([]verify.Action, 21)}, fault.Invalid, "20 actions"},
		{"out of the drive", stage.Ann, note.Draft{Title: "t", Folder: "../../etc"}, fault.Invalid, "folder"},
		{"no such message", stage.Ann, note.Draft{Title: "t", Quotes: []id.Event{m, "$x-1"}}, fault.NotFound, "no longer exists"},
		{"nothing to quote", stage.Ann, note.Draft{Title: "t", Quotes: []id.Event{bare.ID}}, fault.Invalid, "no words"},
		{"somebody outside", stage.Dan, note.Draft{Title: "t", Quotes: []id.Event{m}}, fault.Denied, "not in this conversation"},
	}
	for _, st := range stories {
		_, err := s.Notes.Write(t.Context(), st.who, s.Room, st.d)
		if !fault.Is(err, st.kind) || !strings.Contains(fault.Say(err), st.words) {
			t.Errorf("%s: %v", st.name, err)
		}
	}
	if all, _ := s.Notes.List(t.Context(), stage.Ann, 9); len(all) != 0 {
		t.Errorf("refused notes were filed: %+v", all)
	}
	if kinds := s.Kinds(); kinds != "policy" {
		t.Errorf("ledger: %s", kinds)
	}
	// A note need not quote anything, and one that is filed twice is filed once.
	a := file(t, s, stage.Ann, note.Draft{Title: "t"})
	b := file(t, s, stage.Ann, note.Draft{Title: "t"})
	c := file(t, s, stage.Bob, note.Draft{Title: "t"})
	if a.Ref != b.Ref || a.Ref == c.Ref {
		t.Errorf("filed %s, %s and %s", a.Ref, b.Ref, c.Ref)
	}
	checkFiled(t, s, a)
}

// Whoever was in the conversation then, or is now, may read a note. To others it does not exist.
func TestGet(t *testing.T) {
	s := stage.SQLite(t)
	m := s.Say(stage.Ann, "Words")
	n := file(t, s, stage.Ann, note.Draft{Title: "t", Quotes: []id.Event{m}})
	may := func(who id.Person) bool {
		_, err := s.Notes.Get(t.Context(), who, n.Ref)
		if err != nil && (!fault.Is(err, fault.NotFound) || !strings.Contains(fault.Say(err), "no such note")) {
			t.Errorf("%s: %v", who, err)
		}
		return err == nil
	}
	if !may(stage.Ann) || !may(stage.Cat) || may(stage.Dan) || may("@nobody:"+stage.Host) {
		t.Error("the wrong people may read it")
	}
	if err := s.Rooms.Leave(t.Context(), stage.Cat, s.Room); err != nil {
		t.Fatal(err)
	}
	if err := s.Rooms.Add(t.Context(), stage.Ann, s.Room, stage.Dan, -1); err != nil {
		t.Fatal(err)
	}
	if !may(stage.Cat) || !may(stage.Dan) {
		t.Error("who was there then, or is there now, may not read it")
	}
	if _, err := s.Notes.Get(t.Context(), stage.Ann, "N-2026-9999"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

// A drive that is down delays delivery and loses nothing.
func TestDriveDown(t *testing.T) {
	s := stage.SQLite(t)
	away := s.Config.Drive + ".away"
	if err := os.Rename(s.Config.Drive, away); err != nil {
		t.Fatal(err)
	}
	m := s.Say(stage.Ann, "Words")
	n := file(t, s, stage.Ann, note.Draft{Title: "t", Quotes: []id.Event{m}})
	for range 5 {
		s.Pass(time.Minute)
	}
	_, sent, err := s.Notes.Files(t.Context(), n.Ref)
	if err != nil || len(sent) != 2 {
		t.Fatal(sent, err)
	}
	for _, d := range sent {
		if !d.Done.IsZero() || d.Tries < 3 || !strings.Contains(d.Trouble, "is not there. Check that the drive is connected") || strings.Contains(d.Trouble, "Words") {
			t.Errorf("delivery %+v", d)
		}
	}
	if waiting, err := s.Notes.Waiting(t.Context()); err != nil || waiting != 2 {
		t.Errorf("%d wait, %v", waiting, err)
	}
	s = s.Crash() // what waits is in the database
	if err := os.RemoveAll(s.Config.Drive); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, s.Config.Drive); err != nil {
		t.Fatal(err)
	}
	s.Pass(10 * time.Minute)
	checkFiled(t, s, n)
	if waiting, err := s.Notes.Waiting(t.Context()); err != nil || waiting != 0 {
		t.Errorf("%d wait, %v", waiting, err)
	}
}

// A file that somebody put in the note's place is left alone, and the note waits.
func TestDriveHasAnotherFile(t *testing.T) {
	s := stage.SQLite(t)
	m := s.Say(stage.Ann, "Words")
	n, err := s.Notes.Write(t.Context(), stage.Ann, s.Room, note.Draft{Title: "t", Quotes: []id.Event{m}})
	if err != nil {
		t.Fatal(err)
	}
	names, _, err := s.Notes.Files(t.Context(), n.Ref)
	if err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(s.Config.Drive, n.Folder, names[0])
	if err := os.MkdirAll(filepath.Dir(theirs), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Due()
	_, sent, err := s.Notes.Files(t.Context(), n.Ref)
	if err != nil || !sent[0].Done.IsZero() || !strings.Contains(sent[0].Trouble, "Another file with this name") || sent[1].Done.IsZero() {
		t.Errorf("deliveries %+v, %v", sent, err)
	}
	if err := os.Remove(theirs); err != nil {
		t.Fatal(err)
	}
	s.Pass(time.Minute)
	checkFiled(t, s, n)
}
