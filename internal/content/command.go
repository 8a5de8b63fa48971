package content

import "unicode/utf8"

// Command is what a message asks of Winnow itself, for people who use an ordinary Matrix client.
type Command int

const (
	None       Command = iota // an ordinary message
	NoteCmd                   // !note Title: file a note for the record of the marked messages
	NothingCmd                // !nothing: nothing belongs on the record
	EndCmd                    // !end: ask to end the session
)

// CutCommand returns the command that is the first word of a message, and what follows it without white space at
// either end. Letters may be of either case, since telephones capitalise. For None the rest is the whole message.
func CutCommand(text []byte) (cmd Command, rest []byte) {
	word := trim(text)
	if len(word) == 0 || word[0] != '!' {
		return None, text
	}
	end := 1
	for end < len(word) && !blank(word[end]) {
		end++
	}
	switch word, rest := word[1:end], trim(word[end:]); {
	case fold(word, "note"):
		return NoteCmd, rest
	case fold(word, "nothing"):
		return NothingCmd, rest
	case fold(word, "end"):
		return EndCmd, rest
	}
	return None, text
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func trim(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// fold reports whether word is the lower-case name, whatever the case of its ASCII letters.
func fold(word []byte, name string) bool {
	if len(word) != len(name) {
		return false
	}
	for i, c := range word {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// Cut returns the longest beginning of text that has at most n bytes and does not end inside a character, and the rest.
// It is for appending a long text in pieces. n must be at least utf8.UTFMax.
func Cut(text []byte, n int) (piece, rest []byte) {
	if len(text) <= n {
		return text, nil
	}
	end := n
	for end > n-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	if !utf8.RuneStart(text[end]) {
		end = n // not UTF-8: cut anywhere
	}
	return text[:end], text[end:]
}
