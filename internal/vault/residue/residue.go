// Package residue searches the memory of a running process for text that ought to be gone. It is how the promise of
// packages vault and wire is checked, in their tests and by an operator.
//
// A finding is any eight consecutive bytes of a text, as they are, in hexadecimal or in UTF-16, or twelve
// characters of its base64. Texts must be random, or a finding could be chance. Of the texts only hashes are kept, so that a
// process can search itself, once it has wiped its own copies.
//
// What the search cannot see: runs of fewer than eight bytes, other encodings, the kernel's memory, and memory that the
// kernel hides (memfd_secret).
package residue

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
)

// window is how many consecutive bytes of a text make a finding.
const window = 8

// longest is the length in bytes of the longest pattern: a window in UTF-16 or hexadecimal.
const longest = 2 * window

const filterBits = 24

// Search is a set of texts to look for.
type Search struct {
	filter   [1 << filterBits / 64]uint64
	patterns map[uint64][]pattern // by hash of the first eight bytes
	texts    int
}

type pattern struct {
	text int32
	form Form
	n    uint8  // length in bytes
	rest uint64 // hash of what follows the first eight bytes
}

// Form is an encoding of a text.
type Form uint8

const (
	Raw Form = iota
	UTF16LE
	UTF16BE
	Hex
	Base64
)

func (f Form) String() string { return [...]string{"raw", "UTF-16LE", "UTF-16BE", "hex", "base64"}[f] }

// New returns an empty search.
func New() *Search { return &Search{patterns: map[uint64][]pattern{}} }

// Add adds a text in all its forms and returns its number, from 0. A text shorter than eight bytes is never found.
// The caller may wipe it afterwards; Add leaves no copy that it does not wipe.
func (s *Search) Add(text []byte) int {
	n := s.AddRaw(text)
	var enc [longest]byte
	for i := 0; i+window <= len(text); i++ {
		w := text[i : i+window]
		for j, c := range w {
			enc[2*j], enc[2*j+1] = c, 0
		}
		s.add(enc[:], n, UTF16LE)
		for j, c := range w {
			enc[2*j], enc[2*j+1] = 0, c
		}
		s.add(enc[:], n, UTF16BE)
		hex.Encode(enc[:], w)
		s.add(enc[:], n, Hex)
	}
	for i := 0; i+9 <= len(text); i++ { // twelve characters are nine bytes
		base64.StdEncoding.Encode(enc[:12], text[i:i+9])
		s.add(enc[:12], n, Base64)
	}
	clear(enc[:])
	return n
}

// AddRaw is Add for something that is not text, such as a key: only its bytes as they are.
func (s *Search) AddRaw(b []byte) int {
	n := s.texts
	s.texts++
	for i := 0; i+window <= len(b); i++ {
		s.add(b[i:i+window], n, Raw)
	}
	return n
}

func (s *Search) add(p []byte, text int, form Form) {
	w := binary.LittleEndian.Uint64(p)
	if w == 0 {
		return // memory is full of zeros
	}
	h := mix(w)
	s.filter[h>>(64-filterBits)/64] |= 1 << (h >> (64 - filterBits) % 64)
	s.patterns[h] = append(s.patterns[h], pattern{int32(text), form, uint8(len(p)), hash(p[window:])})
}

// mix is a bijection, so it loses nothing, and its result does not look like the window.
func mix(w uint64) uint64 {
	w *= 0x9e3779b97f4a7c15
	w ^= w >> 29
	return w * 0xbf58476d1ce4e5b9
}

func hash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// Find is one finding.
type Find struct {
	Text int // the number that Add gave
	Form Form
	At   uint64 // address, or offset in what was searched
	In   string // the mapping, as /proc/PID/maps names it
}

// Result is what a search found.
type Result struct {
	Bytes     int64  // searched
	Fragments int    // windows found, overlapping ones too
	Texts     int    // distinct texts with at least one window found
	First     []Find // the first few findings
	seen      map[int32]bool
}

// Bytes searches b, adding to r. base is the address of b, for the report. Only windows that begin in the first n bytes count,
// so that a caller can pass pieces that overlap.
func (s *Search) Bytes(r *Result, b []byte, n int, base uint64, in string) {
	if r.seen == nil {
		r.seen = map[int32]bool{}
	}
	n = min(n, len(b)-window+1)
	for i := 0; i < n; i++ {
		w := binary.LittleEndian.Uint64(b[i:])
		if w == 0 {
			continue
		}
		h := mix(w)
		if s.filter[h>>(64-filterBits)/64]&(1<<(h>>(64-filterBits)%64)) == 0 {
			continue
		}
		for _, p := range s.patterns[h] {
			if i+int(p.n) > len(b) || hash(b[i+window:i+int(p.n)]) != p.rest {
				continue
			}
			r.Fragments++
			if !r.seen[p.text] {
				r.seen[p.text] = true
				r.Texts++
			}
			if len(r.First) < 20 {
				r.First = append(r.First, Find{int(p.text), p.form, base + uint64(i), in})
			}
			break
		}
	}
}
