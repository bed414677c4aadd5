package retry_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/ports"
)

func retrier(p retry.Policy) *retry.Retrier {
	return &retry.Retrier{Policy: p, Clock: ports.SystemClock(), Random: func() uint64 { return 1 << 50 }}
}

func TestAttemptsAreThoseOfTheFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		policy retry.Policy
		want   int
	}{
		"out of reach":                {ports.ErrUnavailable, retry.Policy{Attempts: 3, Busy: 5}, 3},
		"an answer was lost":          {ports.ErrUnknown, retry.Policy{Attempts: 3, Busy: 5}, 3},
		"busy":                        {ports.Fail("put", "k", ports.ErrBusy, nil), retry.Policy{Attempts: 3, Busy: 5}, 5},
		"busy, with no patience more": {ports.ErrBusy, retry.Policy{Attempts: 3, Busy: 1}, 3},
		"decided":                     {ports.ErrPrecondition, retry.Policy{Attempts: 3, Busy: 5}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tried := 0
				err := retrier(c.policy).Do(t.Context(), "put", "k", func() error { tried++; return c.err })
				if !errors.Is(err, c.err) || tried != c.want {
					t.Errorf("tried %d times, want %d; %v", tried, c.want, err)
				}
			})
		})
	}
}

func TestWaitsAreRandomBelowABoundThatDoubles(t *testing.T) {
	t.Parallel()
	bounds := []time.Duration{10, 20, 40, 50, 50} // ms
	longest := make([]time.Duration, len(bounds))
	synctest.Test(t, func(t *testing.T) {
		r := &retry.Retrier{
			Policy: retry.Policy{Attempts: len(bounds) + 1, Base: 10 * time.Millisecond, Max: 50 * time.Millisecond},
			Clock:  ports.SystemClock(), Random: rand.New(rand.NewPCG(1, 2)).Uint64,
			Notify: func(_ context.Context, info ports.RetryInfo) {
				longest[info.Attempt-1] = max(longest[info.Attempt-1], info.Wait)
			},
		}
		for range 1000 {
			_ = r.Do(t.Context(), "get", "k", func() error { return ports.ErrUnavailable })
		}
	})
	for i, bound := range bounds {
		if bound *= time.Millisecond; longest[i] >= bound || longest[i] < bound*9/10 {
			t.Errorf("of a thousand waits before attempt %d the longest is %v, where %v is the bound", i+2, longest[i], bound)
		}
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := retrier(retry.Policy{Attempts: 9, Base: time.Hour, Max: time.Hour})
		began := time.Now()
		err := r.Do(ctx, "get", "k", func() error { return ports.ErrUnavailable })
		if !errors.Is(err, ports.ErrUnavailable) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
