package note

import (
	"context"
	"time"

	"winnow.org/winnow/internal/fault"
)

// wake starts the outbox at once.
func (n *Notes) wake() {
	select {
	case n.poke <- struct{}{}:
	default:
	}
}

// Init makes the register ready. It is called once, before any other method.
func (n *Notes) Init() { n.poke = make(chan struct{}, 1) }

// Run delivers files until the context ends.
func (n *Notes) Run(ctx context.Context) {
	for {
		wait := time.Minute
		next, err := n.Deliver(ctx)
		if err != nil && ctx.Err() == nil {
			n.Log.Error("deliver notes", "error", err)
			wait = 10 * time.Second
		} else if !next.IsZero() {
			wait = max(50*time.Millisecond, min(wait, next.Sub(n.Now())))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-n.poke:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Deliver sends everything that is due, and returns when the next delivery is due; zero if none waits. A drive that is down
// delays a delivery and loses nothing: the file is in the store until the drive has it, and stays there.
func (n *Notes) Deliver(ctx context.Context) (next time.Time, err error) {
	var all []Delivery
	err = n.View(ctx, func(tx Tx) (err error) {
		all, err = tx.DueDeliveries(ctx, n.Now().Add(time.Hour), 100)
		return err
	})
	if err != nil {
		return time.Time{}, err
	}
	for _, d := range all {
		if d.Next.After(n.Now()) {
			if next.IsZero() || d.Next.Before(next) {
				next = d.Next
			}
			continue
		}
		d.Tries++
		d.Trouble = ""
		if err := n.deliver(ctx, d); err != nil {
			d.Trouble = fault.Say(err)
			d.Next = n.Now().Add(backoff(d.Tries))
			n.Log.Warn("deliver a note's file", "note", d.Note, "try", d.Tries, "error", err)
			if next.IsZero() || d.Next.Before(next) {
				next = d.Next
			}
		} else {
			d.Done = n.Now()
		}
		if err := n.Update(ctx, func(tx Tx) error { return tx.UpdateDelivery(ctx, d) }); err != nil {
			return next, err
		}
	}
	return next, nil
}

// deliver puts one file into the drive and compares what is there with what was filed.
func (n *Notes) deliver(ctx context.Context, d Delivery) error {
	f, err := n.File(ctx, d.Note, d.File)
	if err != nil {
		return err
	}
	if err := n.Drive.Put(ctx, d.Folder, f.Name, f.Data); err != nil {
		return err
	}
	sum, _, err := n.Drive.Check(ctx, d.Folder, f.Name)
	if err != nil {
		return err
	}
	if sum != f.Sum {
		return fault.New(fault.Unavailable, "The drive does not have the file as it was filed. Look at the drive; the file will be sent again")
	}
	return nil
}

// backoff is how long to wait after so many tries: from 2 seconds to 10 minutes.
func backoff(tries int) time.Duration {
	return min(10*time.Minute, time.Second<<min(tries, 10))
}

// Waiting counts the files that are not in the drive yet.
func (n *Notes) Waiting(ctx context.Context) (count int, err error) {
	err = n.View(ctx, func(tx Tx) error {
		all, err := tx.DueDeliveries(ctx, n.Now().Add(365*24*time.Hour), 1000)
		count = len(all)
		return err
	})
	return count, err
}
