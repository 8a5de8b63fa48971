package verify

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"golang.org/x/mod/sumdb/tlog"
)

// leafFormat starts the data of every leaf, so that a leaf can never be read as anything else.
const leafFormat = "winnow.org/leaf/v1"

// Leaf returns the leaf of one message in its session's Merkle tree: the RFC 6962 leaf hash, SHA-256 of a zero byte and
// the leaf's data. The data are these fields in this order, each with its length in bytes before it as 4 bytes, big
// endian; numbers are 8 bytes, big endian:
//
//	"winnow.org/leaf/v1", salt, session, position, sender, time, type, content
//
// The salt is 32 random bytes, the position counts from 1, the time is in milliseconds since 1970, the type is the Matrix
// event type, and the content is the event's content as JSON, byte for byte as sent.
//
// Content and salt pass through the hash's own buffer only, which is overwritten before Leaf returns. A copy of that
// buffer may stay on the unused part of the goroutine's stack until it is written over; whoever minds overwrites it.
func Leaf(salt []byte, session string, position int, sender string, timeMs int64, eventType string, content []byte) tlog.Hash {
	h := sha256.New()
	h.Write([]byte{0}) // RFC 6962, section 2.1: leaves start with 0, inner nodes with 1
	field(h, []byte(leafFormat))
	field(h, salt)
	field(h, []byte(session))
	number(h, int64(position))
	field(h, []byte(sender))
	number(h, timeMs)
	field(h, []byte(eventType))
	field(h, content)

	var leaf tlog.Hash
	h.Sum(leaf[:0])
	overwrite(h)
	return leaf
}

func field(h hash.Hash, b []byte) {
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
	h.Write(b)
}

func number(h hash.Hash, n int64) {
	field(h, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// overwrite fills a hash's block buffer with zeros. A whole block would be hashed from where it is, without a copy into
// the buffer; so the block goes in two pieces.
func overwrite(h hash.Hash) {
	var zeros [sha256.BlockSize - 1]byte
	h.Reset()
	h.Write(zeros[:])
	h.Write(zeros[:1])
	h.Reset()
}
