package content

import "unicode/utf8"

// A scanner walks over one JSON document. It checks the grammar of RFC 8259, with the further limits of Matrix
// "Canonical JSON" (specification appendices, section "Canonical JSON"): whole numbers in ±(2^53-1) only.
// It recurses at most MaxDepth deep and allocates nothing.
type scanner struct {
	in  []byte
	pos int
}

func (s *scanner) space() {
	for s.pos < len(s.in) {
		switch s.in[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// next returns the next byte after white space, without taking it; 0 at the end.
func (s *scanner) next() byte {
	s.space()
	if s.pos == len(s.in) {
		return 0
	}
	return s.in[s.pos]
}

// take takes the byte c, after white space.
func (s *scanner) take(c byte) bool {
	if s.next() != c || s.pos == len(s.in) {
		return false
	}
	s.pos++
	return true
}

// value walks over one value, which may have depth levels.
func (s *scanner) value(depth int) error {
	switch c := s.next(); c {
	case '{', '[':
		if depth == 0 {
			return ErrDepth
		}
		s.pos++
		for more := !s.take(c + 2); more; { // the closing bracket is two further in ASCII
			if c == '{' {
				if _, err := s.name(); err != nil {
					return err
				}
			}
			if err := s.value(depth - 1); err != nil {
				return err
			}
			var err error
			if more, err = s.more(c + 2); err != nil {
				return err
			}
		}
		return nil
	case '"':
		_, err := s.str()
		return err
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return s.number()
		}
		return ErrSyntax
	}
}

// name takes the name of a member and the colon, and returns where the name's interior begins and ends.
func (s *scanner) name() (b [2]uint32, err error) {
	s.space()
	from := s.pos + 1
	if _, err := s.str(); err != nil {
		return b, err
	}
	b = [2]uint32{uint32(from), uint32(s.pos - 1)}
	if !s.take(':') {
		return b, ErrSyntax
	}
	return b, nil
}

// more takes the comma before another element, or the closing bracket.
func (s *scanner) more(closing byte) (bool, error) {
	if s.take(',') {
		return true, nil
	}
	if s.take(closing) {
		return false, nil
	}
	return false, ErrSyntax
}

// raw takes a value and returns it without white space round it.
func (s *scanner) raw(depth int) ([]byte, error) {
	s.space()
	start := s.pos
	if err := s.value(depth); err != nil {
		return nil, err
	}
	return s.in[start:s.pos:s.pos], nil
}

func (s *scanner) word(w string) error {
	if len(s.in)-s.pos < len(w) {
		return ErrSyntax
	}
	for i := range len(w) {
		if s.in[s.pos+i] != w[i] {
			return ErrSyntax
		}
	}
	s.pos += len(w)
	return nil
}

// number takes a whole number. What is a number in JSON but not in Matrix is ErrNumber.
func (s *scanner) number() error {
	if s.in[s.pos] == '-' {
		s.pos++
	}
	start := s.pos
	var n uint64
	big := false
	for ; s.pos < len(s.in) && '0' <= s.in[s.pos] && s.in[s.pos] <= '9'; s.pos++ {
		if n = n*10 + uint64(s.in[s.pos]-'0'); n > 1<<53-1 {
			n, big = 1<<53, true // stay large without overflow
		}
	}
	digits := s.pos - start
	if digits == 0 || digits > 1 && s.in[start] == '0' {
		return ErrSyntax
	}
	if s.pos < len(s.in) {
		switch s.in[s.pos] {
		case '.', 'e', 'E':
			return ErrNumber
		}
	}
	if big {
		return ErrNumber
	}
	return nil
}

// str takes a string and returns its interior.
func (s *scanner) str() ([]byte, error) {
	if s.pos == len(s.in) || s.in[s.pos] != '"' {
		return nil, ErrSyntax
	}
	s.pos++
	start := s.pos
	for s.pos < len(s.in) {
		switch c := s.in[s.pos]; {
		case c == '"':
			s.pos++
			return s.in[start : s.pos-1 : s.pos-1], nil
		case c == '\\':
			_, n := escape(s.in[s.pos:])
			if n == 0 {
				return nil, ErrSyntax
			}
			s.pos += n
		case c < ' ':
			return nil, ErrSyntax
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, n := utf8.DecodeRune(s.in[s.pos:])
			if r == utf8.RuneError && n == 1 {
				return nil, ErrUTF8
			}
			s.pos += n
		}
	}
	return nil, ErrSyntax
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.space(); s.pos != len(s.in) {
		return ErrSyntax
	}
	return nil
}

// Object calls f for each member of the JSON object raw, in order: key is the interior of its name, value the raw value
// without white space round it. Both are parts of raw. An error of f ends the walk and is returned.
//
// raw must be one object of at most MaxDepth levels, MaxMembers members and no name twice (decoded), with whole numbers
// only; names inside nested objects are not compared. What stands before a fault is passed to f before the fault is found.
func Object(raw []byte, f func(key, value []byte) error) error {
	s := scanner{in: raw}
	if s.next() != '{' {
		probe := s
		if probe.value(MaxDepth) == nil && probe.end() == nil {
			return ErrNotObject
		}
		return ErrSyntax
	}
	s.pos++
	var names [MaxMembers][2]uint32 // bounds of the names seen, to compare each with all
	n := 0
	for more := !s.take('}'); more; n++ {
		at, err := s.name()
		if err != nil {
			return err
		}
		if n == MaxMembers {
			return ErrMembers
		}
		key := raw[at[0]:at[1]:at[1]]
		names[n] = at
		for _, b := range names[:n] {
			if same(raw[b[0]:b[1]], key) {
				return ErrDuplicate
			}
		}
		value, err := s.raw(MaxDepth - 1)
		if err != nil {
			return err
		}
		if err := f(key, value); err != nil {
			return err
		}
		if more, err = s.more('}'); err != nil {
			return err
		}
	}
	return s.end()
}

// interior returns what stands between the quotes of a raw value that is a string; nil if it is something else.
func interior(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	return value[1 : len(value)-1 : len(value)-1]
}
