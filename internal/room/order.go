package room

import (
	"context"
	"sync"
)

// Order gives everything that a client can sync its position: one server-wide, strictly growing number. Positions are
// reserved in the store a block at a time, so that a restart goes on above every position ever given out.
//
// A position is taken before what stands there can be seen (a commit lies between), so readers read only up to Stable:
// below it nothing is still on its way.
type Order struct {
	Reserve func(ctx context.Context, n int64) (upTo int64, err error) // durable

	mu       sync.Mutex
	first    int64 // the first that was given out in this run
	next     int64 // the next to give out
	upTo     int64 // reserved, inclusive
	underway map[int64]struct{}
	stable   int64
}

// block is how many positions one write to the store reserves.
const block = 4096

// Take gives out n positions in a row and returns the first. Call done when what stands there can be seen, or never will.
func (o *Order) Take(ctx context.Context, n int64) (first int64, done func(), err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.next == 0 || o.next+n-1 > o.upTo {
		want := max(block, n)
		upTo, err := o.Reserve(ctx, want)
		if err != nil {
			return 0, nil, err
		}
		o.next, o.upTo = upTo-want+1, upTo
		if o.first == 0 {
			o.first = o.next
		}
		if len(o.underway) == 0 {
			o.stable = o.next - 1
		}
	}
	first = o.next
	last := first + n - 1
	o.next = last + 1
	if o.underway == nil {
		o.underway = map[int64]struct{}{}
	}
	o.underway[first] = struct{}{}
	var once sync.Once
	return first, func() {
		once.Do(func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			delete(o.underway, first)
			o.stable = o.next - 1
			for p := range o.underway {
				o.stable = min(o.stable, p-1)
			}
		})
	}, nil
}

// Stable is the position up to which readers may read.
func (o *Order) Stable() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stable
}

// First is the first position of this run: what stands below it was there when the server started.
func (o *Order) First() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first
}

// Start reserves the first block, so that Stable is above every position of an earlier run.
func (o *Order) Start(ctx context.Context) error {
	_, done, err := o.Take(ctx, 1)
	if err == nil {
		done()
	}
	return err
}
