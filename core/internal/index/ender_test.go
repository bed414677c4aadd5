package index

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/ports"
)

// endings is an index that only notes which entries are removed.
type endings struct {
	ports.Index
	removed []string
}

func (x *endings) End(_ context.Context, _ string, _ ports.Regime, entries []ports.Entry) error {
	for _, e := range entries {
		x.removed = append(x.removed, string(e.Member))
	}
	return nil
}

// suspended is a clock whose machine sleeps for a while: only the time of day
// goes on.
type suspended struct {
	ports.Clock
	sleep time.Duration
}

func (c *suspended) Now() time.Time { return c.Clock.Now().Add(c.sleep) }

// An entry that was found dead is removed soon after, or not at all: much later
// its document may have been purged, and another may have come to have the same
// entry. What a write has replaced is removed whenever.
func TestAnEntryFoundDeadLongAgoIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wait, suspend time.Duration
		dead          bool // it is removed
	}{
		"at once":                    {0, 0, true},
		"soon after":                 {deadTime - 2*time.Second, 0, true},
		"a day later":                {24 * time.Hour, 0, false},
		"too late":                   {deadTime + 2*time.Second, 0, false},
		"after the machine slept":    {0, 24 * time.Hour, false},
		"after a nap of the machine": {0, deadTime / 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				clock := &suspended{Clock: ports.SystemClock()}
				x := new(endings)
				ender := NewEnder(x, &retry.Retrier{Clock: clock, Policy: retry.Policy{Attempts: 1}}, func(task, _ string, err error) { t.Error(task, err) })
				ender.AddDead(space, ports.Regime{}, []ports.Entry{{Member: []byte("dead")}})
				ender.Add(space, ports.Regime{}, []ports.Entry{{Member: []byte("replaced")}})
				if err := clock.Sleep(t.Context(), c.wait); err != nil {
					t.Fatal(err)
				}
				clock.sleep = c.suspend
				stop := make(chan struct{})
				close(stop)
				ender.Run(t.Context(), stop)
				found := make(map[string]bool)
				for _, entry := range x.removed {
					found[entry] = true
				}
				if !found["replaced"] || found["dead"] != c.dead {
					t.Errorf("it removes %q", x.removed)
				}
			})
		})
	}
}
