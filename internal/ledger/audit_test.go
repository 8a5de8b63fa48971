package ledger_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/ledger"
	"winnow.org/winnow/internal/store"
	"winnow.org/winnow/internal/winnowtest"
	"winnow.org/winnow/verify"
)

// TestStrangersAudit fills a log on a real store past the end of a tile and lets a stranger audit it over HTTP, twice.
func TestStrangersAudit(t *testing.T) {
	winnowtest.EachStore(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		log, key := newLog(t, view(s))
		add := func(entries ...verify.Entry) {
			t.Helper()
			err := s.Update(ctx, func(tx *store.Tx) error {
				for _, e := range entries {
					if _, err := ledger.Append(ctx, tx, e); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			res, err := log.Read(r.Context(), strings.TrimPrefix(r.URL.Path, "/log/"))
			if fault.Is(err, fault.NotFound) {
				http.NotFound(w, r)
			} else if err != nil {
				t.Errorf("%s: %v", r.URL.Path, err)
			}
			w.Write(res.Body)
		}))
		defer server.Close()
		var saved []byte
		audit := func(size int64) {
			t.Helper()
			r, err := verify.Audit(ctx, server.Client(), server.URL, verify.AuditOptions{Keys: []note.Verifier{key}, Saved: saved})
			if err != nil {
				t.Fatal(err)
			}
			if !r.OK() || !r.Trusted || r.Log.Size != size {
				t.Errorf("%+v", r)
			}
			saved = r.Signed
		}
		rules, err := verify.NewPolicy(1794301320000, 1, []byte(`{"version": 1}`))
		if err != nil {
			t.Fatal(err)
		}
		audit(0)
		add(rules, decision("S-A"), completion(1, "S-A"))
		audit(3)
		var many []verify.Entry
		for n := range 300 {
			many = append(many, filed(n))
		}
		add(many...)
		audit(303)
	})
}
