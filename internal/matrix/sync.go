package matrix

import (
	"context"
	"net/http"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/wire"
)

// longest is how long a long poll may last.
const longest = 60 * time.Second

// sync: GET /sync ("Syncing"). It reads up to the stable position only: below that nothing is still on its way. If there is
// nothing new it waits for a ring, at most the time that the client allows.
func (f *Face) sync(w http.ResponseWriter, r *http.Request, you account.Device) error {
	q := r.URL.Query()
	keep, err := f.filterOf(r, you.Person)
	if err != nil {
		return err
	}
	wait, err := number(r, "timeout", 0, int(longest.Milliseconds()))
	if err != nil {
		return err
	}
	since, err := position(r, "since", 0)
	if err != nil {
		return err
	}
	s := syncing{f: f, you: you, keep: keep, since: since, all: q.Get("full_state") == "true", after: q.Get("use_state_after") == "true"}
	n, err := s.await(r.Context(), time.Duration(wait)*time.Millisecond, token(r))
	if err != nil {
		return err
	}
	return send(w, r, func(o *wire.Out) error { return s.write(r.Context(), o, n) })
}

// await gathers what is new, and waits for it if the client wants to. Whoever is signed out while they wait hears nothing more.
func (s *syncing) await(ctx context.Context, wait time.Duration, token string) (*news, error) {
	rung, stop := s.f.Bell.Listen(s.you.Person)
	defer stop()
	over := time.NewTimer(wait)
	defer over.Stop()
	for last := wait == 0; ; {
		n, err := s.gather(ctx)
		if err != nil || last || s.since == 0 || s.all || !n.empty() {
			return n, err
		}
		select {
		case <-rung:
		case <-over.C:
			last = true
		case <-s.f.Stopping:
			last = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if s.you, err = s.f.Accounts.Authenticate(ctx, token); err != nil {
			return nil, err
		}
	}
}
