package ledger

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"winnow.org/winnow/verify"
)

// Month is what the ledger says of one month.
type Month struct {
	Start     time.Time // the first moment of the month, in the tally's zone
	Sessions  int       // that ended, with a decision
	By        map[verify.Disposition]int
	Completed int // disposals that are completed, of those sessions
	Lost      int
	Notes     int // filed in the month
	Messages  int
	Quoted    int
}

// Tally adds up the ledger by month. It reads each entry once.
type Tally struct {
	Log  *Log
	Zone *time.Location

	mu     sync.Mutex
	next   int64
	months map[time.Time]*Month
	ended  map[int64]time.Time // by decision: the month of its session
}

// Months returns all months with entries, oldest first.
func (t *Tally) Months(ctx context.Context) ([]Month, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.months == nil {
		t.months, t.ended = map[time.Time]*Month{}, map[int64]time.Time{}
	}
	for more := true; more; {
		var batch [][]byte
		err := t.Log.View(ctx, func(tx Tx) error {
			size, err := tx.LedgerSize(ctx)
			if err != nil {
				return err
			}
			batch, err = tx.LedgerEntries(ctx, t.next, min(size, t.next+1000))
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, b := range batch {
			e, err := verify.ParseEntry(b)
			if err != nil {
				return nil, err
			}
			t.add(e)
			t.next++
		}
		more = len(batch) == 1000
	}
	var all []Month
	for _, m := range t.months {
		month := *m
		month.By = maps.Clone(m.By)
		all = append(all, month)
	}
	slices.SortFunc(all, func(a, b Month) int { return a.Start.Compare(b.Start) })
	return all, nil
}

func (t *Tally) month(ms int64) *Month {
	at := time.UnixMilli(ms).In(t.Zone)
	start := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, t.Zone)
	m := t.months[start]
	if m == nil {
		m = &Month{Start: start, By: map[verify.Disposition]int{}}
		t.months[start] = m
	}
	return m
}

func (t *Tally) add(e verify.Entry) {
	switch e.Kind {
	case verify.KindNote:
		t.month(e.Time).Notes++
	case verify.KindDecided:
		m := t.month(e.Decided.End)
		m.Sessions++
		m.By[e.Decided.Disposition]++
		m.Messages += e.Decided.Counts.Messages
		m.Quoted += e.Decided.Counts.Quoted
		t.ended[t.next] = m.Start
	case verify.KindCompleted:
		if start, ok := t.ended[e.Completed.Decision]; ok {
			t.months[start].Completed++
			delete(t.ended, e.Completed.Decision)
		}
	case verify.KindLost:
		t.month(e.Lost.Found).Lost++
	}
}
