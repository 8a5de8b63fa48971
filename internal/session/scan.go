package session

import (
	"bytes"
	"hash/maphash"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/vault"
)

// draft is what a scan of the content found, with names that are safe to keep.
type draft struct {
	edits, reactsTo, replyTo, thread []byte // in the caller's memory
	mark                             bool
	like                             uint64
	bare                             bool // without words, so that it cannot be quoted
	mentions                         []id.Person
	command                          content.Command
}

// scan finds in the content what the server must know of it. The words are opened for a moment to look for a marking
// that may not be here, and for a command.
func (s *Sessions) scan(m Message, snap *room.Snapshot, words *vault.Buf) (d draft, err error) {
	found, err := content.ScanEvent(m.Content)
	if err != nil {
		return d, badContent(err)
	}
	switch {
	case content.Equal(found.RelType, "m.replace"):
		d.edits = found.RelEvent
	case content.Equal(found.RelType, "m.annotation"):
		d.reactsTo = found.RelEvent
		key, _ := content.Unquote(words.B[:0], found.RelKey)
		d.like = maphash.Bytes(s.likeSeed(), key)
		d.mark = content.Equal(found.RelKey, Pin) || content.Equal(found.RelKey, Pin+"\ufe0f")
	case content.Equal(found.RelType, "m.thread"):
		d.thread = found.RelEvent
	}
	d.replyTo = found.ReplyTo
	d.bare = found.Body == nil || d.edits != nil && found.NewBody == nil
	for who, member := range snap.Members {
		for _, name := range found.Mentions {
			if member.State == room.Joined && content.Equal(name, string(who)) {
				d.mentions = append(d.mentions, who)
				break
			}
		}
	}
	for _, interior := range [][]byte{found.Body, found.NewBody} {
		if interior == nil {
			continue
		}
		text, ok := content.Unquote(words.B[:0], interior)
		if !ok {
			return d, fault.New(fault.Invalid, "The message has characters that are not valid").WithCode("M_BAD_JSON")
		}
		if secret(text) {
			return d, fault.New(fault.Denied, "Winnow is for OFFICIAL only. This message says SECRET, so it was not sent and nothing of it is kept. Use a system for that marking")
		}
		if m.Type == "m.room.message" && d.edits == nil && content.Equal(found.MsgType, "m.text") {
			d.command, _ = content.CutCommand(text)
		}
	}
	return d, nil
}

// Like is what the event of a reaction with this key has as Like: a keyed hash that tells nothing without this process.
func (s *Sessions) Like(key string) uint64 { return maphash.String(s.likeSeed(), key) }

func (s *Sessions) likeSeed() maphash.Seed {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	return s.seed
}

func badContent(err error) error {
	return fault.New(fault.Invalid, "The content is not a JSON object that Matrix allows").WithCode("M_BAD_JSON").Because(err)
}

// secret reports whether a message carries a marking above OFFICIAL: a line that begins with one, as a document does.
// (Government Security Classifications Policy, August 2024: the marking stands at the top, in capitals.)
func secret(text []byte) bool {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		line = bytes.TrimLeft(line, " \t[(*#>-")
		for _, marking := range [][]byte{[]byte("TOP SECRET"), []byte("SECRET")} {
			if after, ok := bytes.CutPrefix(line, marking); ok && (len(after) == 0 || bytes.IndexByte([]byte(" \t\r])*:-,./"), after[0]) >= 0) {
				return true
			}
		}
		text = rest
	}
	return false
}
