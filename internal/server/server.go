// Package server wires the parts together. It sees everything and decides nothing.
package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/bus"
	"winnow.org/winnow/internal/config"
	"winnow.org/winnow/internal/drive"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/note"
	"winnow.org/winnow/internal/policy"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// Options are what a test may set in place of the real thing.
type Options struct {
	Now  func() time.Time
	Rand io.Reader
	Cost account.Cost // of password hashes
	Log  *slog.Logger
	Fast bool // do not watch the clock or the outbox: the caller calls Tick
}

// Server is a whole server.
type Server struct {
	Config   config.Config
	Store    *store.Store
	Arena    *vault.Arena
	Bell     *bus.Bell
	Accounts *account.Accounts
	Rooms    *room.Rooms
	Sessions *session.Sessions
	Notes    *note.Notes
	Ledger   *ledger.Log
	Policy   policy.Policy
	Log      *slog.Logger
	Lost     int // sessions that the last run lost

	now  func() time.Time
	fast bool
	lock *os.File
	web  http.Handler
	http *wire.Server
	work sync.WaitGroup
	stop context.CancelFunc
	gone chan struct{} // closed when the server stops
}

// New opens the data and makes everything ready to Serve. The settings must have been checked. Errors are in words that name
// the setting and the remedy.
func New(ctx context.Context, c config.Config, o Options) (ready *Server, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Cost == (account.Cost{}) {
		o.Cost = account.DefaultCost
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{Config: c, Log: o.Log, Bell: new(bus.Bell), now: o.Now, fast: o.Fast, gone: make(chan struct{})}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	if err := s.openData(ctx, c); err != nil {
		return nil, err
	}
	s.Arena, err = vault.Open(vault.Options{Bytes: c.LockedMemory << 20, Unlocked: c.AllowUnlockedMemory})
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return nil, err
	}
	s.wire(c, o, zone)
	if s.Policy, err = session.Publish(ctx, s.Sessions.Update, policy.Default(), o.Now()); err != nil {
		return nil, fmt.Errorf("publish the policy: %w", err)
	}
	if err := s.Rooms.Order.Start(ctx); err != nil {
		return nil, err
	}
	if s.Lost, err = s.Sessions.Recover(ctx); err != nil {
		return nil, fmt.Errorf("certify what the last run left: %w", err)
	}
	if s.web, err = s.faces(zone); err != nil {
		return nil, err
	}
	return s, nil
}

// openData opens the data folder, which one server at a time may use, the database, the drive and the ledger's key.
func (s *Server) openData(ctx context.Context, c config.Config) (err error) {
	for name, dir := range map[string]string{"data": c.Data, "drive": c.Drive} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fault.New(fault.Unavailable, "The setting %s names a folder that cannot be made: %s. Name another, or let this user write there", name, dir).Because(err)
		}
	}
	if s.lock, err = lockFolder(c.Data); err != nil {
		return err
	}
	if s.Store, err = store.Open(ctx, c.Database); err != nil {
		return err
	}
	s.Ledger = &ledger.Log{Origin: c.ServerName, View: view[ledger.Tx](s.Store)}
	s.Ledger.Signer, s.Ledger.Key, err = ledger.LoadKey(filepath.Join(c.Data, "ledger.key"), c.ServerName)
	return err
}

// update and view give a domain package the store as its own Tx interface names it.
func update[T any](s *store.Store) func(context.Context, func(T) error) error {
	return func(ctx context.Context, do func(T) error) error {
		return s.Update(ctx, func(tx *store.Tx) error { return do(any(tx).(T)) })
	}
}

func view[T any](s *store.Store) func(context.Context, func(T) error) error {
	return func(ctx context.Context, do func(T) error) error {
		return s.View(ctx, func(tx *store.Tx) error { return do(any(tx).(T)) })
	}
}

// wire makes the domain.
func (s *Server) wire(c config.Config, o Options, zone *time.Location) {
	st := s.Store
	s.Accounts = &account.Accounts{Server: c.ServerName, Update: update[account.Tx](st), View: view[account.Tx](st), Now: o.Now, Rand: o.Rand, Cost: o.Cost}
	order := &room.Order{Reserve: func(ctx context.Context, n int64) (upTo int64, err error) {
		err = st.Update(ctx, func(tx *store.Tx) error {
			upTo, err = tx.ReservePositions(ctx, n)
			return err
		})
		return upTo, err
	}}
	s.Rooms = &room.Rooms{Server: c.ServerName, Update: update[room.Tx](st), View: view[room.Tx](st), Order: order, Now: o.Now, Rand: o.Rand,
		Ring: s.Bell.Ring, Name: s.name, Exists: s.exists}
	s.Sessions = &session.Sessions{Update: update[session.Tx](st), View: view[session.Tx](st), Rooms: s.Rooms, Arena: s.Arena,
		Policy: func() policy.Policy { return s.Policy }, Name: s.name, URL: c.PublicURL, Zone: zone, Now: o.Now, Rand: o.Rand, Log: s.Log}
	s.Rooms.Left, s.Rooms.Paired = s.Sessions.Left, s.paired
	s.Notes = &note.Notes{Update: update[note.Tx](st), View: view[note.Tx](st), Sessions: s.Sessions, Rooms: s.Rooms, People: s.Accounts.Get, Ledger: s.Ledger,
		Renderer: renderer{c}, Drive: drive.Folder{Path: c.Drive}, Organisation: c.Organisation, URL: c.PublicURL, Zone: zone, Now: o.Now, Rand: o.Rand, Log: s.Log}
	s.Notes.Init()
	s.Sessions.Filer = s.Notes
	s.Policy = policy.Default()
}

// paired tells the Matrix clients of two people that a room is their direct chat.
func (s *Server) paired(ctx context.Context, r id.Room, one, two id.Person) {
	for who, other := range map[id.Person]id.Person{one: two, two: one} {
		pos, done, err := s.Rooms.Order.Take(ctx, 1)
		if err == nil {
			err = s.Accounts.AddDirect(ctx, who, other, r, pos)
			done()
		}
		if err != nil {
			s.Log.Error("mark a direct chat", "room", r, "error", err)
		}
		s.Bell.Ring(who)
	}
}

func (s *Server) name(ctx context.Context, who id.Person) (string, error) {
	if who == s.Rooms.Service() {
		return "Winnow", nil
	}
	p, err := s.Accounts.Get(ctx, who)
	return p.Name, err
}

func (s *Server) exists(ctx context.Context, who id.Person) (bool, error) {
	p, err := s.Accounts.Get(ctx, who)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && !p.Disabled, err
}

// Serve answers on l until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	tlsConfig, err := s.tls()
	if err != nil {
		return err
	}
	s.http = wire.NewServer(s.web, wire.Config{Arena: s.Arena, TLS: tlsConfig, Log: s.Log, Refuse: refuse})
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	if !s.fast {
		s.work.Go(func() { s.Sessions.Run(ctx) })
		s.work.Go(func() { s.Notes.Run(ctx) })
	}
	return s.http.Serve(l)
}

// Tick does all that is due: for tests, whose clock stands still until they move it.
func (s *Server) Tick(ctx context.Context) error {
	for range 20 { // what is done may make something else due
		if next := s.Sessions.Tick(ctx); next.IsZero() || next.After(s.now()) {
			break
		}
	}
	_, err := s.Notes.Deliver(ctx)
	return err
}

// Shutdown ends all sessions, delivers what can be delivered, and closes everything. It takes as long as the setting drain
// says at most.
func (s *Server) Shutdown(ctx context.Context) error {
	drain, cancel := context.WithTimeout(ctx, s.Config.Drain)
	defer cancel()
	answers, enough := context.WithTimeout(drain, s.Config.Drain*7/10) // the rest is for filing, certifying and delivering
	defer enough()
	if left := s.Sessions.Close(answers); left > 0 {
		s.Log.Error("sessions could not be ended before the stop; they will be certified as lost at the next start", "sessions", left)
	}
	if _, err := s.Notes.Deliver(drain); err != nil {
		s.Log.Warn("notes wait for the next start to be delivered", "error", err)
	}
	close(s.gone)
	var err error
	if s.http != nil {
		if err = s.http.Shutdown(drain); err != nil {
			err = s.http.Close()
		}
	}
	if s.stop != nil {
		s.stop()
	}
	s.work.Wait()
	return errors.Join(err, s.release())
}

// release closes what New opened.
func (s *Server) release() (err error) {
	if s.Store != nil {
		err = s.Store.Close()
	}
	if s.Arena != nil {
		err = errors.Join(err, s.Arena.Close())
	}
	if s.lock != nil {
		s.lock.Close()
	}
	return err
}
