package matrix_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/winnowtest/stage"
)

func (c *client) create(body map[string]any) id.Room {
	c.t.Helper()
	return id.Room(c.post("/createRoom", body).ok().str("room_id"))
}

func roomPart(a answer, section string, r id.Room, path ...any) []any {
	return a.list(append([]any{"rooms", section, string(r)}, path...)...)
}

// types returns the types of events, sorted.
func types(events []any) (all []string) {
	for _, e := range events {
		all = append(all, fmt.Sprint(at(e, "type")))
	}
	slices.Sort(all)
	return all
}

func TestInviteJoinLeave(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ann, dan := r.signIn(stage.Ann), r.signIn(stage.Dan)
		if a := dan.sync(); len(a.at("rooms", "join").(map[string]any)) != 0 {
			t.Fatalf("dan is in a room: %v", a.body)
		}
		direct := ann.create(map[string]any{"is_direct": true, "preset": "trusted_private_chat", "invite": []string{string(stage.Dan)}})
		a := dan.sync()
		state := roomPart(a, "invite", direct, "invite_state", "events")
		if got := types(state); !slices.Equal(got, []string{"m.room.create", "m.room.join_rules", "m.room.member", "m.room.member"}) {
			t.Errorf("the invitation has %q", got)
		}
		for _, e := range state {
			if at(e, "state_key") == string(stage.Dan) && (at(e, "content", "is_direct") != true || at(e, "sender") != string(stage.Ann)) {
				t.Errorf("invitation %v", e)
			}
			if at(e, "event_id") != nil {
				t.Errorf("an invitation's state is not stripped: %v", e)
			}
		}
		ann.say(direct, "before dan")
		dan.get("/rooms/%s/messages?dir=b", esc(direct)).refused(403, "M_FORBIDDEN")
		dan.post("/join/"+esc(direct), map[string]any{}).ok()
		ann.say(direct, "after dan")
		a = dan.sync()
		if got := said(timeline(a, direct)); !slices.Equal(got, []string{"after dan"}) {
			t.Errorf("dan got %q", got)
		}
		all := append(types(roomPart(a, "join", direct, "state", "events")), types(timeline(a, direct))...)
		for _, want := range []string{"m.room.create", "m.room.power_levels", "m.room.member"} {
			if !slices.Contains(all, want) {
				t.Errorf("dan does not get %s", want)
			}
		}
		if h := roomPart(a, "join", direct, "summary", "m.heroes"); !slices.Equal(h, []any{string(stage.Ann)}) {
			t.Errorf("heroes %v", h)
		}
		if n := a.at("rooms", "join", string(direct), "unread_notifications", "notification_count"); n != 1.0 {
			t.Errorf("%v unread", n)
		}
		page := dan.get("/rooms/%s/messages?dir=b&limit=50", esc(direct)).ok()
		if got := said(page.list("chunk")); !slices.Equal(got, []string{"after dan"}) {
			t.Errorf("messages bring dan %q", got)
		}
		dan.post("/rooms/"+esc(direct)+"/leave", nil).ok()
		dan.post("/rooms/"+esc(direct)+"/forget", nil).ok()
		if a := dan.sync(); a.at("rooms", "leave", string(direct)) == nil {
			t.Error("dan's other clients do not learn that he left")
		}
		if a := ann.get("/rooms/%s/joined_members", esc(direct)).ok(); len(a.at("joined").(map[string]any)) != 1 {
			t.Errorf("members %v", a.body)
		}
	})
}

func TestKickBan(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	at := "/rooms/" + esc(r.Room)
	who := map[string]any{"user_id": stage.Bob, "reason": "not kept"}
	bob.post(at+"/kick", map[string]any{"user_id": stage.Ann}).refused(403, "M_FORBIDDEN")
	ann.post(at+"/kick", who).ok()
	ann.post(at+"/kick", who).refused(403, "M_FORBIDDEN")
	ann.post(at+"/unban", who).refused(403, "M_FORBIDDEN")
	ann.post(at+"/ban", who).ok()
	ann.post(at+"/invite", who).refused(403, "M_FORBIDDEN")
	bob.post(at+"/join", nil).refused(403, "M_FORBIDDEN")
	ann.put(at+"/state/m.room.member/"+esc(stage.Bob), map[string]any{"membership": "leave"}).ok()
	ann.put(at+"/state/m.room.member/"+esc(stage.Bob), map[string]any{"membership": "invite"}).ok()
	bob.put(at+"/state/m.room.member/"+esc(stage.Bob), map[string]any{"membership": "join"}).ok()
	bob.put(at+"/state/m.room.member/"+esc(stage.Cat), map[string]any{"membership": "join"}).refused(403, "M_FORBIDDEN")
	if a := ann.get("%s/members?membership=join", at).ok(); len(a.list("chunk")) != 3 {
		t.Errorf("members %v", a.body)
	}
	for _, e := range r.Notices() {
		if strings.Contains(e, "not kept") {
			t.Error("a reason was kept")
		}
	}
}

// Ordinary clients are sent only the newest events after a gap, with all the state that they missed.
func TestGap(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	bob.sync()
	ann.put("/rooms/"+esc(r.Room)+"/state/m.room.topic", map[string]any{"topic": "Moorings"}).ok()
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprintf("message %d", i))
		ann.say(r.Room, want[i])
	}
	filter := bob.post("/user/"+esc(stage.Bob)+"/filter", map[string]any{"room": map[string]any{"timeline": map[string]any{"limit": 3}}}).ok().str("filter_id")
	if raw := bob.get("/user/%s/filter/%s", esc(stage.Bob), filter).ok(); raw.at("room", "timeline", "limit") != 3.0 {
		t.Errorf("the filter comes back as %v", raw.body)
	}
	a := bob.sync("filter=" + filter)
	if got := said(timeline(a, r.Room)); !slices.Equal(got, want[4:]) {
		t.Errorf("timeline %q", got)
	}
	if a.at("rooms", "join", string(r.Room), "timeline", "limited") != true {
		t.Error("not limited")
	}
	state := roomPart(a, "join", r.Room, "state", "events")
	if got := types(state); !slices.Equal(got, []string{"m.room.topic", room.SessionType}) {
		t.Errorf("state %q", got)
	}
	// The rest by pages: backwards from prev_batch, nothing twice and nothing missing.
	var back []string
	from := a.str("rooms", "join", string(r.Room), "timeline", "prev_batch")
	for range 20 {
		page := bob.get("/rooms/%s/messages?dir=b&limit=2&from=%s", esc(r.Room), from).ok()
		back = append(back, said(page.list("chunk"))...)
		if from = page.str("end"); from == "" {
			break
		}
	}
	slices.Reverse(back)
	if !slices.Equal(back, want[:4]) || from != "" {
		t.Errorf("backwards: %q", back)
	}
	var forth []string
	from = ""
	for range 20 {
		page := bob.get("/rooms/%s/messages?dir=f&limit=2&from=%s", esc(r.Room), from).ok()
		forth = append(forth, said(page.list("chunk"))...)
		if from = page.str("end"); len(page.list("chunk")) == 0 {
			break
		}
	}
	if !slices.Equal(forth, want) {
		t.Errorf("forwards: %q", forth)
	}
	only := url.QueryEscape(`{"types":["m.room.top*"],"not_senders":["@nobody:x"]}`)
	if got := texts(bob.get("/rooms/%s/messages?dir=b&limit=100&filter=%s", esc(r.Room), only).ok().list("chunk")); !slices.Equal(got, []string{"m.room.topic"}) {
		t.Errorf("filtered: %q", got)
	}
	bob.since = ""
	if a := bob.sync("filter=" + url.QueryEscape(`{"room":{"not_rooms":["`+string(r.Room)+`"]}}`)); a.at("rooms", "join", string(r.Room)) != nil {
		t.Error("a room that the filter leaves out is there")
	}
	full := bob.sync("full_state=true")
	if n := len(roomPart(full, "join", r.Room, "state", "events")); n < 8 {
		t.Errorf("full state has %d events", n)
	}
	ann.put("/rooms/"+esc(r.Room)+"/state/m.room.topic", map[string]any{"topic": "Buoys"}).ok()
	after := bob.sync("use_state_after=true")
	if got := types(roomPart(after, "join", r.Room, "state_after", "events")); !slices.Equal(got, []string{"m.room.topic"}) {
		t.Errorf("state after: %q", got)
	}
	if topic := timeline(after, r.Room)[0]; at(topic, "unsigned", "prev_content", "topic") != "Moorings" {
		t.Errorf("topic %v", topic)
	}
}

func TestContextAndEvent(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	var sent []string
	for i := range 5 {
		sent = append(sent, ann.say(r.Room, fmt.Sprintf("message %d", i)))
	}
	a := bob.get("/rooms/%s/context/%s?limit=4", esc(r.Room), esc(sent[2])).ok()
	if got := said(a.list("events_before")); !slices.Equal(got, []string{"message 1", "message 0"}) {
		t.Errorf("before %q", got)
	}
	if got := said(a.list("events_after")); !slices.Equal(got, []string{"message 3", "message 4"}) {
		t.Errorf("after %q", got)
	}
	if a.str("event", "event_id") != sent[2] || len(a.list("state")) < 5 || a.str("event", "room_id") != string(r.Room) {
		t.Errorf("context %v", a.body)
	}
	e := bob.get("/rooms/%s/event/%s", esc(r.Room), esc(sent[4])).ok()
	if e.str("content", "body") != "message 4" || e.str("sender") != string(stage.Ann) || e.at("unsigned", "transaction_id") != nil {
		t.Errorf("event %v", e.body)
	}
	if e := ann.get("/rooms/%s/event/%s", esc(r.Room), esc(sent[4])).ok(); e.str("unsigned", "transaction_id") == "" {
		t.Errorf("the sender's own device does not get its transaction ID: %v", e.body)
	}
	if e := r.signIn(stage.Ann).get("/rooms/%s/event/%s", esc(r.Room), esc(sent[4])).ok(); e.at("unsigned", "transaction_id") != nil {
		t.Errorf("another device of the sender gets the transaction ID: %v", e.body)
	}
	state := ann.get("/rooms/%s/state", esc(r.Room)).ok()
	name := ann.get("/rooms/%s/state/m.room.name/", esc(r.Room)).ok()
	if name.str("name") != "Harbour fund" || ann.get("/rooms/%s/state/m.room.name?format=event", esc(r.Room)).ok().str("type") != "m.room.name" {
		t.Errorf("name %v", name.body)
	}
	for _, e := range state.body.([]any) {
		ann.get("/rooms/%s/event/%s", esc(r.Room), esc(at(e, "event_id").(string))).ok()
	}
	r.signIn(stage.Dan).get("/rooms/%s/event/%s", esc(r.Room), esc(sent[4])).refused(403, "M_FORBIDDEN")
}

func TestWithdraw(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	ann.sync()
	bob.sync()
	m := ann.say(r.Room, "a slip of the pen")
	edit := ann.send(r.Room, "m.room.message", map[string]any{"msgtype": "m.text", "body": "* b", "m.new_content": map[string]any{"msgtype": "m.text", "body": "another slip"},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": m}})
	bob.sync()
	bob.redact(r.Room, m).refused(403, "M_FORBIDDEN")
	gone := ann.redact(r.Room, m).ok().str("event_id")
	got := timeline(bob.sync(), r.Room)
	if len(got) != 1 || at(got[0], "event_id") != gone || at(got[0], "redacts") != m || at(got[0], "content", "redacts") != m || at(got[0], "content", "reason") != "a slip" {
		t.Errorf("bob got %v", got)
	}
	bob.since = ""
	for _, e := range timeline(bob.sync(), r.Room) {
		if id := at(e, "event_id"); id == m || id == edit {
			if c, _ := at(e, "content").(map[string]any); len(c) != 0 || at(e, "unsigned", "redacted_because", "event_id") != gone {
				t.Errorf("withdrawn: %v", e)
			}
		}
	}
	if a := ann.put(fmt.Sprintf("/rooms/%s/redact/%s/once", esc(r.Room), esc(bob.say(r.Room, "x"))), nil); a.status != 200 {
		t.Errorf("a redaction without a body: %v", a.body)
	}
}

// A sender's retry is one event.
func TestTransaction(t *testing.T) {
	r := sqlite(t)
	ann := r.signIn(stage.Ann)
	path := fmt.Sprintf("/rooms/%s/send/m.room.message/same", esc(r.Room))
	one := ann.put(path, map[string]any{"msgtype": "m.text", "body": "once"}).ok().str("event_id")
	two := ann.put(path, map[string]any{"msgtype": "m.text", "body": "once"}).ok().str("event_id")
	if one != two || len(said(ann.get("/rooms/%s/messages?dir=b&limit=50", esc(r.Room)).list("chunk"))) != 1 {
		t.Errorf("%s and %s", one, two)
	}
}

func TestEphemeral(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	bob.sync()
	m := ann.say(r.Room, "read me")
	ann.sync()
	in := "/rooms/" + esc(r.Room)
	event := func(a answer, typ string) any {
		for _, e := range roomPart(a, "join", r.Room, "ephemeral", "events") {
			if at(e, "type") == typ {
				return at(e, "content")
			}
		}
		return nil
	}
	bob.put(in+"/typing/"+esc(stage.Bob), map[string]any{"typing": true, "timeout": 10_000}).ok()
	if c := event(ann.sync(), "m.typing"); fmt.Sprint(at(c, "user_ids")) != "[@bob:chat.example.org]" {
		t.Errorf("typing %v", c)
	}
	bob.put(in+"/typing/"+esc(stage.Bob), map[string]any{"typing": false}).ok()
	if c := event(ann.sync(), "m.typing"); fmt.Sprint(at(c, "user_ids")) != "[]" {
		t.Errorf("typing %v", c)
	}
	bob.put(in+"/typing/"+esc(stage.Ann), map[string]any{"typing": true}).refused(403, "M_FORBIDDEN")

	if a := bob.sync(); a.at("rooms", "join", string(r.Room), "unread_notifications", "notification_count") != 1.0 {
		t.Errorf("unread %v", a.body)
	}
	bob.post(in+"/receipt/m.read/"+esc(m), map[string]any{"thread_id": "main"}).ok()
	if c := event(ann.sync(), "m.receipt"); at(c, m, "m.read", string(stage.Bob), "ts") == nil {
		t.Errorf("receipt %v", c)
	}
	if a := bob.sync(); a.at("rooms", "join", string(r.Room), "unread_notifications", "notification_count") != 0.0 {
		t.Errorf("unread %v", a.body)
	}
	m = ann.say(r.Room, "read me in private")
	ann.sync()
	bob.post(in+"/read_markers", map[string]any{"m.fully_read": m, "m.read.private": m}).ok()
	if c := event(ann.sync(), "m.receipt"); c != nil {
		t.Errorf("a private receipt is shown: %v", c)
	}
	a := bob.sync()
	if c := event(a, "m.receipt"); at(c, m, "m.read.private", string(stage.Bob), "ts") == nil {
		t.Errorf("bob's own receipt %v", c)
	}
	if d := roomPart(a, "join", r.Room, "account_data", "events"); len(d) != 1 || at(d[0], "type") != "m.fully_read" || at(d[0], "content", "event_id") != m {
		t.Errorf("fully read %v", d)
	}
}

// A colleague is added in the middle of a session, from now on or with the session so far. Their clients, which have been
// running, get what they may see and no more, and are not told to forget what they never had.
func TestAdded(t *testing.T) {
	for _, s := range []struct {
		name  string
		sofar bool
		want  []string
	}{
		{"from now on", false, []string{"two"}},
		{"with the session so far", true, []string{"one", "two"}},
	} {
		t.Run(s.name, func(t *testing.T) {
			r := sqlite(t)
			ann, dan := r.signIn(stage.Ann), r.signIn(stage.Dan)
			ann.say(r.Room, "an earlier session")
			dan.sync()
			ann.end(r.Room)
			sees := int64(-1)
			if s.sofar {
				sees = r.Rooms.Order.Stable()
			}
			ann.say(r.Room, "one")
			dan.since = dan.sync().str("next_batch")
			if err := r.Rooms.Add(t.Context(), stage.Ann, r.Room, stage.Dan, sees); err != nil {
				t.Fatal(err)
			}
			ann.say(r.Room, "two")
			a := dan.sync()
			if got := said(timeline(a, r.Room)); !slices.Equal(got, s.want) {
				t.Errorf("timeline %q", got)
			}
			if got := said(dan.get("/rooms/%s/messages?dir=b&limit=100", esc(r.Room)).ok().list("chunk")); len(got) != len(s.want) {
				t.Errorf("messages %q", got)
			}
			if n := len(roomPart(a, "join", r.Room, "state", "events")); n < 5 {
				t.Errorf("only %d state events", n)
			}
			ann.end(r.Room)
			if got := redacted(t, timeline(dan.sync(), r.Room)); len(got) != r.Past().Events {
				t.Errorf("told to forget %q", got)
			}
		})
	}
}

// Whoever was added after a session ended is not told to forget it.
func TestStranger(t *testing.T) {
	r := sqlite(t)
	ann, dan, bob := r.signIn(stage.Ann), r.signIn(stage.Dan), r.signIn(stage.Bob)
	dan.sync()
	bob.sync()
	one := ann.say(r.Room, "before")
	bob.sync()
	bob.post("/rooms/"+esc(r.Room)+"/leave", nil).ok()
	ann.end(r.Room)
	for _, who := range []*client{dan, bob} {
		if err := r.Rooms.Add(t.Context(), stage.Ann, r.Room, who.who, -1); err != nil {
			t.Fatal(err)
		}
	}
	if got := redacted(t, timeline(dan.sync(), r.Room)); len(got) != 0 {
		t.Errorf("a stranger is told to forget %q", got)
	}
	if got := redacted(t, timeline(bob.sync(), r.Room)); !slices.Contains(got, one) {
		t.Errorf("who left and came back is told to forget %q", got)
	}
	// A change of name brings nothing again.
	if err := r.Rooms.Rename(t.Context(), stage.Dan, "Dan Drake"); err != nil {
		t.Fatal(err)
	}
	a := dan.sync()
	if got := texts(timeline(a, r.Room)); !slices.Equal(got, []string{"m.room.member"}) || len(roomPart(a, "join", r.Room, "state", "events")) != 0 {
		t.Errorf("after a change of name: %v", a.body)
	}
}

func TestRelations(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	m := ann.say(r.Room, "one")
	other := ann.say(r.Room, "other")
	bob.react(r.Room, m, "👍")
	gone := bob.react(r.Room, m, "👎")
	bob.redact(r.Room, gone).ok()
	bob.react(r.Room, other, "👍")
	ann.send(r.Room, "m.room.message", map[string]any{"msgtype": "m.text", "body": "* uno", "m.new_content": map[string]any{"msgtype": "m.text", "body": "uno"},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": m}})
	bob.send(r.Room, "m.room.message", map[string]any{"msgtype": "m.text", "body": "in a thread", "m.relates_to": map[string]any{"rel_type": "m.thread", "event_id": m}})
	for _, s := range []struct {
		path string
		want []string
	}{
		{"", []string{"in a thread", "* uno", "m.reaction"}},
		{"?dir=f", []string{"m.reaction", "* uno", "in a thread"}},
		{"/m.annotation", []string{"m.reaction"}},
		{"/m.thread/m.room.message", []string{"in a thread"}},
		{"/m.thread/m.sticker", nil},
	} {
		if got := texts(bob.get("/_matrix/client/v1/rooms/%s/relations/%s%s", esc(r.Room), esc(m), s.path).ok().list("chunk")); !slices.Equal(got, s.want) {
			t.Errorf("%q: %q", s.path, got)
		}
	}
	for _, dir := range []string{"b", "f"} {
		var all []string
		from := ""
		for range 5 {
			a := bob.get("/_matrix/client/v1/rooms/%s/relations/%s?limit=1&dir=%s&from=%s", esc(r.Room), esc(m), dir, from).ok()
			all = append(all, texts(a.list("chunk"))...)
			if from = a.str("next_batch"); from == "" {
				break
			}
		}
		if len(all) != 3 {
			t.Errorf("dir %s by pages: %q", dir, all)
		}
	}
	bob.get("/_matrix/client/v1/rooms/%s/relations/%s", esc(r.Room), esc("$none")).refused(404, "M_NOT_FOUND")
	r.signIn(stage.Dan).get("/_matrix/client/v1/rooms/%s/relations/%s", esc(r.Room), esc(m)).refused(403, "M_FORBIDDEN")
}
