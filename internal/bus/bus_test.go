package bus_test

import (
	"sync"
	"testing"

	"winnow.org/winnow/internal/bus"
	"winnow.org/winnow/internal/id"
)

const ann, bob, cat = id.Person("@ann:x"), id.Person("@bob:x"), id.Person("@cat:x")

func heard(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestRing(t *testing.T) {
	for _, s := range []struct {
		name  string
		rings [][]id.Person
		want  [3]bool // ann, ann's other device, bob
	}{
		{"nobody", nil, [3]bool{false, false, false}},
		{"everywhere", [][]id.Person{{ann}}, [3]bool{true, true, false}},
		{"several people", [][]id.Person{{ann, bob, cat}}, [3]bool{true, true, true}},
		{"twice is once", [][]id.Person{{bob}, {bob, bob}}, [3]bool{false, false, true}},
		{"somebody who does not listen", [][]id.Person{{cat}}, [3]bool{false, false, false}},
	} {
		t.Run(s.name, func(t *testing.T) {
			var b bus.Bell
			var ears [3]<-chan struct{}
			for i, who := range []id.Person{ann, ann, bob} {
				rung, stop := b.Listen(who)
				defer stop()
				ears[i] = rung
			}
			for _, r := range s.rings {
				b.Ring(r...)
			}
			for i, ear := range ears {
				if got := heard(ear); got != s.want[i] {
					t.Errorf("reader %d: rung %v, want %v", i, got, s.want[i])
				}
				if heard(ear) {
					t.Errorf("reader %d: rung twice", i)
				}
			}
		})
	}
}

func TestStop(t *testing.T) {
	var b bus.Bell
	one, stopOne := b.Listen(ann)
	two, stopTwo := b.Listen(ann)
	stopOne()
	stopOne()
	b.Ring(ann)
	if heard(one) || !heard(two) {
		t.Error("after the first stopped, only the second must be rung")
	}
	stopTwo()
	if n := b.Listening(ann); n != 0 {
		t.Errorf("%d readers are still known", n)
	}
}

// A reader that listens before it reads sees everything that was written before a ring.
func TestNothingIsLost(t *testing.T) {
	var b bus.Bell
	var mu sync.Mutex
	written := 0
	const all = 5000
	go func() {
		for range all {
			mu.Lock()
			written++
			mu.Unlock()
			b.Ring(ann)
		}
	}()
	rung, stop := b.Listen(ann)
	defer stop()
	for seen := 0; seen < all; {
		mu.Lock()
		seen = written
		mu.Unlock()
		if seen < all {
			<-rung // the test times out if a ring is lost
		}
	}
}
