package story_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/server"
	"winnow.org/winnow/internal/winnowtest"
	"winnow.org/winnow/verify"
)

// password is everybody's in the demonstration.
const password = "harbour wall at dawn"

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// house is a server with the demonstration department, as "winnow serve --demo" makes it, on a clock that the test moves.
type house struct {
	*testing.T
	*server.Server
	clock *winnowtest.Clock
	url   string
	dir   string // all that the server keeps
	drive string
	logs  *journal
}

// journal keeps what the server logs.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// openHouse starts the server; it shuts down when the test ends.
func openHouse(t *testing.T) *house {
	t.Helper()
	return openHouseAt(t, winnowtest.NewClock())
}

func openHouseAt(t *testing.T, clock *winnowtest.Clock) *house {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, clock: clock, dir: t.TempDir(), logs: new(journal)}
	c := config.Default()
	c.Listen, c.Data, c.Organisation, c.Demo = l.Addr().String(), h.dir, "Department for Coasts and Waterways", true
	c.AllowUnlockedMemory, c.Drain = true, time.Second
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	h.url, h.drive = c.PublicURL, c.Drive
	ctx := context.Background()
	h.Server, err = server.New(ctx, c, server.Options{Now: h.clock.Now, Cost: account.Cost{Passes: 1, Memory: 64, Threads: 1},
		Log: slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Welcome(ctx, h.logs); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(l) }()
	t.Cleanup(func() {
		if err := h.Shutdown(ctx); err != nil {
			t.Error("shut down:", err)
		}
		if err := <-served; err != http.ErrServerClosed {
			t.Error("serve:", err)
		}
		if said := h.logs.String(); strings.Contains(said, "level=ERROR") {
			t.Errorf("the log has errors:\n%s", said)
		}
	})
	return h
}

// pass lets time pass and does all that is due then.
func (h *house) pass(d time.Duration) {
	h.Helper()
	h.clock.Advance(d)
	if err := h.Tick(context.Background()); err != nil {
		h.Fatal(err)
	}
}

// until waits until something is so.
func (h *house) until(what string, so func() bool) {
	h.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			h.Fatalf("never: %s", what)
		}
	}
}

// who is somebody of the department.
func (h *house) who(name string) id.Person { return id.NewPerson(name, h.Config.ServerName) }

// room finds a conversation of the demonstration by its name, as somebody in it sees it.
func (h *house) room(name string) id.Room {
	h.Helper()
	all, err := h.Rooms.Memberships(context.Background(), h.who("amara"))
	if err != nil {
		h.Fatal(err)
	}
	for _, m := range all {
		snap, err := h.Rooms.Look(context.Background(), m.Room)
		if err != nil {
			h.Fatal(err)
		}
		if snap.NameFor(h.who("amara")) == name {
			return m.Room
		}
	}
	h.Fatalf("no conversation called %q", name)
	return ""
}

// key is the log's public key.
func (h *house) key() note.Verifier {
	h.Helper()
	k, err := verify.ParseKey(h.Ledger.Key)
	if err != nil {
		h.Fatal(err)
	}
	return k
}

// audit walks the log over HTTP as a stranger would.
func (h *house) audit() *verify.AuditReport {
	h.Helper()
	report, err := verify.Audit(context.Background(), http.DefaultClient, h.url, verify.AuditOptions{Keys: []note.Verifier{h.key()}, Now: h.clock.Now()})
	if err != nil {
		h.Fatal(err)
	}
	for _, p := range report.Problems {
		h.Errorf("audit: %s", p)
	}
	return report
}

// filed lists the files of a kind in the drive, once there are so many.
func (h *house) filed(kind string, n int) (paths []string) {
	h.Helper()
	h.until("the drive has the "+kind+" files", func() bool {
		var err error
		if paths, err = filepath.Glob(h.drive + "/*/*/*/*" + kind); err != nil {
			h.Fatal(err)
		}
		return len(paths) >= n
	})
	return paths
}
