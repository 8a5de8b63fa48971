package matrix_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow.org/winnow/internal/id"
	"winnow.org/winnow/internal/room"
	"winnow.org/winnow/internal/session"
	"winnow.org/winnow/internal/winnowtest/stage"
)

// end asks to end the open session and lets the notice period pass.
func (c *client) end(room id.Room) {
	c.t.Helper()
	c.say(room, "!end")
	c.Seen()
	c.Pass(15 * time.Minute)
	if c.Look(c.who) != nil {
		c.t.Fatal("the session did not end")
	}
}

// redacted returns which of the events a list tells to forget, in order, and checks that it says nothing else of them.
func redacted(t *testing.T, events []any) (all []string) {
	t.Helper()
	for _, e := range events {
		if at(e, "type") != session.RedactionType || at(e, "sender") != "@winnow:"+stage.Host {
			continue
		}
		target, _ := at(e, "redacts").(string)
		content, _ := at(e, "content").(map[string]any)
		if content["redacts"] != target || len(content) != 1 {
			t.Errorf("a redaction says %v", e)
		}
		all = append(all, target)
	}
	return all
}

func TestEndedSessionIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ann, bob, late := r.signIn(stage.Ann), r.signIn(stage.Bob), r.signIn(stage.Cat)
		ann.sync()
		bob.sync()
		late.sync()
		var sent []string
		for i := range 30 { // more than a timeline holds
			sent = append(sent, ann.say(r.Room, fmt.Sprintf("message %d", i)))
		}
		sent = append(sent, bob.react(r.Room, sent[0], "👍"))
		bob.sync()
		before := bob.since
		ann.end(r.Room)

		a := bob.sync()
		got := redacted(t, timeline(a, r.Room))
		for _, e := range sent {
			if !slices.Contains(got, e) {
				t.Errorf("bob's client is not told to forget %s", e)
			}
		}
		if len(got) != r.Past().Events || len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) {
			t.Errorf("%d redactions of %d events", len(got), r.Past().Events)
		}
		if n := a.at("rooms", "join", string(r.Room), "unread_notifications", "notification_count"); n != 0.0 {
			t.Errorf("%v unread", n)
		}
		if again := bob.sync(); again.at("rooms", "join", string(r.Room)) != nil {
			t.Errorf("the next sync has more: %v", again.body)
		}

		// A client that was away since before the session, one that asks again from the past, and one that starts fresh.
		away := late.sync()
		if got := redacted(t, timeline(away, r.Room)); len(got) != r.Past().Events {
			t.Errorf("a client that was away is told to forget %d events", len(got))
		}
		bob.since = before
		replay := bob.sync()
		bob.since = ""
		fresh := bob.sync()
		all := bob.get("/rooms/%s/messages?dir=b&limit=200", esc(r.Room)).ok()
		for name, events := range map[string][]any{"away": timeline(away, r.Room), "replay": timeline(replay, r.Room), "fresh": timeline(fresh, r.Room), "messages": all.list("chunk")} {
			for _, e := range events {
				if at(e, "type") != session.RedactionType && at(e, "state_key") == nil && at(e, "content", "msgtype") != "m.notice" {
					t.Errorf("%s brings back %v", name, e)
				}
			}
		}
		if got := redacted(t, append(timeline(fresh, r.Room), all.list("chunk")...)); len(got) > 0 {
			t.Errorf("who starts fresh is told to forget %d events", len(got))
		}
		for _, e := range sent[:2] {
			bob.get("/rooms/%s/event/%s", esc(r.Room), esc(e)).refused(404, "M_NOT_FOUND")
			bob.get("/rooms/%s/context/%s", esc(r.Room), esc(e)).refused(404, "M_NOT_FOUND")
		}

		// The next message opens another session, of which the old client sees only what is new.
		bob.say(r.Room, "Good morning")
		if got := said(timeline(bob.sync(), r.Room)); !slices.Equal(got, []string{"Good morning"}) {
			t.Errorf("after the new session began: %q", got)
		}
	})
}

// Whoever leaves while a session is open still has it on their device, and is told to forget it when it ends; not what is
// said after they left.
func TestLeaverForgets(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	ann.sync()
	bob.sync()
	one := ann.say(r.Room, "before")
	bob.sync()
	bob.post(fmt.Sprintf("/rooms/%s/leave", esc(r.Room)), nil).ok()
	a := bob.sync()
	left := a.list("rooms", "leave", string(r.Room), "timeline", "events")
	if len(left) != 1 || at(left[0], "content", "membership") != "leave" {
		t.Errorf("on leaving bob got %v", left)
	}
	if a.at("rooms", "join", string(r.Room)) != nil {
		t.Error("the room is still joined")
	}
	ann.say(r.Room, "after")
	if a := bob.sync(); a.at("rooms", "leave", string(r.Room)) != nil {
		t.Errorf("bob hears of a room that he left: %v", a.body)
	}
	ann.end(r.Room)
	a = bob.sync()
	if got := redacted(t, a.list("rooms", "leave", string(r.Room), "timeline", "events")); !slices.Contains(got, one) {
		t.Errorf("bob's client is told to forget %q", got)
	}
	ann.say(r.Room, "a new session")
	ann.end(r.Room)
	if a := bob.sync(); a.at("rooms", "leave", string(r.Room)) != nil {
		t.Errorf("bob hears of a session that he was not in: %v", a.body)
	}
	bob.get("/rooms/%s/messages?dir=b", esc(r.Room)).refused(403, "M_FORBIDDEN")
}

// What is said is neither in the database's files nor in a log, whatever road it took.
func TestNothingIsWritten(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	const canary = "heron-4711-"
	e := ann.say(r.Room, canary+"a")
	ann.send(r.Room, "m.room.message", map[string]any{"msgtype": "m.text", "body": "* x", "m.new_content": map[string]any{"msgtype": "m.text", "body": canary + "b"},
		"m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": e}})
	bob.send(r.Room, "org.example.other", map[string]any{"any": []string{canary + "c"}})
	bob.react(r.Room, e, canary+"d")
	ann.put(fmt.Sprintf("/rooms/%s/send/m.room.message/bad", esc(r.Room)), `{"body":"`+canary+`e"`)
	ann.put(fmt.Sprintf("/rooms/%s/send/m.room.message/bad2", esc("!nowhere")), `{"body":"`+canary+`f"}`)
	ann.put(fmt.Sprintf("/rooms/%s/redact/%s/t", esc(r.Room), esc(e)), map[string]any{"reason": canary + "g"}).ok()
	bob.sync()
	ann.end(r.Room)
	files := 0
	for _, dir := range []string{filepath.Dir(strings.TrimPrefix(r.Config.Database, "sqlite:")), r.Config.Data, r.Config.Drive} {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			if bytes.Contains(b, []byte(canary)) {
				t.Errorf("%s has what was said", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 2 {
		t.Errorf("only %d files were looked at", files)
	}
	if bytes.Contains(r.log.Bytes(), []byte(canary)) || bytes.Contains(r.Logs.Bytes(), []byte(canary)) {
		t.Error("a log has what was said")
	}
}

// A marked message is filed when the session ends, and the room is told.
func TestMarkFromAnyClient(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	m := ann.say(r.Room, "The cap is 400,000")
	mark := bob.react(r.Room, m, "📌")
	ann.redact(r.Room, m).refused(403, "M_FORBIDDEN")
	ann.redact(r.Room, mark).refused(403, "M_FORBIDDEN")
	ann.end(r.Room)
	if rec := r.Past(); rec.Quoted != 1 {
		t.Errorf("%d messages were kept", rec.Quoted)
	}
	bob.since = ""
	words := strings.Join(texts(timeline(bob.sync(), r.Room)), "\n")
	if !strings.Contains(words, "1 kept in a note") {
		t.Errorf("bob reads %q", words)
	}
}

// People answer from an ordinary client, and the session ends when all have.
func TestAnswers(t *testing.T) {
	r := sqlite(t)
	ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
	ann.sync()
	bob.sync()
	ann.say(r.Room, "Is the room free?")
	bob.say(r.Room, "Yes")
	ann.say(r.Room, "!end")
	ann.say(r.Room, "!nothing")
	bob.say(r.Room, "!nothing")
	if r.Look(stage.Ann) != nil {
		t.Fatal("the session goes on")
	}
	for _, c := range []*client{ann, bob} {
		a := c.sync()
		if got := redacted(t, timeline(a, r.Room)); len(got) != r.Past().Events {
			t.Errorf("%s is told to forget %d of %d events", c.who, len(got), r.Past().Events)
		}
		state := a.list("rooms", "join", string(r.Room), "timeline", "events")
		ended := slices.ContainsFunc(state, func(e any) bool {
			return at(e, "type") == room.SessionType && at(e, "content", "state") == "ended"
		})
		if !ended {
			t.Errorf("%s is not told that the session ended", c.who)
		}
	}
}
