package content

import "unicode/utf8"

// escape decodes the escape sequence that b begins with, and returns its character and length in bytes; length 0 if it
// is not one. Two \u escapes that make a surrogate pair are one character; a lone surrogate is U+FFFD (as encoding/json
// decides, and WHATWG Encoding for lone surrogates).
func escape(b []byte) (r rune, n int) {
	if len(b) < 2 || b[0] != '\\' {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return 0, 0
	}
	r, ok := hex4(b[2:])
	if !ok {
		return 0, 0
	}
	if r < 0xd800 || r > 0xdfff {
		return r, 6
	}
	if r < 0xdc00 && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if low, ok := hex4(b[8:]); ok && 0xdc00 <= low && low <= 0xdfff {
			return (r-0xd800)<<10 | (low - 0xdc00) + 0x10000, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		d := unhex(c)
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// unhex returns the value of a hexadecimal digit; -1 if c is none.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// char decodes the first character of an interior. n is 0 at the end and for a bad escape, for which r is -1.
// A byte that is not UTF-8 counts as U+FFFD.
func char(b []byte) (r rune, n int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case b[0] == '\\':
		if r, n = escape(b); n == 0 {
			return -1, 0
		}
		return r, n
	case b[0] < utf8.RuneSelf:
		return rune(b[0]), 1
	}
	return utf8.DecodeRune(b)
}

// Unquote appends the text of a JSON string's interior to dst, in UTF-8, and returns the longer slice. It is false,
// and dst as it was, if dst has no room for it or if an escape is bad. Lone surrogates become U+FFFD.
// The text is never longer than the interior, but for bytes that are not UTF-8, which become U+FFFD too.
func Unquote(dst, interior []byte) ([]byte, bool) {
	out := dst
	for len(interior) > 0 {
		r, n := char(interior)
		if n == 0 {
			return dst, false
		}
		if cap(out)-len(out) < utf8.RuneLen(r) {
			return dst, false
		}
		out = utf8.AppendRune(out, r)
		interior = interior[n:]
	}
	return out, true
}

// Equal reports whether the text of an interior is literal.
func Equal(interior []byte, literal string) bool {
	for len(interior) > 0 && len(literal) > 0 {
		r, n := char(interior)
		want, m := utf8.DecodeRuneInString(literal)
		if n == 0 || r != want {
			return false
		}
		interior, literal = interior[n:], literal[m:]
	}
	return len(interior) == 0 && len(literal) == 0
}

// same reports whether two interiors have the same text.
func same(a, b []byte) bool {
	for len(a) > 0 && len(b) > 0 {
		r, n := char(a)
		q, m := char(b)
		if n == 0 || m == 0 || r != q {
			return false
		}
		a, b = a[n:], b[m:]
	}
	return len(a) == 0 && len(b) == 0
}

// AppendQuoted appends text as a JSON string with its quotes and returns the longer slice; false, and dst as it was, if
// dst has no room. It escapes what RFC 8259, section 7, demands and nothing more (Matrix "Canonical JSON"). Bytes that
// are not UTF-8 become U+FFFD.
func AppendQuoted(dst, text []byte) ([]byte, bool) {
	if cap(dst)-len(dst) < 2 {
		return dst, false
	}
	out, ok := AppendEscaped(append(dst, '"'), text)
	if !ok || len(out) == cap(out) {
		return dst, false
	}
	return append(out, '"'), true
}

// AppendEscaped is AppendQuoted without the quotes: it appends an interior. Text may be cut between characters and
// appended in pieces. One byte of text becomes at most six.
func AppendEscaped(dst, text []byte) ([]byte, bool) {
	const digits = "0123456789abcdef"
	out := dst
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(text[i:])
			if cap(out)-len(out) < utf8.RuneLen(r) {
				return dst, false
			}
			out = utf8.AppendRune(out, r)
			i += n
			continue
		}
		i++
		if cap(out)-len(out) < 6 && cap(out)-len(out) < width(c) {
			return dst, false
		}
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c >= ' ':
			out = append(out, c)
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		case c == '\b':
			out = append(out, '\\', 'b')
		case c == '\f':
			out = append(out, '\\', 'f')
		default:
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return out, true
}

// width is how many bytes an ASCII character takes in the interior of a JSON string.
func width(c byte) int {
	switch c {
	case '"', '\\', '\n', '\r', '\t', '\b', '\f':
		return 2
	}
	if c < ' ' {
		return 6
	}
	return 1
}

// AppendHTML appends text escaped for HTML text and quoted attributes, and returns the longer slice; false, and dst as it
// was, if dst has no room. & < > " ' are escaped as html.EscapeString does. Control characters other than newline and
// tab become U+FFFD, as HTML forbids them; so do bytes that are not UTF-8. A carriage return is dropped.
// Text may be cut between characters and appended in pieces. One byte of text becomes at most five.
func AppendHTML(dst, text []byte) ([]byte, bool) {
	out := dst
	for len(text) > 0 {
		r, n := rune(text[0]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text)
		}
		text = text[n:]
		name := ""
		switch {
		case r == '&':
			name = "&amp;"
		case r == '<':
			name = "&lt;"
		case r == '>':
			name = "&gt;"
		case r == '"':
			name = "&#34;"
		case r == '\'':
			name = "&#39;"
		case r == '\r':
			continue
		case r < ' ' && r != '\n' && r != '\t', r == 0x7f:
			r = utf8.RuneError
		}
		if cap(out)-len(out) < max(len(name), utf8.RuneLen(r)) {
			return dst, false
		}
		if name != "" {
			out = append(out, name...)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out, true
}
