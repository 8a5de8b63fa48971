package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/winnowtest/stage"
	"winnow.org/winnow/verify"
)

// Whatever can be sent and marked can be filed: a session with a marked message that no note can hold could never end. Each
// content is marked if it is taken, whatever the conversation is called and wherever its folder is said to be.
func TestAnythingMarkedCanBeFiled(t *testing.T) {
	raw := func(body string) []byte {
		b, _ := json.Marshal(map[string]any{"msgtype": "m.text", "body": body})
		return b
	}
	contents := [][]byte{
		raw(""), raw(" \n\t\r\n "), raw("\x00\x01\x1f\x7f\u0085\u2028\u2029\ufffe\uffff"), raw("\u202e\u2066\u200f"), raw("<w:p>&amp;]]>"),
		raw(strings.Repeat("\n", 31_000)), raw(strings.Repeat("\u2028", 10_000)), raw(strings.Repeat("😀", 15_000)), raw(strings.Repeat("x", 63_000)),
		raw("=?utf-8?q?x?= \r\nBcc: all@example.org\r\n\r\n"), []byte(`{"body":"\ud800 \udc00 lone","msgtype":"m.text"}`), []byte(`{"body":"` + "\\u0000" + `"}`),
		[]byte(`{"body":"x","m.new_content":{"body":"y"}}`), []byte(`{"body":"x","m.new_content":[],"m.relates_to":7}`), []byte(`{"body":"x","Body":"y","BODY":1}`),
		[]byte(`{"body":"x","m.relates_to":{"rel_type":"m.replace"},"m.new_content":{"body":"y"}}`), []byte(`{"b\u006fdy":"x"}`), []byte(`{"body":"x","body\u0000":"y"}`),
		[]byte(`{"body":"x","more":` + strings.Repeat("[", 60) + strings.Repeat("]", 60) + `}`), []byte(" {\n\"body\" : \"spaced\" } "),
		[]byte(`{"body":"x","m.new_content":{"body":null},"m.relates_to":{"rel_type":"m.replace","event_id":null}}`), []byte(`{"msgtype":"m.image","body":"a.png","url":"mxc://x/y"}`),
		{'{', '"', 'b', 'o', 'd', 'y', '"', ':', '"', 0xff, '"', '}'}, []byte(`{"body":7}`), []byte(`{}`),
	}
	s := stage.SQLite(t)
	ctx := t.Context()
	for typ, content := range map[string]string{"m.room.name": `{"name":"` + strings.Repeat(`<\u202e\n\u0000`, 2000) + `"}`, room.FolderType: `{"folder":"../../etc/\u0000"}`} {
		s.Rooms.SetState(ctx, stage.Ann, s.Room, typ, "", json.RawMessage(content)) // it may be refused
	}
	marked := 0
	for i, c := range contents {
		for _, typ := range []string{"m.room.message", strings.Repeat("t", 255)} {
			e, err := s.Sessions.Send(ctx, stage.Ann, s.Room, session.Message{Type: typ, Content: c})
			if err != nil {
				if !fault.Is(err, fault.Invalid) {
					t.Errorf("content %d: %v", i, err)
				}
				continue
			}
			if err := s.Sessions.Mark(ctx, stage.Bob, s.Room, e.ID, ""); err == nil {
				marked++
			} else if !fault.Is(err, fault.Invalid) {
				t.Errorf("mark content %d: %v", i, err)
			}
		}
	}
	if marked < 40 {
		t.Errorf("only %d are marked", marked)
	}
	s.Seen()
	s.Pass(time.Hour)
	if r := s.Past(); r.Quoted != marked {
		t.Errorf("%d marked, %d kept\n%.2000s", marked, r.Quoted, s.Logs)
	}
	checkNotes(t, s)
}

// checkNotes verifies the notes of the newest session that is over, and that they are in the drive.
func checkNotes(t *testing.T, s *stage.Stage) (all []note.Note) {
	t.Helper()
	all, err := s.Notes.OfSession(s.Context(), s.Past().ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all {
		w, err := verify.ParseNote(n.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range verify.Check(w, n.Manifest) {
			t.Error(p)
		}
		names, _, err := s.Notes.Files(s.Context(), n.Ref)
		if err != nil {
			t.Fatal(err)
		}
		f, err := s.Notes.File(s.Context(), n.Ref, names[0])
		if err != nil {
			t.Fatal(err)
		}
		report, err := verify.CheckDocx(strings.NewReader(string(f.Data)), int64(len(f.Data)))
		if err != nil || !report.OK() {
			t.Errorf("%s: %v, problems %.1000s", f.Name, err, fmt.Sprint(report.Problems))
		}
	}
	return all
}

// More than one note can hold cannot be marked; what has been filed makes room.
func TestTooMuchMarked(t *testing.T) {
	s := stage.SQLite(t)
	long := strings.Repeat("😀", 15_000)
	var marked []id.Event
	refused := false
	for range 60 {
		m := s.Say(stage.Ann, long)
		err := s.Sessions.Mark(t.Context(), stage.Bob, s.Room, m, "")
		if refused = fault.Is(err, fault.Denied); refused {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		marked = append(marked, m)
	}
	if !refused {
		t.Fatal("everything can be marked")
	}
	if _, err := s.Notes.Write(t.Context(), stage.Ann, s.Room, note.Draft{Title: "Half", Quotes: marked[:len(marked)/2]}); err != nil {
		t.Fatal(err)
	}
	s.Mark(stage.Bob, s.Say(stage.Ann, long))
	s.Seen()
	s.Pass(time.Hour)
	if r := s.Past(); r.Quoted != len(marked)+1 {
		t.Errorf("%d kept, want %d\n%.1000s", r.Quoted, len(marked)+1, s.Logs)
	}
	checkNotes(t, s)
}

// A session that ends while messages arrive: each is either in it, and certified, or in the next one. Run with -race.
func TestHurry(t *testing.T) {
	stage.Each(t, func(t *testing.T, s *stage.Stage) {
		const talkers, each = 20, 8
		people := []id.Person{stage.Ann, stage.Bob, stage.Cat}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var mu sync.Mutex
		sent := map[id.Event]bool{}
		may := func(what string, err error) {
			if err != nil && !fault.Is(err, fault.Gone) && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied) && !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", what, err)
			}
		}
		var wg sync.WaitGroup
		for n := range talkers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(n), 1))
				who := people[n%3]
				for i := range each {
					e, err := s.Sessions.Send(ctx, who, s.Room, session.Message{Type: "m.room.message", Content: stage.Text(fmt.Sprint("Message ", n, i))})
					if err != nil {
						t.Errorf("send: %v", err)
						return
					}
					mu.Lock()
					if sent[e.ID] {
						t.Errorf("%s twice", e.ID)
					}
					sent[e.ID] = true
					mu.Unlock()
					switch r.IntN(8) {
					case 0:
						may("mark", s.Sessions.Mark(ctx, who, s.Room, e.ID, ""))
					case 1:
						may("read", s.Sessions.Read(ctx, who, s.Room, e.ID, false))
					case 2:
						_, err := s.Notes.Write(ctx, who, s.Room, note.Draft{Title: fmt.Sprint("Note ", n, i), Quotes: []id.Event{e.ID}})
						may("file", err)
					case 3:
						may("end", s.Sessions.End(ctx, who, s.Room))
						for _, p := range people {
							may("answer", s.Sessions.Nothing(ctx, p, s.Room))
						}
					case 4:
						_, err := s.Post(who, stage.Text("!note Marked so far"))
						may("command", err)
					case 5:
						snap, err := s.Rooms.Look(ctx, s.Room)
						may("look", err)
						news, err := s.Sessions.News(ctx, who, snap, 0, s.Rooms.Order.Stable(), 100)
						may("news", err)
						for _, e := range news.Events {
							s.Words(e)
						}
					case 6:
						may("withdraw", redact(s, who, e.ID))
					case 7:
						may("tick", s.Tick(ctx))
					}
				}
			})
		}
		wg.Wait()
		s.Seen()
		s.Pass(45 * time.Minute)
		s.Pass(15 * time.Minute)
		s.Due()
		past, err := s.Sessions.Past(ctx, s.Room, 1000)
		if err != nil || s.Look(stage.Ann) != nil {
			t.Fatalf("%v, %+v", err, s.Look(stage.Ann))
		}
		in := map[id.Session]int{}
		for _, r := range past {
			if r.State != session.StateCompleted {
				t.Errorf("record %+v", r)
			}
			in[r.ID] = r.Messages
		}
		certified := 0
		for _, n := range in {
			certified += n
		}
		if certified < talkers*each {
			t.Errorf("%d messages were taken and %d certified", talkers*each, certified)
		}
		s.Entries()
		t.Logf("%d messages, %d sessions", certified, len(past))
	})
}
