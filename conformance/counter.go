package conformance

import (
	"context"
	"math"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// CounterHarness makes the counters that TestCounter checks.
type CounterHarness struct {
	// New opens counters of which none exists. The kit closes them at the end
	// of the check if they are an io.Closer. Required.
	New func(t testing.TB) ports.Counter

	// Second opens an independent client of the counters of first. Nil: first
	// is used in its place.
	Second func(t testing.TB, first ports.Counter) ports.Counter

	// Reopen closes counters and opens their data again. Nil: nothing outlives
	// a close.
	Reopen func(t testing.TB, open ports.Counter) ports.Counter

	// Waive maps ids of clauses that are not checked to the reason.
	Waive map[string]string
}

// TestCounter checks every clause of ports.Counter as a subtest named by its
// id, logs the report and returns it.
func TestCounter(t *testing.T, h CounterHarness) Report {
	t.Helper()
	report := suite[CounterHarness]{"Counter", CounterClauses(), h.Waive}.run(t, h)
	t.Log("\n" + report.String())
	return report
}

// CounterClauses returns the clauses of ports.Counter.
func CounterClauses() []Clause[CounterHarness] {
	return []Clause[CounterHarness]{
		{"CT-CTX-1", "A call whose context is done MUST change nothing and answer an error matching ctx.Err().", counterDoneContext},
		{"CT-RAC-1", "All methods MUST be safe for concurrent use; concurrent Adds never lose one.", addTogether},
		{"CT-ADD-1", "Add MUST count an absent counter as 0, and return the new value.", addToAbsent},
		{"CT-ADD-2", "An addition that would overflow MUST be refused with ErrTooLarge and change nothing.", addOverflows},
		{"CT-VAL-1", "Value of an absent counter MUST answer ErrNotFound.", valueOfAbsent},
		{"CT-REM-1", "Removing an absent counter MUST answer nil; after Remove, Value MUST answer ErrNotFound.", removeCounter},
	}
}

func (h CounterHarness) open(t *T) ports.Counter {
	t.Helper()
	c := h.New(t.TB)
	closeAtEnd(t, c)
	return c
}

func (h CounterHarness) pair(t *T) (first, second ports.Counter) {
	t.Helper()
	first = h.open(t)
	if h.Second == nil {
		return first, first
	}
	second = h.Second(t.TB, first)
	closeAtEnd(t, second)
	return first, second
}

func (t *T) wantValue(c ports.Counter, name string, want int64) {
	t.Helper()
	if got, err := c.Value(t.Context(), name); err != nil || got != want {
		t.Errorf("value of %q answers %d, %v, want %d", name, got, err, want)
	}
}

func (t *T) wantNoValue(c ports.Counter, name, when string) {
	t.Helper()
	_, err := c.Value(t.Context(), name)
	t.wantErr(err, ports.ErrNotFound, "value of %q %s", name, when)
}

func (t *T) wantAdd(c ports.Counter, name string, delta, want int64) {
	t.Helper()
	if got, err := c.Add(t.Context(), name, delta); err != nil || got != want {
		t.Errorf("add of %d to %q answers %d, %v, want %d", delta, name, got, err, want)
	}
}

func counterDoneContext(t *T, h CounterHarness) {
	c := h.open(t)
	t.must(c.Set(t.Context(), "a", 7), "set")
	for how, ctx := range doneContexts(t) {
		for name, do := range map[string]func(context.Context) error{
			"add": func(ctx context.Context) error {
				_, err := c.Add(ctx, "a", 1)
				return err
			},
			"value": func(ctx context.Context) error {
				_, err := c.Value(ctx, "a")
				return err
			},
			"set":    func(ctx context.Context) error { return c.Set(ctx, "a", 1) },
			"remove": func(ctx context.Context) error { return c.Remove(ctx, "a") },
		} {
			t.wantErr(do(ctx), ctx.Err(), "%s with a context that is %s", name, how)
			t.wantValue(c, "a", 7)
		}
	}
}

func addTogether(t *T, h CounterHarness) {
	const workers, each = 16, 25
	first, second := h.pair(t)
	together(workers, func(i int) {
		c := first
		if i%2 == 1 {
			c = second
		}
		seen := int64(math.MinInt64)
		for range each {
			got, err := c.Add(t.Context(), "total", 3)
			t.wantErr(err, nil, "add")
			if got <= seen {
				t.Errorf("add answers %d after %d", got, seen)
			}
			seen = got
			_, err = c.Add(t.Context(), "balance", int64(1-2*(i%2)))
			t.wantErr(err, nil, "add")
		}
	})
	t.wantValue(first, "total", 3*workers*each)
	t.wantValue(second, "balance", 0)
}

func addToAbsent(t *T, h CounterHarness) {
	first, second := h.pair(t)
	t.wantAdd(first, "a", 5, 5)
	t.wantAdd(second, "a", -12, -7)
	t.wantAdd(second, "A", 0, 0)
	t.wantAdd(first, "a/b", 1, 1)
	t.wantValue(second, "a", -7)
	t.wantValue(first, "A", 0)
	t.must(first.Set(t.Context(), "a", 1<<53+1), "set")
	t.wantAdd(second, "a", 2, 1<<53+3)
	if h.Reopen != nil {
		again := h.Reopen(t.TB, first)
		closeAtEnd(t, again)
		t.wantValue(again, "a", 1<<53+3)
	}
}

func addOverflows(t *T, h CounterHarness) {
	c := h.open(t)
	for _, tt := range []struct{ value, delta int64 }{
		{math.MaxInt64, 1}, {1, math.MaxInt64}, {math.MaxInt64 - 5, 6}, {math.MinInt64, -1}, {-1, math.MinInt64}, {math.MinInt64, math.MinInt64},
	} {
		t.must(c.Set(t.Context(), "a", tt.value), "set")
		_, err := c.Add(t.Context(), "a", tt.delta)
		t.wantErr(err, ports.ErrTooLarge, "add of %d to %d", tt.delta, tt.value)
		t.wantValue(c, "a", tt.value)
	}
	t.must(c.Set(t.Context(), "a", math.MaxInt64-5), "set")
	t.wantAdd(c, "a", 5, math.MaxInt64)
	t.must(c.Set(t.Context(), "a", -1), "set")
	t.wantAdd(c, "a", math.MinInt64+1, math.MinInt64)
}

func valueOfAbsent(t *T, h CounterHarness) {
	first, second := h.pair(t)
	t.wantNoValue(first, "a", "that never was")
	t.must(first.Set(t.Context(), "a", 0), "set")
	t.wantValue(second, "a", 0)
	t.wantNoValue(second, "a/b", "beside another one")
}

func removeCounter(t *T, h CounterHarness) {
	first, second := h.pair(t)
	t.wantErr(first.Remove(t.Context(), "a"), nil, "remove of an absent counter")
	t.wantAdd(first, "a", 5, 5)
	t.wantAdd(first, "ab", 6, 6)
	t.wantErr(second.Remove(t.Context(), "a"), nil, "remove")
	t.wantNoValue(first, "a", "after remove")
	t.wantErr(second.Remove(t.Context(), "a"), nil, "second remove")
	t.wantValue(second, "ab", 6)
	t.wantAdd(second, "a", 1, 1)
}
