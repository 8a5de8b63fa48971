package content

// Form calls f for each field of a web form's body (application/x-www-form-urlencoded, WHATWG URL standard, section 5.1),
// in order. The body is decoded in place: key and value are parts of it. An empty body has no fields, and neither has an
// empty stretch between two ampersands. The error is ErrSyntax for a percent sign without two hexadecimal digits,
// ErrMembers for more than MaxFields fields, or what f returned.
func Form(body []byte, f func(key, value []byte) error) error {
	fields := 0
	for len(body) > 0 {
		end := index(body, '&')
		field := body[:end]
		body = body[min(end+1, len(body)):]
		if len(field) == 0 {
			continue
		}
		if fields++; fields > MaxFields {
			return ErrMembers
		}
		eq := index(field, '=')
		key, ok := unescape(field[:eq])
		if !ok {
			return ErrSyntax
		}
		value, ok := unescape(field[min(eq+1, len(field)):])
		if !ok {
			return ErrSyntax
		}
		if err := f(key, value); err != nil {
			return err
		}
	}
	return nil
}

// index returns where c first is in b; len(b) if nowhere.
func index(b []byte, c byte) int {
	for i, x := range b {
		if x == c {
			return i
		}
	}
	return len(b)
}

// unescape decodes plus signs and percent escapes over the input.
func unescape(b []byte) ([]byte, bool) {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if len(b)-i < 3 {
				return nil, false
			}
			high, low := unhex(b[i+1]), unhex(b[i+2])
			if high < 0 || low < 0 {
				return nil, false
			}
			c = byte(high<<4 | low)
			i += 2
		}
		out = append(out, c)
	}
	return out[:len(out):len(out)], true
}
