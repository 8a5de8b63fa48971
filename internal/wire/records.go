package wire

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync/atomic"
)

// records is the connection under crypto/tls. It hands over one TLS record at a time (RFC 8446, section 5.1): first its
// five bytes of header, then exactly the rest.
//
// crypto/tls reads into one buffer and decrypts there. When it asks for a header, it has used the record before, and
// the slice that it passes is the whole buffer: clearing it removes the last plaintext, before the read can block. Without
// the cut, crypto/tls would read further records behind the first and the slice would no longer cover what was used.
type records struct {
	net.Conn
	in   *bufio.Reader // ciphertext only
	head [5]byte
	have int // bytes of head read
	need int // bytes of the record still to come, once the head is read
	shut atomic.Bool
}

var errShut = errors.New("wire: the connection is closed")

func newRecords(c net.Conn) *records {
	return &records{Conn: c, in: bufio.NewReaderSize(c, 1<<10)}
}

func (r *records) Read(p []byte) (int, error) {
	clear(p)
	if r.shut.Load() {
		return 0, errShut
	}
	want := len(r.head) - r.have
	if want == 0 {
		want = r.need
	}
	n, err := r.in.Read(p[:min(want, len(p))])
	if r.have < len(r.head) {
		if r.have += copy(r.head[r.have:], p[:n]); r.have == len(r.head) {
			r.need = int(r.head[3])<<8 | int(r.head[4])
		}
	} else {
		r.need -= n
	}
	if r.have == len(r.head) && r.need == 0 {
		r.have = 0
	}
	return n, err
}

// ReadFrom hides that of a TCP connection: crypto/tls does not use it, and nobody else should.
func (r *records) ReadFrom(io.Reader) (int64, error) { return 0, errShut }
