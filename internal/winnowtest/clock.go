// Package winnowtest starts the real parts that tests need: both databases, and a clock that tests move.
package winnowtest

import (
	"sync"
	"time"
)

// Clock is a clock that stands still until a test moves it. Its Now fits wherever a clock is a field.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiter
}

type waiter struct {
	until time.Time
	rings chan struct{}
}

// NewClock returns a clock that shows 9 o'clock UTC on 10 November 2026, a Tuesday.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, time.November, 10, 9, 0, 0, 0, time.UTC)}
}

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Wait returns a channel that is closed when the clock shows t or later; at once if it does already.
func (c *Clock) Wait(t time.Time) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := waiter{t, make(chan struct{})}
	if t.After(c.now) {
		c.waiting = append(c.waiting, w)
	} else {
		close(w.rings)
	}
	return w.rings
}

// Advance moves the clock on by d and closes the channels whose time has come.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	var later []waiter
	for _, w := range c.waiting {
		if w.until.After(c.now) {
			later = append(later, w)
		} else {
			close(w.rings)
		}
	}
	c.waiting = later
}
