// Package stage sets a whole server up for a test: every domain part wired as in production, on a real database and a real
// drive, with a clock that the test moves and a small cast of people in one conversation.
package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/server"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/winnowtest"
	"winnow.org/winnow/verify"
)

// The cast. Ann, Bob and Cat are in the conversation, Dan is not.
const (
	Host = "chat.example.org"

	Ann id.Person = "@ann:" + Host
	Bob id.Person = "@bob:" + Host
	Cat id.Person = "@cat:" + Host
	Dan id.Person = "@dan:" + Host
)

// Password is everybody's.
const Password = "correct horse battery"

// Stage is a running server with the cast on it. It has no faces and does nothing by itself: see Pass.
type Stage struct {
	*server.Server
	Clock *winnowtest.Clock
	Room  id.Room
	Logs  *bytes.Buffer

	t testing.TB
}

// New sets up the server on an empty database. It ends with the test, without a shutdown.
func New(t testing.TB, dsn string) *Stage {
	t.Helper()
	dir := t.TempDir()
	c := config.Default()
	c.Data, c.Drive, c.Database = filepath.Join(dir, "data"), filepath.Join(dir, "drive"), dsn
	c.ServerName, c.PublicURL, c.Organisation = Host, "https://"+Host, "Department for Coasts and Waterways"
	c.LockedMemory, c.AllowUnlockedMemory, c.Drain = 4, true, time.Second
	s := start(t, c, winnowtest.NewClock())
	ctx := context.Background()
	for _, d := range []account.Draft{{Localpart: "ann", Name: "Ann Able", Role: "Private secretary"}, {Localpart: "bob", Name: "Bob Baker"},
		{Localpart: "cat", Name: "Cat Cole"}, {Localpart: "dan", Name: "Dan Dale"}} {
		d.Password = Password
		if _, err := s.Accounts.Create(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.Rooms.Create(ctx, Ann, room.New{Name: "Harbour fund", Folder: "Harbours/Fund", Add: []id.Person{Bob, Cat}})
	if err != nil {
		t.Fatal(err)
	}
	s.Room = r
	return s
}

// Each runs a test on a stage with SQLite and on one with PostgreSQL.
func Each(t *testing.T, test func(t *testing.T, s *Stage)) {
	t.Helper()
	winnowtest.EachDatabase(t, func(t *testing.T, dsn string) { test(t, New(t, dsn)) })
}

// SQLite is New on SQLite, for tests that no engine can change.
func SQLite(t testing.TB) *Stage {
	t.Helper()
	return New(t, winnowtest.SQLite(t))
}

func start(t testing.TB, c config.Config, clock *winnowtest.Clock) *Stage {
	t.Helper()
	logs := new(bytes.Buffer)
	srv, err := server.New(context.Background(), c, server.Options{Now: clock.Now, Cost: account.Cost{Passes: 1, Memory: 64, Threads: 1},
		Log: slog.New(slog.NewTextHandler(logs, nil)), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.Store.Close()
		srv.Arena.Close()
	})
	return &Stage{Server: srv, Clock: clock, Logs: logs, t: t}
}

// Crash forgets the server as a power cut would, and returns a new one on the same data.
func (s *Stage) Crash() *Stage {
	s.t.Helper()
	s.Store.Fault = nil
	s.Store.Close()
	c := s.Config
	c.Data = filepath.Join(s.t.TempDir(), "data") // the old server still holds the lock of its own
	key, err := os.ReadFile(filepath.Join(s.Config.Data, "ledger.key"))
	if err == nil {
		err = os.Mkdir(c.Data, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(c.Data, "ledger.key"), key, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	again := start(s.t, c, s.Clock)
	again.Room = s.Room
	return again
}

// Restart shuts the server down and starts it again.
func (s *Stage) Restart() *Stage {
	s.t.Helper()
	if err := s.Shutdown(context.Background()); err != nil {
		s.t.Fatal(err)
	}
	again := start(s.t, s.Config, s.Clock)
	again.Room = s.Room
	return again
}

// Context is the test's.
func (s *Stage) Context() context.Context { return context.WithoutCancel(s.t.Context()) }

// Snapshot is the conversation as it is now.
func (s *Stage) Snapshot() *room.Snapshot {
	s.t.Helper()
	snap, err := s.Rooms.Look(s.Context(), s.Room)
	if err != nil {
		s.t.Fatal(err)
	}
	return snap
}

// Text is the content of an ordinary message.
func Text(words string) []byte {
	b, err := json.Marshal(map[string]string{"msgtype": "m.text", "body": words})
	if err != nil {
		panic(err)
	}
	return b
}

// Reply is the content of an answer to a message.
func Reply(to id.Event, words string) []byte {
	return encode(map[string]any{"msgtype": "m.text", "body": words, "m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": to}}})
}

// Edit is the content of a new wording.
func Edit(of id.Event, words string) []byte {
	return encode(map[string]any{"msgtype": "m.text", "body": "* " + words, "m.new_content": map[string]any{"msgtype": "m.text", "body": words},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": of}})
}

// Reaction is the content of a reaction.
func Reaction(to id.Event, key string) []byte {
	return encode(map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": to, "key": key}})
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// Post sends any content as an ordinary message.
func (s *Stage) Post(who id.Person, content []byte) (*session.Event, error) {
	return s.Sessions.Send(context.Background(), who, s.Room, session.Message{Type: "m.room.message", Content: content})
}

// Say sends words, which must be taken.
func (s *Stage) Say(who id.Person, words string) id.Event {
	s.t.Helper()
	e, err := s.Post(who, Text(words))
	if err != nil {
		s.t.Fatalf("%s says %.40q: %v", who, words, err)
	}
	return e.ID
}

// Mark marks a message, which must be taken.
func (s *Stage) Mark(who id.Person, e id.Event) {
	s.t.Helper()
	if err := s.Sessions.Mark(context.Background(), who, s.Room, e, ""); err != nil {
		s.t.Fatalf("%s marks: %v", who, err)
	}
}

// Seen has people read all that was said; nobody named means everybody in the conversation.
func (s *Stage) Seen(who ...id.Person) {
	s.t.Helper()
	ctx, snap := s.Context(), s.Snapshot()
	if len(who) == 0 {
		who = snap.Joined()
	}
	for _, p := range who {
		if l := s.Sessions.Last(snap, p); l != nil {
			if err := s.Sessions.Read(ctx, p, s.Room, l.Event.ID, false); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// Pass lets time pass and does all that is due then.
func (s *Stage) Pass(d time.Duration) {
	s.t.Helper()
	s.Clock.Advance(d)
	s.Due()
}

// Due does all that is due now.
func (s *Stage) Due() {
	s.t.Helper()
	if err := s.Tick(context.Background()); err != nil {
		s.t.Logf("tick: %v", err)
	}
}

// Look returns the open session as somebody sees it; nil if none is open.
func (s *Stage) Look(who id.Person) *session.View {
	s.t.Helper()
	v, err := s.Sessions.Look(context.Background(), who, s.Room)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// Words opens an event; empty if it cannot be opened any more.
func (s *Stage) Words(e *session.Event) string {
	s.t.Helper()
	buf, err := s.Arena.Get(context.Background(), vault.Large)
	if err != nil {
		s.t.Fatal(err)
	}
	defer buf.Put()
	raw, err := e.Open(buf)
	if err != nil {
		return ""
	}
	words, _ := verify.Words(raw)
	return words
}

// Past returns the newest session that is over, which must be there.
func (s *Stage) Past() session.Record {
	s.t.Helper()
	all, err := s.Sessions.Past(context.Background(), s.Room, 1)
	if err != nil || len(all) == 0 {
		s.t.Fatalf("no session is over: %v", err)
	}
	return all[0]
}

// Notices returns the words that the service user said to the room, oldest first.
func (s *Stage) Notices() (all []string) {
	s.t.Helper()
	events, err := s.Rooms.Events(context.Background(), s.Room, 0, s.Rooms.Order.Stable(), 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range events {
		var c struct{ Body string }
		if e.Type == "m.room.message" && json.Unmarshal(e.Content, &c) == nil {
			all = append(all, c.Body)
		}
	}
	return all
}

// State returns a member of the room's org.winnow.session state event.
func (s *Stage) State(field string) any {
	s.t.Helper()
	snap := s.Snapshot()
	var c map[string]any
	if e, ok := snap.State[room.Key{Type: room.SessionType}]; ok {
		if err := json.Unmarshal(e.Content, &c); err != nil {
			s.t.Fatal(err)
		}
	}
	return c[field]
}

// Entries returns the log's entries and audits the whole log as a stranger would; it must be clean.
func (s *Stage) Entries() (all []verify.Entry) {
	s.t.Helper()
	ctx := context.Background()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		res, err := s.Ledger.Read(r.Context(), strings.TrimPrefix(r.URL.Path, "/log/"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Write(res.Body)
	}))
	defer web.Close()
	opts := verify.AuditOptions{Now: s.Clock.Now()}
	k, err := verify.ParseKey(s.Server.Ledger.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	opts.Keys = append(opts.Keys, k)
	report, err := verify.Audit(ctx, web.Client(), web.URL, opts)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range report.Problems {
		s.t.Errorf("audit: %s", p)
	}
	for first := int64(0); first < report.Log.Size; first += 256 {
		err = s.Server.Ledger.View(ctx, func(tx ledger.Tx) error {
			raw, err := tx.LedgerEntries(ctx, first, min(first+256, report.Log.Size))
			for _, b := range raw {
				e, err := verify.ParseEntry(b)
				if err != nil {
					return err
				}
				all = append(all, e)
			}
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return all
}

// Kinds is what the ledger's entries are about, in order: "policy note decided completed".
func (s *Stage) Kinds() string {
	s.t.Helper()
	var kinds []string
	for _, e := range s.Entries() {
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}
