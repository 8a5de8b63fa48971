// Package bus wakes readers. It only rings: truth is in the store and in the sessions, and who was woken reads there. A lost
// ring costs a delay, never a message.
package bus

import (
	"sync"

	"winnow.org/winnow/internal/id"
)

// Bell rings for people within this process. Its zero value is ready.
type Bell struct {
	mu    sync.Mutex
	waits map[id.Person]map[chan struct{}]struct{}
}

// Listen returns a channel that gets a value after each Ring for who; several rings in a row may give one value. Look at
// what you wait for after calling Listen, so that no change falls between. Call stop when done.
func (b *Bell) Listen(who id.Person) (rung <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waits == nil {
		b.waits = map[id.Person]map[chan struct{}]struct{}{}
	}
	if b.waits[who] == nil {
		b.waits[who] = map[chan struct{}]struct{}{}
	}
	b.waits[who][c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.waits[who], c)
		if len(b.waits[who]) == 0 {
			delete(b.waits, who)
		}
	}
}

// Ring wakes everybody who listens for one of these people.
func (b *Bell) Ring(who ...id.Person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range who {
		for c := range b.waits[w] {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}
}

// Listening counts who listens for a person: as many streams and long polls are open.
func (b *Bell) Listening(who id.Person) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waits[who])
}
