package matrix

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"winnow.org/winnow/internal/account"
	"winnow.org/winnow/internal/fault"
	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/vault"
	"winnow.org/winnow/internal/wire"
)

// body takes the request's body, which is content, into locked memory. Package session needs a large buffer of its own to
// seal it, so only a quarter of these may hold bodies: if bodies held all of them, nothing could be sealed.
func (f *Face) body(w http.ResponseWriter, r *http.Request) (raw []byte, put func(), err error) {
	class, free := wire.BodyClass(r), func() {}
	if class == vault.Large {
		turn := time.NewTimer(5 * time.Second)
		defer turn.Stop()
		select {
		case f.large <- struct{}{}:
			free = func() { <-f.large }
		case <-turn.C:
			return nil, nil, fault.New(fault.Unavailable, "The service is busy. Nothing was lost. Try again in a few seconds")
		case <-r.Context().Done():
			return nil, nil, r.Context().Err()
		}
	}
	buf, err := f.Arena.Get(r.Context(), class)
	if err != nil {
		free()
		return nil, nil, err
	}
	put = func() { buf.Put(); free() }
	if raw, err = wire.TakeBody(w, r, buf); err != nil {
		put()
		return nil, nil, err
	}
	return raw, put, nil
}

// sendEvent: PUT /rooms/{roomId}/send/{eventType}/{txnId} ("Sending events to a room").
func (f *Face) sendEvent(w http.ResponseWriter, r *http.Request, you account.Device) error {
	raw, put, err := f.body(w, r)
	if err != nil {
		return err
	}
	e, err := f.Sessions.Send(r.Context(), you.Person, roomOf(r), session.Message{Type: part(r, "type"), Content: raw, Txn: part(r, "txn"), Device: you.ID})
	put()
	if err != nil {
		return err
	}
	return reply(w, fields{"event_id": e.ID})
}

// redact: PUT /rooms/{roomId}/redact/{eventId}/{txnId} ("Redactions").
func (f *Face) redact(w http.ResponseWriter, r *http.Request, you account.Device) error {
	raw, put, err := f.body(w, r)
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	e, err := f.Sessions.Redact(r.Context(), you.Person, roomOf(r), eventOf(r), session.Message{Content: raw, Txn: part(r, "txn"), Device: you.ID})
	put()
	if err != nil {
		return err
	}
	return reply(w, fields{"event_id": e.ID})
}

// Kinds of receipt (Matrix client-server API, "Receipts", "Private read receipts").
const (
	receiptRead    = "m.read"
	receiptPrivate = "m.read.private"
)

// receipt: POST /rooms/{roomId}/receipt/{receiptType}/{eventId} ("Receipts"). A receipt for a thread counts for the room.
func (f *Face) receipt(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if _, err := object(w, r); err != nil {
		return err
	}
	if err := f.readUpTo(r.Context(), you.Person, roomOf(r), part(r, "kind"), eventOf(r)); err != nil {
		return err
	}
	return reply(w, fields{})
}

func (f *Face) readUpTo(ctx context.Context, who id.Person, room id.Room, kind string, event id.Event) error {
	switch kind {
	case receiptRead, receiptPrivate:
		return f.Sessions.Read(ctx, who, room, event, kind == receiptPrivate)
	case fullyRead:
		content, err := json.Marshal(fields{"event_id": event})
		if err != nil {
			return err
		}
		return f.keep(ctx, who, room, fullyRead, content)
	}
	return fault.New(fault.Invalid, "There is no receipt of this kind")
}

// readMarkers: POST /rooms/{roomId}/read_markers ("Fully read markers").
func (f *Face) readMarkers(w http.ResponseWriter, r *http.Request, you account.Device) error {
	var in struct {
		Fully   id.Event `json:"m.fully_read"`
		Read    id.Event `json:"m.read"`
		Private id.Event `json:"m.read.private"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	for _, m := range []struct {
		kind  string
		event id.Event
	}{{fullyRead, in.Fully}, {receiptPrivate, in.Private}, {receiptRead, in.Read}} {
		if m.event == "" {
			continue
		}
		if err := f.readUpTo(r.Context(), you.Person, roomOf(r), m.kind, m.event); err != nil {
			return err
		}
	}
	return reply(w, fields{})
}

// typing: PUT /rooms/{roomId}/typing/{userId} ("Typing Notifications").
func (f *Face) typing(w http.ResponseWriter, r *http.Request, you account.Device) error {
	if err := yourself(r, you); err != nil {
		return err
	}
	in := struct {
		Typing  *bool `json:"typing"`
		Timeout int64 `json:"timeout"`
	}{Timeout: 30_000}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.Typing == nil {
		return missing("typing")
	}
	var length time.Duration
	if *in.Typing {
		length = time.Duration(min(max(in.Timeout, 1), 60_000)) * time.Millisecond
	}
	if err := f.Sessions.Typing(r.Context(), you.Person, roomOf(r), length); err != nil {
		return err
	}
	return reply(w, fields{})
}
