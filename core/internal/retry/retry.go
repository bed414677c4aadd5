package retry

import (
	"context"
	"errors"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// Policy says how often a call is tried, and how long to wait in between:
// exponential backoff with full jitter (M. Brooker, "Exponential Backoff And
// Jitter", AWS Architecture Blog, 2015).
type Policy struct {
	Attempts int           // in all, the first one included; at least 1
	Busy     int           // the same for a service that only asks for time; less than Attempts: that
	Base     time.Duration // upper bound of the first wait
	Max      time.Duration // upper bound of every wait
}

// Retrier runs calls under a Policy.
type Retrier struct {
	Policy Policy
	Clock  ports.Clock
	Random func() uint64                                   // 64 random bits
	Notify func(ctx context.Context, info ports.RetryInfo) // may be nil
}

// Wait sleeps before the attempt after the given one, counted from 1. It
// answers the context's error if that ended the wait.
func (r *Retrier) Wait(ctx context.Context, what, key string, attempt int, cause error) error {
	bound := r.Policy.Max
	if shift := attempt - 1; shift < 32 && r.Policy.Base<<shift < bound {
		bound = r.Policy.Base << shift
	}
	wait := time.Duration(r.Random() % uint64(max(bound, 1)))
	if r.Notify != nil {
		r.Notify(ctx, ports.RetryInfo{What: what, Key: key, Attempt: attempt, Wait: wait, Err: cause})
	}
	return r.Clock.Sleep(ctx, wait)
}

// Exhausted reports whether the attempt that failed with err, counted from 1,
// was the last one.
func (r *Retrier) Exhausted(attempt int, err error) bool {
	if errors.Is(err, ports.ErrBusy) {
		return attempt >= max(r.Policy.Attempts, r.Policy.Busy)
	}
	return attempt >= r.Policy.Attempts
}

// Do calls fn until it succeeds, answers an error that another attempt can't
// mend, or the attempts are used up. fn must be safe to repeat.
func (r *Retrier) Do(ctx context.Context, what, key string, fn func() error) error {
	for attempt := 1; ; attempt++ {
		err := fn()
		if err == nil || !Again(ctx, err) || r.Exhausted(attempt, err) {
			return err
		}
		if r.Wait(ctx, what, key, attempt, err) != nil {
			return err
		}
	}
}

// Again reports whether a call without lasting effect that failed with err is
// worth another attempt: the service was busy or out of reach, or the answer
// was lost.
func Again(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	return errors.Is(err, ports.ErrBusy) || errors.Is(err, ports.ErrUnavailable) || errors.Is(err, ports.ErrUnknown)
}
