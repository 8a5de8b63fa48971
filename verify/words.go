package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // so that times are London's on any computer
)

// Words returns what a Matrix message event says: its content's body, or for a new wording of an earlier message
// (Matrix specification, "Event replacements") the body of m.new_content. Content that is not a JSON object, or has no
// body, is an error. Names count in their exact letters, and of a name that stands twice the last, as in browsers.
func Words(content []byte) (string, error) {
	var c, relates, edited map[string]json.RawMessage
	if err := json.Unmarshal(content, &c); err != nil {
		return "", errors.New("the content is not a JSON object")
	}
	if json.Unmarshal(c["m.relates_to"], &relates) == nil && json.Unmarshal(c["m.new_content"], &edited) == nil {
		if kind, ok := str(relates["rel_type"]); ok && kind == "m.replace" {
			if words, ok := str(edited["body"]); ok {
				return words, nil
			}
		}
	}
	words, ok := str(c["body"])
	if !ok {
		return "", errors.New("the content has no body")
	}
	return words, nil
}

// str decodes a JSON string.
func str(raw json.RawMessage) (string, bool) {
	var s *string
	err := json.Unmarshal(raw, &s)
	if err != nil || s == nil {
		return "", false
	}
	return *s, true
}

// zone writes times as people in the United Kingdom read them.
type zone struct{ *time.Location }

func london() zone {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		l = time.UTC // cannot happen: the zones are in the program
	}
	return zone{l}
}

// clock is a time of day: "9:24am".
func (z zone) clock(ms int64) string { return time.UnixMilli(ms).In(z.Location).Format("3:04pm") }

// date is a day: "10 November 2026".
func (z zone) date(ms int64) string {
	return time.UnixMilli(ms).In(z.Location).Format("2 January 2006")
}

// FormatTime writes a time as notes do: "10 November 2026, 9:24am", in London.
func FormatTime(ms int64) string {
	z := london()
	return z.date(ms) + ", " + z.clock(ms)
}

// Commas writes a number with commas: 18,231.
func Commas(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Commas(int64(n)) + " " + thing + "s"
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// block makes a text fit for any document: line ends become line feeds, and other characters that XML cannot hold
// become U+FFFD.
func block(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ', 0x7f <= r && r < 0xa0, r == 0xfffe, r == 0xffff:
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// line makes a text fit for one line: runs of white space become one space.
func line(s string) string { return strings.Join(strings.Fields(block(s)), " ") }

// paragraphs splits a text at its line ends and leaves empty lines out.
func paragraphs(s string) []string {
	var out []string
	for _, p := range strings.Split(block(s), "\n") {
		if p = line(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
