package content_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"winnow.org/winnow/internal/content"
)

// grow calls an append function with more and more room: it must fail without touching what was there until the result
// fits exactly, and never reallocate.
func grow(t *testing.T, f func(dst []byte) ([]byte, bool)) []byte {
	t.Helper()
	const before = "before"
	large, ok := f(append(make([]byte, 0, 1<<20), before...))
	if !ok {
		t.Fatal("refused with plenty of room")
	}
	for _, room := range []int{0, 1, len(large) - len(before) - 1, len(large) - len(before)} {
		if room < 0 {
			continue
		}
		backing := append(make([]byte, 0, len(before)+room), before...)
		got, ok := f(backing)
		switch fits := len(before)+room >= len(large); {
		case ok != fits:
			t.Fatalf("room for %d of %d bytes: ok is %v", room, len(large)-len(before), ok)
		case !ok && string(got) != before:
			t.Fatalf("a refused append left %q", got)
		case ok && !bytes.Equal(got, large):
			t.Fatalf("with exact room %q, with plenty %q", got, large)
		case &got[0] != &backing[0]:
			t.Fatal("the destination was reallocated")
		}
	}
	return large[len(before):]
}

func FuzzUnquote(f *testing.F) {
	for _, s := range []string{``, `plain`, `a\n\t\r\b\f\/\\\"`, `\u00e9\u20ac`, `\ud83d\udccc`, `\ud83d`, `\ud83dx`, `\udccc\ud83d`, `\ud83d\u0041`, `\u12`, `\x`, `\`, "é€📌"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, interior string) {
		var want string
		if !utf8.ValidString(interior) || json.Unmarshal([]byte(`"`+interior+`"`), &want) != nil {
			content.Unquote(make([]byte, 0, 3*len(interior)), []byte(interior)) // must not fault
			return
		}
		got := grow(t, func(dst []byte) ([]byte, bool) { return content.Unquote(dst, []byte(interior)) })
		if string(got) != want {
			t.Fatalf("%q: got %q, want %q", interior, got, want)
		}
		if !content.Equal([]byte(interior), want) || content.Equal([]byte(interior), want+"x") {
			t.Fatalf("Equal(%q, %q)", interior, want)
		}
	})
}

func FuzzAppendQuoted(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\/\b\f\n\r\t\x00\x1f\x7f", "é€📌", "\xff", "\u2028<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := grow(t, func(dst []byte) ([]byte, bool) { return content.AppendQuoted(dst, []byte(text)) })
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		if want := strings.ToValidUTF8(replaceEach(text), "\ufffd"); back != want {
			t.Fatalf("%q came back as %q", want, back)
		}
		if !utf8.Valid(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		inner := grow(t, func(dst []byte) ([]byte, bool) { return content.AppendEscaped(dst, []byte(text)) })
		if string(got) != `"`+string(inner)+`"` {
			t.Fatalf("AppendEscaped gave %q, AppendQuoted %q", inner, got)
		}
		if len(inner) > 6*len(text) {
			t.Fatalf("%d bytes became %d", len(text), len(inner))
		}
	})
}

// replaceEach turns every byte that is not UTF-8 into one U+FFFD (strings.ToValidUTF8 joins runs).
func replaceEach(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

func FuzzAppendHTML(f *testing.F) {
	for _, s := range []string{"", "plain\n\ttext", `<script>alert("a & 'b'")</script>`, "\x00\x01\x7f\r\n", "é€📌\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := grow(t, func(dst []byte) ([]byte, bool) { return content.AppendHTML(dst, []byte(text)) })
		want := strings.Map(func(r rune) rune {
			switch {
			case r == '\r':
				return -1
			case r < ' ' && r != '\n' && r != '\t', r == 0x7f:
				return '\ufffd'
			}
			return r
		}, replaceEach(text))
		if want = html.EscapeString(want); string(got) != want {
			t.Fatalf("%q: got %q, want %q", text, got, want)
		}
		if len(got) > 5*len(text) {
			t.Fatalf("%d bytes became %d", len(text), len(got))
		}
	})
}

func FuzzForm(f *testing.F) {
	for _, s := range []string{"", "a=b", "body=hello+world%21&marking=OFFICIAL", "a&b=&=c&&", "a=%zz", "%", "a=%e2%82%ac", "a==b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, ";") {
			return // net/url refuses it; the standard and browsers do not give it a meaning
		}
		got := url.Values{}
		err := content.Form([]byte(body), func(k, v []byte) error {
			got.Add(string(k), string(v))
			return nil
		})
		want, wantErr := url.ParseQuery(body)
		if (err != nil) != (wantErr != nil) && !errors.Is(err, content.ErrMembers) {
			t.Fatalf("%q: %v, net/url %v", body, err, wantErr)
		}
		if err == nil && got.Encode() != want.Encode() {
			t.Fatalf("%q: %v, net/url %v", body, got, want)
		}
	})
}

func TestForm(t *testing.T) {
	stop := errors.New("stop")
	n := 0
	err := content.Form([]byte("a=1&b=2&c=3"), func(_, _ []byte) error {
		if n++; n == 2 {
			return stop
		}
		return nil
	})
	if err != stop || n != 2 {
		t.Errorf("%d fields, %v", n, err)
	}
	if err := content.Form([]byte(strings.Repeat("a=1&", 1000)), func(_, _ []byte) error { return nil }); err != nil {
		t.Error(err)
	}
	if err := content.Form([]byte(strings.Repeat("a=1&", 1001)), func(_, _ []byte) error { return nil }); !errors.Is(err, content.ErrMembers) {
		t.Errorf("1,001 fields: %v", err)
	}
}

func TestObject(t *testing.T) {
	var got []string
	err := content.Object([]byte(` {"a" : 1 , "b\"":[ 1 ], "c":{"d":"e"} } `), func(k, v []byte) error {
		got = append(got, string(k)+" "+string(v))
		return nil
	})
	if err != nil || strings.Join(got, "|") != `a 1|b\" [ 1 ]|c {"d":"e"}` {
		t.Errorf("%q, %v", got, err)
	}
	stop := errors.New("stop")
	if err := content.Object([]byte(`{"a":1,"b":2`), func(_, _ []byte) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
}

func TestCutCommand(t *testing.T) {
	for _, c := range []struct {
		text string
		cmd  content.Command
		rest string
	}{
		{"hello", content.None, "hello"},
		{"", content.None, ""},
		{"!", content.None, "!"},
		{"!note Budget for March", content.NoteCmd, "Budget for March"},
		{"  !Note\tBudget \n", content.NoteCmd, "Budget"},
		{"!note", content.NoteCmd, ""},
		{"!notes on this", content.None, "!notes on this"},
		{"!nothing", content.NothingCmd, ""},
		{"!NOTHING at all", content.NothingCmd, "at all"},
		{"!end", content.EndCmd, ""},
		{"!ending", content.None, "!ending"},
		{"please !end", content.None, "please !end"},
	} {
		cmd, rest := content.CutCommand([]byte(c.text))
		if cmd != c.cmd || string(rest) != c.rest {
			t.Errorf("%q: %v %q, want %v %q", c.text, cmd, rest, c.cmd, c.rest)
		}
	}
}

func TestCut(t *testing.T) {
	for _, text := range []string{"", "short", "éééééééé", "📌📌📌📌", "a📌b€cé", "\x80\x80\x80\x80\x80\x80\x80"} {
		for n := utf8.UTFMax; n < 12; n++ {
			var all []byte
			for piece, rest := content.Cut([]byte(text), n); ; piece, rest = content.Cut(rest, n) {
				if len(piece) > n || utf8.ValidString(text) && !utf8.Valid(piece) {
					t.Fatalf("%q at %d: piece %q", text, n, piece)
				}
				all = append(all, piece...)
				if len(rest) == 0 {
					break
				}
				if len(piece) == 0 {
					t.Fatalf("%q at %d: no progress", text, n)
				}
			}
			if string(all) != text {
				t.Fatalf("%q at %d came back as %q", text, n, all)
			}
		}
	}
}

func BenchmarkScanEvent(b *testing.B) {
	raw := []byte(`{"msgtype":"m.text","body":"` + strings.Repeat("words ", 50) + `","m.mentions":{"user_ids":["@a:b"]}}`)
	for b.Loop() {
		if _, err := content.ScanEvent(raw); err != nil {
			b.Fatal(err)
		}
	}
}
