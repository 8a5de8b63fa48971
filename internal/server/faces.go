package server

import (
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/matrix"
	"winnow.org/winnow/internal/web"
)

// faces puts the faces behind one address: what begins with /_matrix/ or /.well-known/matrix/ is the Matrix API's, the rest
// are pages.
func (s *Server) faces(zone *time.Location) (http.Handler, error) {
	api := (&matrix.Face{Accounts: s.Accounts, Rooms: s.Rooms, Sessions: s.Sessions, Bell: s.Bell, Arena: s.Arena, Server: s.Config.ServerName,
		BaseURL: s.Config.PublicURL, OpenRegistration: s.Config.OpenRegistration, Now: s.now, Log: s.Log, Stopping: s.gone}).Handler()
	pages, err := (&web.Face{Accounts: s.Accounts, Rooms: s.Rooms, Sessions: s.Sessions, Notes: s.Notes, Ledger: s.Ledger,
		Tally: &ledger.Tally{Log: s.Ledger, Zone: zone}, Bell: s.Bell, Arena: s.Arena, Organisation: s.Config.Organisation, URL: s.Config.PublicURL,
		Zone: zone, Now: s.now, Rand: rand.Reader, Log: s.Log}).Handler()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz" && r.Method == http.MethodGet:
			s.health(w, r)
		case strings.HasPrefix(r.URL.Path, "/_matrix/"), strings.HasPrefix(r.URL.Path, "/.well-known/matrix/"):
			api.ServeHTTP(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	}), nil
}

// refuse answers what the wire does not pass on to a face: a body that is too large, or that does not say how large it is.
func refuse(w http.ResponseWriter, r *http.Request, code int, err error) {
	if strings.HasPrefix(r.URL.Path, "/_matrix/") {
		matrix.Refuse(w, r, code, err)
		return
	}
	http.Error(w, fault.Say(err), code)
}

// health answers 200 if the store can be read and sessions end as they should.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if since := s.Sessions.Broken(); !since.IsZero() {
		http.Error(w, "sessions cannot be ended since "+since.UTC().Format(time.RFC3339), http.StatusServiceUnavailable)
		return
	}
	if _, err := s.Ledger.Checkpoint(r.Context()); err != nil {
		http.Error(w, "the database cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ok\n"))
}
