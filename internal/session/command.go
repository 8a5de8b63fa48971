package session

import (
	"context"

	"winnow.org/winnow/internal/content"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/vault"
)

// obey carries out a command. What goes wrong is said in the room: the message itself was sent.
func (s *Sessions) obey(ctx context.Context, who id.Person, r id.Room, raw []byte, buf *vault.Buf, c content.Command) {
	var err error
	switch c {
	case content.NothingCmd:
		err = s.Nothing(ctx, who, r)
	case content.EndCmd:
		err = s.End(ctx, who, r)
	case content.NoteCmd:
		err = s.commandNote(ctx, who, r, raw, buf)
	}
	if err != nil {
		s.Say(ctx, r, fault.Say(err))
	}
}

func (s *Sessions) commandNote(ctx context.Context, who id.Person, r id.Room, raw []byte, buf *vault.Buf) error {
	found, err := content.ScanEvent(raw)
	if err != nil {
		return err
	}
	text, _ := content.Unquote(buf.B[:0], found.Body)
	_, title := content.CutCommand(text)
	return s.Filer.Command(ctx, who, r, title)
}

// Say tells the room something in the service user's words.
func (s *Sessions) Say(ctx context.Context, r id.Room, words string) {
	err := func() error {
		c, err := s.Rooms.Begin(ctx, r, 1)
		if err != nil {
			return err
		}
		defer c.End(ctx)
		return s.Update(ctx, func(tx Tx) error {
			c.Again()
			_, err := c.Words(ctx, tx, room.Notice(words))
			return err
		})
	}()
	if err != nil {
		s.Log.Error("tell a room something", "room", r, "error", err)
	}
}
