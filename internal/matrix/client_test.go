package matrix_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	mid "maunium.net/go/mautrix/id"
	"maunium.net/go/mautrix/pushrules"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/winnowtest/stage"
)

// phone is a client as it exists: mautrix-go, syncing all the time.
type phone struct {
	*mautrix.Client
	t      *testing.T
	events chan *event.Event
}

func (r *rig) phone(t *testing.T, who id.Person) *phone {
	t.Helper()
	c, err := mautrix.NewClient(r.url, "", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Login(t.Context(), &mautrix.ReqLogin{Type: mautrix.AuthTypePassword, Password: stage.Password, StoreCredentials: true,
		Identifier: mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: who.Localpart()}, InitialDeviceDisplayName: "Phone"})
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{Client: c, t: t, events: make(chan *event.Event, 1000)}
	syncer := c.Syncer.(*mautrix.DefaultSyncer)
	syncer.OnEvent(func(_ context.Context, e *event.Event) { p.events <- e })
	ready := make(chan struct{})
	syncer.OnSync(func(_ context.Context, _ *mautrix.RespSync, since string) bool {
		if since == "" {
			close(ready)
		}
		return true
	})
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- c.SyncWithContext(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: sync: %v", who, err)
		}
	})
	select {
	case <-ready:
	case <-time.After(10 * time.Second):
		t.Fatal("the first sync does not come")
	}
	return p
}

// next waits for the next event that fits.
func (p *phone) next(what string, fits func(*event.Event) bool) *event.Event {
	p.t.Helper()
	over := time.After(10 * time.Second)
	for {
		select {
		case e := <-p.events:
			if fits(e) {
				return e
			}
		case <-over:
			p.t.Fatalf("%s never hears of %s", p.UserID, what)
		}
	}
}

func (p *phone) hears(words string) *event.Event {
	p.t.Helper()
	return p.next(words, func(e *event.Event) bool {
		m, ok := e.Content.Parsed.(*event.MessageEventContent)
		return ok && m.Body == words
	})
}

// must fails the test on an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestPhones(t *testing.T) {
	r := sqlite(t)
	ctx := t.Context()
	ann, dan := r.phone(t, stage.Ann), r.phone(t, stage.Dan)
	made := must(ann.CreateRoom(ctx, &mautrix.ReqCreateRoom{Preset: "trusted_private_chat", IsDirect: true, Invite: []mid.UserID{dan.UserID}, Name: "Moorings",
		InitialState: []*event.Event{{Type: event.StateGuestAccess, Content: event.Content{Parsed: &event.GuestAccessEventContent{GuestAccess: event.GuestAccessForbidden}}}}}))(t)
	room := made.RoomID
	dan.next("the invitation", func(e *event.Event) bool {
		m, ok := e.Content.Parsed.(*event.MemberEventContent)
		return ok && e.RoomID == room && m.Membership == event.MembershipInvite && m.IsDirect && *e.StateKey == dan.UserID.String()
	})
	must(dan.JoinRoomByID(ctx, room))(t)
	ann.next("the join", func(e *event.Event) bool {
		m, ok := e.Content.Parsed.(*event.MemberEventContent)
		return ok && m.Membership == event.MembershipJoin && *e.StateKey == dan.UserID.String()
	})
	var seen []mid.EventID
	m := must(ann.SendText(ctx, room, "Is the berth free?"))(t).EventID
	seen = append(seen, m)
	if got := dan.hears("Is the berth free?"); got.ID != m || got.Sender != ann.UserID || got.Timestamp != r.Clock.Now().UnixMilli() {
		t.Errorf("dan got %+v", got)
	}
	if err := dan.MarkRead(ctx, room, m); err != nil {
		t.Fatal(err)
	}
	ann.next("the receipt", func(e *event.Event) bool {
		c, ok := e.Content.Parsed.(*event.ReceiptEventContent)
		if !ok {
			return false
		}
		_, read := (*c)[m][event.ReceiptTypeRead][dan.UserID]
		return read
	})
	must(dan.UserTyping(ctx, room, true, 10*time.Second))(t)
	ann.next("typing", func(e *event.Event) bool {
		c, ok := e.Content.Parsed.(*event.TypingEventContent)
		return ok && slices.Contains(c.UserIDs, dan.UserID)
	})
	reply := &event.MessageEventContent{MsgType: event.MsgText, Body: "Yes", Mentions: &event.Mentions{UserIDs: []mid.UserID{ann.UserID}}}
	reply.SetReply(&event.Event{ID: m, RoomID: room, Sender: ann.UserID})
	seen = append(seen, must(dan.SendMessageEvent(ctx, room, event.EventMessage, reply))(t).EventID)
	if got := ann.hears("Yes"); got.Content.AsMessage().RelatesTo.GetReplyTo() != m || !slices.Equal(got.Content.AsMessage().Mentions.UserIDs, []mid.UserID{ann.UserID}) {
		t.Errorf("ann got %+v", got.Content.Raw)
	}
	pin := must(dan.SendReaction(ctx, room, m, "👍"))(t).EventID
	seen = append(seen, pin)
	ann.next("the reaction", func(e *event.Event) bool {
		c, ok := e.Content.Parsed.(*event.ReactionEventContent)
		return ok && c.RelatesTo.EventID == m && c.RelatesTo.Key == "👍"
	})
	edit := &event.MessageEventContent{MsgType: event.MsgText, Body: "Is berth 4 free?"}
	edit.SetEdit(m)
	seen = append(seen, must(ann.SendMessageEvent(ctx, room, event.EventMessage, edit))(t).EventID)
	dan.next("the edit", func(e *event.Event) bool {
		c, ok := e.Content.Parsed.(*event.MessageEventContent)
		return ok && c.NewContent != nil && c.NewContent.Body == "Is berth 4 free?" && c.RelatesTo.GetReplaceID() == m
	})
	seen = append(seen, must(dan.RedactEvent(ctx, room, pin, mautrix.ReqRedact{Reason: "a slip"}))(t).EventID)
	ann.next("the redaction", func(e *event.Event) bool { return e.Type == event.EventRedaction && e.Redacts == pin })

	page := must(dan.Messages(ctx, room, "", "", mautrix.DirectionBackward, nil, 50))(t)
	if len(page.Chunk) < len(seen) || page.Chunk[0].RoomID != room {
		t.Errorf("messages: %d events", len(page.Chunk))
	}
	if got := must(dan.GetEvent(ctx, room, m))(t); got.ID != m || got.RoomID != room {
		t.Errorf("event %+v", got)
	}
	if got := must(dan.Context(ctx, room, m, nil, 4))(t); got.Event.ID != m || len(got.EventsAfter) != 2 {
		t.Errorf("context %+v", got)
	}
	if got := must(dan.JoinedMembers(ctx, room))(t); len(got.Joined) != 2 || got.Joined[ann.UserID].DisplayName != "Ann Able" {
		t.Errorf("members %+v", got.Joined)
	}
	must(ann.SendStateEvent(ctx, room, event.StateTopic, "", &event.TopicEventContent{Topic: "Berths"}))(t)
	dan.next("the topic", func(e *event.Event) bool {
		c, ok := e.Content.Parsed.(*event.TopicEventContent)
		return ok && c.Topic == "Berths"
	})

	// The session ends, and both are told to forget all of it.
	s := *r.Stage
	s.Room = id.Room(room)
	must(ann.SendText(ctx, room, "!end"))(t)
	ann.hears("!end")
	s.Seen()
	s.Pass(15 * time.Minute)
	for _, p := range []*phone{ann, dan} {
		left := slices.Clone(seen)
		p.next("the end", func(e *event.Event) bool {
			if e.Type == event.EventRedaction && e.Sender == mid.NewUserID("winnow", stage.Host) {
				left = slices.DeleteFunc(left, func(x mid.EventID) bool { return x == e.Redacts })
				if e.Content.AsRedaction().Redacts != e.Redacts {
					t.Errorf("redaction %+v", e.Content.Raw)
				}
			}
			return len(left) == 0
		})
	}
	must(dan.LeaveRoom(ctx, room))(t)
	ann.next("the leaving", func(e *event.Event) bool {
		m, ok := e.Content.Parsed.(*event.MemberEventContent)
		return ok && m.Membership == event.MembershipLeave
	})
}

func TestPhoneAccount(t *testing.T) {
	r := sqlite(t)
	ctx := t.Context()
	ann, bob := r.phone(t, stage.Ann), r.phone(t, stage.Bob)
	if who := must(ann.Whoami(ctx))(t); who.UserID != ann.UserID || who.DeviceID != ann.DeviceID {
		t.Errorf("whoami %+v", who)
	}
	if v := must(ann.Versions(ctx))(t); !v.Contains(mautrix.SpecV116) {
		t.Errorf("versions %+v", v)
	}
	if c := must(ann.Capabilities(ctx))(t); c.RoomVersions.Default != "12" || !c.ChangePassword.IsEnabled() || c.SetAvatarURL.IsEnabled() {
		t.Errorf("capabilities %+v", c)
	}
	if err := ann.SetDisplayName(ctx, "Ann Archer"); err != nil {
		t.Fatal(err)
	}
	bob.next("the new name", func(e *event.Event) bool {
		m, ok := e.Content.Parsed.(*event.MemberEventContent)
		return ok && m.Displayname == "Ann Archer" && m.Membership == event.MembershipJoin
	})
	if p := must(bob.GetProfile(ctx, ann.UserID))(t); p.DisplayName != "Ann Archer" {
		t.Errorf("profile %+v", p)
	}
	if err := ann.SetAvatarURL(ctx, mid.ContentURI{Homeserver: "x", FileID: "y"}); !errors.Is(err, mautrix.MForbidden) {
		t.Errorf("avatar: %v", err)
	}
	if err := ann.SetAccountData(ctx, "org.example.colour", map[string]any{"colour": "blue"}); err != nil {
		t.Fatal(err)
	}
	ann.next("account data", func(e *event.Event) bool {
		return e.Type.Type == "org.example.colour" && e.Content.Raw["colour"] == "blue"
	})
	if err := ann.AddTag(ctx, mid.RoomID(r.Room), event.RoomTagFavourite, 0.5); err == nil {
		if tags := must(ann.GetTags(ctx, mid.RoomID(r.Room)))(t); len(tags.Tags) != 1 {
			t.Errorf("tags %+v", tags)
		}
	} else {
		t.Error(err)
	}
	rules := must(ann.GetPushRules(ctx))(t)
	notify := func(content map[string]any, sender mid.UserID) pushrules.PushActionArrayShould {
		e := &event.Event{Type: event.EventMessage, Sender: sender, RoomID: mid.RoomID(r.Room), Content: event.Content{Raw: content}}
		return rules.GetActions(fakeRoom{}, e).Should()
	}
	if s := notify(map[string]any{"msgtype": "m.text", "body": "x"}, bob.UserID); !s.Notify || s.Highlight {
		t.Errorf("a message: %+v", s)
	}
	if s := notify(map[string]any{"msgtype": "m.notice", "body": "x"}, bob.UserID); s.Notify {
		t.Errorf("a notice: %+v", s)
	}
	if s := notify(map[string]any{"msgtype": "m.text", "body": "x", "m.mentions": map[string]any{"user_ids": []any{ann.UserID.String()}}}, bob.UserID); !s.Highlight {
		t.Errorf("a mention: %+v", s)
	}
	redaction := &event.Event{Type: event.EventRedaction, RoomID: mid.RoomID(r.Room), Content: event.Content{Raw: map[string]any{"redacts": "$x"}}}
	if s := rules.GetActions(fakeRoom{}, redaction).Should(); s.Notify {
		t.Errorf("a redaction: %+v", s)
	}
	if d := must(ann.GetDevicesInfo(ctx))(t); len(d.Devices) != 1 || d.Devices[0].DisplayName != "Phone" {
		t.Errorf("devices %+v", d)
	}
	if err := ann.SetDeviceInfo(ctx, ann.DeviceID, &mautrix.ReqDeviceInfo{DisplayName: "Old phone"}); err != nil {
		t.Error(err)
	}
	if d := must(ann.GetDeviceInfo(ctx, ann.DeviceID))(t); d.DisplayName != "Old phone" {
		t.Errorf("device %+v", d)
	}
	if found := must(ann.SearchUserDirectory(ctx, "bake", 10))(t); len(found.Results) != 1 || found.Results[0].UserID != bob.UserID {
		t.Errorf("found %+v", found)
	}
	if p := must(ann.GetPresence(ctx, bob.UserID))(t); p.Presence != event.PresenceOnline {
		t.Errorf("presence %+v", p)
	}
	if _, err := ann.QueryKeys(ctx, &mautrix.ReqQueryKeys{}); err != nil {
		t.Error(err)
	}
	if _, err := ann.GetKeyBackupLatestVersion(ctx); !errors.Is(err, mautrix.MNotFound) {
		t.Errorf("key backup: %v", err)
	}
}

// fakeRoom is the group as push rules see it.
type fakeRoom struct{}

func (fakeRoom) GetOwnDisplayname() string         { return "Ann Able" }
func (fakeRoom) GetMemberCount() int               { return 3 }
func (fakeRoom) GetEvent(mid.EventID) *event.Event { return nil }
