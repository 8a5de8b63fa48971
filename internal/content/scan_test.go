package content_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"winnow.org/winnow/internal/content"
)

func TestScanEvent(t *testing.T) {
	nest := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":%d`, i, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	for _, c := range []struct {
		name, raw string
		want      error
	}{
		{"empty object", `{}`, nil},
		{"white space", " \t\r\n{ \"a\" : [ ] , \"b\" : { } } \n", nil},
		{"all kinds", `{"a":true,"b":false,"c":null,"d":-1,"e":0,"f":"x","g":[1,"2",{}]}`, nil},
		{"largest number", `{"a":9007199254740991,"b":-9007199254740991}`, nil},
		{"64 deep", nest(64), nil},
		{"256 members", many(256), nil},
		{"same name deeper", `{"a":{"a":{"a":1,"b":2,"b":3}}}`, nil},

		{"nothing", ``, content.ErrSyntax},
		{"array", `[{}]`, content.ErrNotObject},
		{"string", `"x"`, content.ErrNotObject},
		{"two objects", `{}{}`, content.ErrSyntax},
		{"garbage after", `{} x`, content.ErrSyntax},
		{"cut off", `{"a":"b`, content.ErrSyntax},
		{"no colon", `{"a" 1}`, content.ErrSyntax},
		{"comma at end", `{"a":1,}`, content.ErrSyntax},
		{"comma in array", `{"a":[1,]}`, content.ErrSyntax},
		{"wrong bracket", `{"a":[1}}`, content.ErrSyntax},
		{"bare word", `{"a":yes}`, content.ErrSyntax},
		{"short word", `{"a":tru`, content.ErrSyntax},
		{"control character", "{\"a\":\"\n\"}", content.ErrSyntax},
		{"NUL", "{\"a\":\x00}", content.ErrSyntax},
		{"bad escape", `{"a":"\x"}`, content.ErrSyntax},
		{"short escape", `{"a":"\u12"}`, content.ErrSyntax},
		{"leading zero", `{"a":01}`, content.ErrSyntax},
		{"lone minus", `{"a":-}`, content.ErrSyntax},
		{"byte order mark", "\ufeff{}", content.ErrSyntax},
		{"fraction", `{"a":1.5}`, content.ErrNumber},
		{"exponent", `{"a":1e3}`, content.ErrNumber},
		{"too large", `{"a":9007199254740992}`, content.ErrNumber},
		{"far too large", `{"a":-` + strings.Repeat("9", 400) + `}`, content.ErrNumber},
		{"65 deep", nest(65), content.ErrDepth},
		{"10,000 deep", strings.Repeat(`{"a":`, 10_000), content.ErrDepth},
		{"10,000 arrays", `{"a":` + strings.Repeat("[", 10_000), content.ErrDepth},
		{"not UTF-8", "{\"a\":\"\xff\"}", content.ErrUTF8},
		{"encoded surrogate", "{\"a\":\"\xed\xa0\x80\"}", content.ErrUTF8},
		{"twice", `{"a":1,"b":2,"a":3}`, content.ErrDuplicate},
		{"twice, escaped", `{"body":"x","bod\u0079":"y"}`, content.ErrDuplicate},
		{"twice in the relation", `{"m.relates_to":{"event_id":"$a","event_id":"$b"}}`, content.ErrDuplicate},
		{"257 members", many(257), content.ErrMembers},
	} {
		t.Run(c.name, func(t *testing.T) {
			scan, err := content.ScanEvent([]byte(c.raw))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil && (scan.Body != nil || scan.Mentions != nil) {
				t.Error("a refused document gave results")
			}
		})
	}
}

func TestScanFinds(t *testing.T) {
	raw := []byte(`{
		"msgtype": "m.text", "body": "line\n\"one\"", "reason": "",
		"m.relates_to": {"rel_type":"m.replace", "event_id":"$first", "key":"\ud83d\udccc",
			"m.in_reply_to": {"event_id":"$asked"}},
		"m.new_content": {"msgtype":"m.text", "body" : "new \u00e9"},
		"m.mentions": {"user_ids":["@ann:x", 7, "@bob:x"], "room": true},
		"other": {"body":"not this"}}`)
	c, err := content.ScanEvent(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []struct{ name, got, want string }{
		{"body", string(c.Body), `line\n\"one\"`},
		{"msgtype", string(c.MsgType), "m.text"},
		{"rel_type", string(c.RelType), "m.replace"},
		{"event_id", string(c.RelEvent), "$first"},
		{"key", string(c.RelKey), `\ud83d\udccc`},
		{"reply", string(c.ReplyTo), "$asked"},
		{"new content", string(c.NewContent), `{"msgtype":"m.text", "body" : "new \u00e9"}`},
		{"new body", string(c.NewBody), `new \u00e9`},
		{"mentions", string(bytes.Join(c.Mentions, []byte(" "))), "@ann:x @bob:x"},
	} {
		if part.got != part.want {
			t.Errorf("%s: got %q, want %q", part.name, part.got, part.want)
		}
	}
	if !c.MentionsRoom {
		t.Error("the mention of the room was not found")
	}
	if c.Reason == nil || len(c.Reason) != 0 {
		t.Error("an empty string must be there and empty")
	}
	if !content.Equal(c.RelKey, "📌") || content.Equal(c.RelKey, "📌x") || content.Equal(c.RelKey, "") {
		t.Error("Equal does not decode")
	}

	c, err = content.ScanEvent([]byte(`{"body":7,"msgtype":["m.text"],"m.relates_to":"x","m.mentions":[],"m.new_content":null}`))
	if err != nil || c.Body != nil || c.MsgType != nil || c.RelType != nil || c.NewContent != nil || c.Mentions != nil || c.MentionsRoom {
		t.Errorf("members of other types: %v", err)
	}
	ids := `"@a:x"` + strings.Repeat(`,"@a:x"`, 99)
	c, err = content.ScanEvent([]byte(`{"m.mentions":{"user_ids":[` + ids + `]}}`))
	if err != nil || len(c.Mentions) != content.MaxMentions {
		t.Errorf("100 mentions gave %d, %v", len(c.Mentions), err)
	}
}

// What an error says must be fixed text: a message that is refused must not be quoted in a log.
func TestErrorsHoldNoInput(t *testing.T) {
	for _, raw := range []string{`{"secret`, `{"secret":1.5}`, `{"secret":1,"secret":2}`, `secret`} {
		_, err := content.ScanEvent([]byte(raw))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	raw := []byte(`{"msgtype":"m.text","body":"hello","m.relates_to":{"event_id":"$x","m.in_reply_to":{"event_id":"$y"}},"a":[{"b":[[]]}]}`)
	if n := testing.AllocsPerRun(100, func() { content.ScanEvent(raw) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

// The scanner agrees with encoding/json on what is JSON, and finds what it finds.
func FuzzScanEvent(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"body":"x"}`, `{"body":"\ud800"}`, `{"a":[1,2,{"b":null}],"body":"\u00e9\n"}`, `{"a":1.5}`, `{"a":-0}`, `{"a":"`, `[]`,
		`{"m.relates_to":{"rel_type":"m.annotation","event_id":"$e","key":"👍"}}`, "{\"a\":\"\xff\"}", `{"body":1,"body":2}`,
		`{"m.mentions":{"user_ids":["@a:b"],"room":true},"m.new_content":{"body":"new"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		c, err := content.ScanEvent(raw)
		if !bytes.Equal(raw, before) {
			t.Fatal("the input was changed")
		}
		var want map[string]json.RawMessage
		wantErr := json.Unmarshal(raw, &want)
		if err != nil {
			if errors.Is(err, content.ErrSyntax) && wantErr == nil && want != nil && utf8.Valid(raw) {
				t.Fatalf("refused %q: %v", raw, err)
			}
			return
		}
		if wantErr != nil {
			t.Fatalf("accepted %q: %v", raw, wantErr)
		}
		var body string
		isString := json.Unmarshal(want["body"], &body) == nil && want["body"] != nil && want["body"][0] == '"'
		if isString != (c.Body != nil) {
			t.Fatalf("body of %q: found %v, encoding/json %v", raw, c.Body != nil, isString)
		}
		if isString {
			got, ok := content.Unquote(make([]byte, 0, len(c.Body)), c.Body)
			if !ok || string(got) != body {
				t.Fatalf("body of %q: %q, encoding/json %q", raw, got, body)
			}
		}
	})
}
