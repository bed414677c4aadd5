package simulation_test

import (
	"context"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// clock is the clock of one client: the time of the bubble, with a wall clock
// that is off. It stands still for nobody, but a client that is stopped wakes
// up late, and one that was killed at once.
type clock struct{ *client }

var _ ports.Clock = clock{}

func (c clock) Now() time.Time         { return time.Now().Add(c.skew) }
func (c clock) Elapsed() time.Duration { return c.history.elapsed() }

func (c clock) Sleep(ctx context.Context, d time.Duration) error {
	for until := c.history.elapsed() + d; ; {
		if d <= 0 {
			return ctx.Err()
		}
		timer := time.NewTimer(d)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-c.dead:
			timer.Stop()
			return errDied
		}
		d = max(until, c.wakes()) - c.history.elapsed()
	}
}
