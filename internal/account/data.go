package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
)

// Data is something that a person's clients keep on the server for themselves (Matrix specification, "Client Config"). It is
// never message content of others, and it lasts.
type Data struct {
	Room    id.Room // empty: for the account
	Kind    string
	Pos     int64 // where it stands in the order of everything
	Content []byte
}

// MaxData is how large one item may be, in bytes.
const MaxData = 64 << 10

// Check refuses an item that is too large.
func (d Data) Check() error {
	if len(d.Content) > MaxData || len(d.Kind) > id.MaxLen || d.Kind == "" {
		return fault.New(fault.TooLarge, "Account data must be at most %d bytes, and its type at most %d", MaxData, id.MaxLen)
	}
	return nil
}

// Data returns an item.
func (a *Accounts) Data(ctx context.Context, who id.Person, room id.Room, kind string) (d Data, err error) {
	err = a.View(ctx, func(tx Tx) error {
		d, err = tx.Data(ctx, who, room, kind)
		return err
	})
	return d, err
}

// DataSince returns the items that changed after from and up to to.
func (a *Accounts) DataSince(ctx context.Context, who id.Person, from, to int64) (all []Data, err error) {
	err = a.View(ctx, func(tx Tx) error {
		all, err = tx.DataSince(ctx, who, from, to)
		return err
	})
	return all, err
}

// PutData writes an item. d.Pos must have been taken from the order.
func (a *Accounts) PutData(ctx context.Context, who id.Person, d Data) error {
	if err := d.Check(); err != nil {
		return err
	}
	return a.Update(ctx, func(tx Tx) error { return tx.PutData(ctx, who, d) })
}

// DirectKind is the account data in which Matrix clients look for direct chats (Matrix specification, "m.direct").
const DirectKind = "m.direct"

// AddDirect notes for somebody's Matrix clients that a room is their direct chat with another. pos is the change's position.
func (a *Accounts) AddDirect(ctx context.Context, who, other id.Person, room id.Room, pos int64) error {
	return a.Update(ctx, func(tx Tx) error {
		direct := map[id.Person][]id.Room{}
		d, err := tx.Data(ctx, who, "", DirectKind)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil && json.Unmarshal(d.Content, &direct) != nil {
			return nil // a client wrote something else there: it is theirs
		}
		direct[other] = append(direct[other], room)
		content, err := json.Marshal(direct)
		if err != nil {
			return err
		}
		return tx.PutData(ctx, who, Data{Kind: DirectKind, Pos: pos, Content: content})
	})
}

// PutFilter keeps a filter and returns its name, which is made from its content, so that the same filter has one name.
func (a *Accounts) PutFilter(ctx context.Context, who id.Person, filter []byte) (string, error) {
	if len(filter) > MaxData {
		return "", fault.New(fault.TooLarge, "A filter must be at most %d bytes", MaxData)
	}
	h := sha256.Sum256(filter)
	name := base64.RawURLEncoding.EncodeToString(h[:12])
	return name, a.Update(ctx, func(tx Tx) error { return tx.PutFilter(ctx, who, name, filter) })
}

// Filter returns a filter.
func (a *Accounts) Filter(ctx context.Context, who id.Person, name string) (f []byte, err error) {
	err = a.View(ctx, func(tx Tx) error {
		f, err = tx.Filter(ctx, who, name)
		return err
	})
	return f, err
}
