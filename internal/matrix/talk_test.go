package matrix_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"winnow.org/winnow/internal/winnowtest/stage"
)

// Two people talk by raw HTTP, a session ends, and nothing of it comes back.
func TestTalk(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ann, bob := r.signIn(stage.Ann), r.signIn(stage.Bob)
		ann.sync()
		if a := bob.sync(); a.at("rooms", "join", string(r.Room)) == nil {
			t.Fatalf("the room is not in the first sync: %v", a.body)
		}
		first := ann.say(r.Room, "The cap is 400,000")
		got := said(timeline(bob.sync(), r.Room))
		if !slices.Equal(got, []string{"The cap is 400,000"}) {
			t.Errorf("bob got %q", got)
		}
		bob.say(r.Room, "Agreed")
		bob.react(r.Room, first, "👍")
		if got := said(timeline(ann.sync(), r.Room)); !slices.Equal(got, []string{"The cap is 400,000", "Agreed", "m.reaction"}) {
			t.Errorf("ann got %q", got)
		}
		page := bob.get("/rooms/%s/messages?dir=b&limit=100", esc(r.Room)).ok()
		if got := said(page.list("chunk")); !slices.Equal(got, []string{"m.reaction", "Agreed", "The cap is 400,000"}) {
			t.Errorf("messages: %q", got)
		}
	})
}

// Many long messages at once all arrive: bodies leave room for the buffers in which they are sealed.
func TestLongMessagesAtOnce(t *testing.T) {
	r := sqlite(t)
	ann := r.signIn(stage.Ann)
	const all = 40
	got := make(chan answer, all)
	for n := range all {
		go func() {
			got <- ann.call(ann.token, "PUT", fmt.Sprintf("/rooms/%s/send/m.room.message/l%d", esc(r.Room), n), `{"msgtype":"m.text","body":"`+strings.Repeat("x", 60_000)+`"}`)
		}()
	}
	for range all {
		(<-got).ok()
	}
	if n := len(said(ann.get("/rooms/%s/messages?dir=b&limit=200", esc(r.Room)).ok().list("chunk"))); n != all {
		t.Errorf("%d of %d messages are there", n, all)
	}
}
