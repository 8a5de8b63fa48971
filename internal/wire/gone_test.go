package wire_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// A handler must be able to tell that nobody is left to answer from an answer that could not be made.
func TestGone(t *testing.T) {
	a, err := vault.Open(vault.Options{Bytes: 1 << 20, Unlocked: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	ours := errors.New("cannot be made")
	s := wire.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- wire.Send(w, r, 200, "text/plain", func(o *wire.Out) error {
			if r.URL.Path == "/bad" {
				return ours
			}
			o.Str(strings.Repeat("much ", 2<<20))
			return nil
		})
	}), wire.Config{Arena: a, WriteTimeout: 200 * time.Millisecond})
	go s.Serve(l)
	defer s.Close()
	for path, want := range map[string]error{"/bad": ours, "/much": wire.ErrGone} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() // it reads nothing
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
		if err := <-got; !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}
