// Package document makes the forms of a note that leave the server: a Word document and an e-mail. Both say what the note's
// outline says, in the same words and order; package verify has the outline, and reads a document back to check it.
//
// The same note gives the same bytes each time, with any clock: a rendered file is committed with the note's ledger entry
// and may be rendered again to see that nothing has changed.
package document

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"winnow.org/winnow/verify"
)

const (
	maxFileName      = 120 // characters, with the extension
	maxFileNameBytes = 240 // what drives take
)

// FileName is the name of a note's Word document: date, reference and title, in letters, digits, spaces and hyphens.
//
//	2026-11-10 N-2026-0417 Small-harbour cap raised to 400000.docx
//
// It has at most 120 characters; a longer title loses its last words.
func FileName(n *verify.Note) string {
	zone, err := time.LoadLocation("Europe/London") // the zones are in the program: package verify brings them
	if err != nil {
		zone = time.UTC
	}
	name := time.UnixMilli(n.Filed).In(zone).Format(time.DateOnly) + " " + plainWords(n.Ref)
	if n.Version > 1 {
		name += " version " + verify.Commas(int64(n.Version))
	}
	const extension = ".docx"
	for word := range strings.FieldsSeq(plainWords(n.Title)) {
		longer := name + " " + word
		if utf8.RuneCountInString(longer+extension) > maxFileName || len(longer+extension) > maxFileNameBytes {
			break
		}
		name = longer
	}
	return name + extension
}

// plainWords keeps what is safe in file names everywhere. A comma inside a number goes and a point there becomes a hyphen, so
// that 3.2 million does not become 32 million.
func plainWords(s string) string {
	var out strings.Builder
	runes := []rune(s)
	digit := func(i int) bool { return i >= 0 && i < len(runes) && unicode.IsDigit(runes[i]) }
	for i, r := range runes {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), r == '-':
			out.WriteRune(r)
		case unicode.Is(unicode.Sc, r), strings.ContainsRune(`'"’‘“”`, r), r == ',' && digit(i-1) && digit(i+1):
		case r == '.' && digit(i-1) && digit(i+1), r == '–', r == '—':
			out.WriteByte('-')
		default:
			out.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}
