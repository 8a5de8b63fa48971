package server

import (
	"net/http"
	"time"
)

// faces puts the faces behind one address.
func (s *Server) faces(zone *time.Location) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	return mux, nil
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
