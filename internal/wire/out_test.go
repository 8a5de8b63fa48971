package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// answers serves one handler and returns the body of its answer.
func answers(t *testing.T, a *vault.Arena, h http.HandlerFunc) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := wire.NewServer(h, wire.Config{Arena: a})
	go s.Serve(l)
	defer s.Close()
	r, err := http.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func arena(t *testing.T) *vault.Arena {
	t.Helper()
	a, err := vault.Open(vault.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What Out escapes must come back, wherever the chunks end.
func TestOut(t *testing.T) {
	a := arena(t)
	text := strings.Repeat("\"quotes\" \\ <b>&'bold'</b> é€📌 \n\t \x01 ", 700) // far more than a chunk
	for skip := range 40 {
		text := text[:len(text)-len(text)/40*skip]
		text = strings.ToValidUTF8(text, "")
		pad := strings.Repeat("p", skip*193)
		got := answers(t, a, func(w http.ResponseWriter, r *http.Request) {
			err := wire.Send(w, r, 200, "application/json", func(o *wire.Out) error {
				o.Str(`{"pad":"`)
				o.Raw([]byte(pad))
				o.Str(`","text":`)
				o.QuotedText([]byte(text))
				o.Str(`,"name":`)
				o.JSON(text)
				o.Str(`,"n":`)
				o.Int(-9223372036854775808)
				fmt.Fprintf(o, "}\n")
				o.HTMLText([]byte(text))
				o.Str("\x00")
				o.HTML(text)
				return o.Err()
			})
			if err != nil {
				t.Error(err)
			}
		})
		head, tail, _ := strings.Cut(got, "\n")
		var back struct {
			Pad, Text, Name string
			N               int64
		}
		if err := json.Unmarshal([]byte(head), &back); err != nil {
			t.Fatal(err)
		}
		if back.Pad != pad || back.Text != text || back.Name != text || back.N != -9223372036854775808 {
			t.Fatalf("pad %d, text %d of %d bytes came back", len(back.Pad), len(back.Text), len(text))
		}
		want := html.EscapeString(strings.ReplaceAll(text, "\x01", "\ufffd"))
		if tail != want+"\x00"+want {
			t.Fatalf("%d bytes of HTML, want twice %d", len(tail), len(want))
		}
	}
	if s := a.Stats(); s.Small.Taken != 0 || s.Keys.Taken != 0 {
		t.Errorf("held after all: %+v", s)
	}
}

// An event whose session has ended can be left out, without spoiling the answer.
func TestOutWithoutEndedEvents(t *testing.T) {
	a := arena(t)
	live, err := a.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	ended, err := a.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	seal := func(k *vault.Key, n int) vault.Sealed {
		s, err := k.Seal(bytes.Repeat([]byte("x"), n))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, n := range []int{0, 1, 5000, 7168, 7169, 90_000} {
		alive, dead := seal(live, n), seal(ended, n)
		if n == 90_000 {
			ended.End()
		}
		got := answers(t, a, func(w http.ResponseWriter, r *http.Request) {
			err := wire.Send(w, r, 200, "text/plain", func(o *wire.Out) error {
				o.Str("a")
				if err := o.Sealed(live, alive); err != nil {
					return err
				}
				o.Str("b")
				if err := o.Sealed(ended, dead); err != nil && !errors.Is(err, vault.ErrEnded) {
					return err
				}
				o.Str("c")
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		x := strings.Repeat("x", n)
		want := "a" + x + "b" + x + "c"
		if n == 90_000 {
			want = "a" + x + "bc"
		}
		if got != want {
			t.Errorf("%d: got %d bytes, want %d", n, len(got), len(want))
		}
	}
}

// When the arena has no buffer there is an error to answer, and nothing has been sent.
func TestNoBuffer(t *testing.T) {
	a, err := vault.Open(vault.Options{Bytes: 512 << 10, Wait: 1})
	if err != nil {
		t.Fatal(err)
	}
	got := answers(t, a, func(w http.ResponseWriter, r *http.Request) {
		for a.Stats().Small.Taken < a.Stats().Small.Total {
			b, err := a.Get(r.Context(), vault.Small)
			if err != nil {
				t.Error(err)
			}
			defer b.Put()
		}
		err := wire.Send(w, r, 200, "text/plain", func(o *wire.Out) error { return nil })
		fmt.Fprint(w, fault.Is(err, fault.Unavailable))
	})
	if got != "true" {
		t.Errorf("got %q", got)
	}
}

// recorder is middleware of the usual kind.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

func TestMiddleware(t *testing.T) {
	rec := &recorder{}
	got := answers(t, arena(t), func(w http.ResponseWriter, r *http.Request) {
		rec.ResponseWriter = w
		w.Header().Set("Cache-Control", "private")
		err := wire.Send(rec, r, http.StatusTeapot, "text/plain", func(o *wire.Out) error {
			o.Str("through")
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	if got != "through" || rec.code != http.StatusTeapot {
		t.Errorf("%q, code %d", got, rec.code)
	}
}

// A response that has begun in the usual way cannot be continued with content: an error, and no leak.
func TestSendAfterWrite(t *testing.T) {
	got := answers(t, arena(t), func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begun ")
		w.(http.Flusher).Flush()
		err := wire.Send(w, r, 200, "text/plain", func(o *wire.Out) error {
			o.Str("secret")
			return nil
		})
		if err == nil {
			t.Error("no error")
		}
	})
	if strings.Contains(got, "secret") {
		t.Errorf("got %q", got)
	}
}

func BenchmarkMessage(b *testing.B) {
	for _, secure := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "tls"}[secure], func(b *testing.B) {
			s := newSite(b, secure, wire.Config{})
			p := s.dial()
			send, last := post("/send", strings.Repeat("x", 300)), get("/last")
			for b.Loop() {
				p.write(send)
				p.answer()
				p.write(last)
				p.answer()
			}
		})
	}
}
