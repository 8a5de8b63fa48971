package wire

// starts are the beginnings of a request that wire lets through (RFC 9112, section 3). Anything else in the place of
// a head is taken for a body that was longer than its Content-Length, and is never parsed.
var starts = [...]string{"GET /", "POST /", "PUT /", "DELETE /", "HEAD /", "OPTIONS /", "PATCH /"}

// A head follows the bytes of a connection from the start of a request to the empty line that ends its header.
// It keeps nothing of them but how far they match a method.
type head struct {
	which   uint8 // bit i set: starts[i] is still possible
	matched int   // bytes matched of them
	open    bool  // one has matched in full
	line    uint8 // 1 after LF, 2 after LF CR
	blank   int   // line ends before the request line, which RFC 9112, section 2.2, asks to bear
}

// feed takes the next bytes. n is how many of them belong to the head. done says that the head ends there; the next byte
// begins a body or another head. ok is false if the bytes are not the start of a request.
func (h *head) feed(b []byte) (n int, done, ok bool) {
	for i, c := range b {
		switch {
		case !h.open:
			if h.matched == 0 && (c == '\r' || c == '\n') && h.blank < 4 {
				h.blank++
				continue
			}
			if !h.match(c) {
				return 0, false, false
			}
		case c == '\n':
			if h.line != 0 {
				*h = head{}
				return i + 1, true, true
			}
			h.line = 1
		case c == '\r' && h.line == 1:
			h.line = 2
		default:
			h.line = 0
		}
	}
	return len(b), false, true
}

// match takes one byte of the method and reports whether one is still possible.
func (h *head) match(c byte) bool {
	var still uint8
	for i, s := range starts {
		if (h.matched == 0 || h.which&(1<<i) != 0) && h.matched < len(s) && s[h.matched] == c {
			still |= 1 << i
			h.open = h.open || h.matched == len(s)-1
		}
	}
	h.which = still
	h.matched++
	return still != 0
}
