package ports

import (
	"context"
	"time"
)

// Clock is the only source of time for core and for adapters whose contract
// has durations in it. Tests hand in their own.
type Clock interface {
	// Now is the wall clock. It may jump in both directions; nothing that must
	// be right may rest on it.
	Now() time.Time

	// Elapsed is the time since some fixed moment in this process. It never
	// goes back, and goes on while the wall clock is set.
	Elapsed() time.Duration

	// Sleep waits for d or until ctx is done, and then answers ctx.Err().
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the clock of the machine.
func SystemClock() Clock { return systemClock{start: time.Now()} }

type systemClock struct{ start time.Time }

func (systemClock) Now() time.Time           { return time.Now() }
func (c systemClock) Elapsed() time.Duration { return time.Since(c.start) }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
