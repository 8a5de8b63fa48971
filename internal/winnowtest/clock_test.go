package winnowtest_test

import (
	"testing"
	"time"

	"winnow.org/winnow/internal/winnowtest"
)

func TestClock(t *testing.T) {
	c := winnowtest.NewClock()
	start := c.Now()
	rings := map[string]<-chan struct{}{
		"past":       c.Wait(start.Add(-time.Second)),
		"now":        c.Wait(start),
		"in 10 min":  c.Wait(start.Add(10 * time.Minute)),
		"in an hour": c.Wait(start.Add(time.Hour)),
	}
	steps := []struct {
		by   time.Duration
		rung []string
	}{
		{0, []string{"past", "now"}},
		{9 * time.Minute, nil},
		{time.Minute, []string{"in 10 min"}},
		{2 * time.Hour, []string{"in an hour"}},
	}
	for _, s := range steps {
		c.Advance(s.by)
		for _, name := range s.rung {
			select {
			case <-rings[name]:
				delete(rings, name)
			default:
				t.Errorf("at %v %q has not rung", c.Now().Sub(start), name)
			}
		}
		for name, ring := range rings {
			select {
			case <-ring:
				t.Errorf("at %v %q has rung too early", c.Now().Sub(start), name)
			default:
			}
		}
	}
}
