package server_test

import (
	"context"
	"fmt"
	"testing"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/server"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
)

// bench is a server with two people in a conversation.
type bench struct {
	*server.Server
	ann, bob id.Person
	room     id.Room
}

func newBench(b *testing.B) *bench {
	b.Helper()
	c := config.Default()
	c.Data = b.TempDir()
	if err := c.Check(); err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	s, err := server.New(ctx, c, server.Options{Fast: true, Cost: account.Cost{Passes: 1, Memory: 64, Threads: 1}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Shutdown(ctx) })
	out := &bench{Server: s}
	for name, who := range map[string]*id.Person{"ann": &out.ann, "bob": &out.bob} {
		p, err := s.Accounts.Create(ctx, account.Draft{Localpart: name})
		if err != nil {
			b.Fatal(err)
		}
		*who = p.ID
	}
	if out.room, err = s.Rooms.Create(ctx, out.ann, room.New{Name: "Bench", Add: []id.Person{out.bob}}); err != nil {
		b.Fatal(err)
	}
	return out
}

func (s *bench) send(b *testing.B, size int) *session.Event {
	ctx := context.Background()
	buf, err := s.Arena.Get(ctx, vault.Large)
	if err != nil {
		b.Fatal(err)
	}
	defer buf.Put()
	raw := append(buf.B[:0], `{"msgtype":"m.text","body":"`...)
	for range size {
		raw = append(raw, 'x')
	}
	e, err := s.Sessions.Send(ctx, s.ann, s.room, session.Message{Type: "m.room.message", Content: append(raw, `"}`...)})
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// BenchmarkSend is a message from the face's buffer to the sealed log, by the size of its text in bytes.
func BenchmarkSend(b *testing.B) {
	for _, size := range []int{20, 300, 4000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := newBench(b)
			for b.Loop() {
				s.send(b, size)
			}
		})
	}
}

// BenchmarkOpen is a sealed message opened for one reader.
func BenchmarkOpen(b *testing.B) {
	s := newBench(b)
	e := s.send(b, 300)
	for b.Loop() {
		buf, err := s.Arena.Get(context.Background(), vault.Large)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Open(buf); err != nil {
			b.Fatal(err)
		}
		buf.Put()
	}
}

// BenchmarkEnd is the end of a session by the number of its messages: the decision, the destruction and the completion,
// with both ledger entries committed to disk.
func BenchmarkEnd(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newBench(b)
			ctx := context.Background()
			for b.Loop() {
				b.StopTimer()
				for range n {
					s.send(b, 100)
				}
				if err := s.Sessions.End(ctx, s.ann, s.room); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if err := s.Sessions.Nothing(ctx, s.ann, s.room); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStart is the start of a server whose data folder has been used before.
func BenchmarkStart(b *testing.B) {
	c := config.Default()
	c.Data = b.TempDir()
	if err := c.Check(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := server.New(context.Background(), c, server.Options{Fast: true})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Shutdown(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
