package matrix_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"winnow.org/winnow/internal/winnowtest/stage"
)

// One person writes, twenty devices wait for news: the time of one message, from sending it until all have it.
func BenchmarkDelivery(b *testing.B) {
	r := newRig(b, stage.SQLite(b))
	ann := r.signIn(stage.Ann)
	ann.say(r.Room, "begin")
	const readers = 20
	var all sync.WaitGroup
	got := make(chan struct{}, readers)
	for range readers {
		c := r.signIn(stage.Bob)
		c.sync()
		all.Go(func() {
			for n := 0; n < b.N; {
				for _, words := range said(timeline(c.sync("timeout=30000"), r.Room)) {
					if words == strconv.Itoa(n) {
						n++
						got <- struct{}{}
					}
				}
			}
		})
	}
	b.ResetTimer()
	for n := range b.N {
		ann.put(fmt.Sprintf("/rooms/%s/send/m.room.message/b%d", esc(r.Room), n), map[string]any{"msgtype": "m.text", "body": strconv.Itoa(n)}).ok()
		for range readers {
			<-got
		}
	}
	b.StopTimer()
	all.Wait()
}
