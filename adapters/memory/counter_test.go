package memory_test

import (
	"errors"
	"math"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

func TestOverflowIsRefusedInBothDirections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, delta int64 }{
		{math.MaxInt64, 1}, {1, math.MaxInt64}, {math.MinInt64, -1}, {-1, math.MinInt64},
	} {
		counter := memory.NewCounter()
		if err := counter.Set(t.Context(), "n", c.value); err != nil {
			t.Fatal(err)
		}
		if _, err := counter.Add(t.Context(), "n", c.delta); !errors.Is(err, ports.ErrTooLarge) {
			t.Errorf("%d + %d: err = %v", c.value, c.delta, err)
		}
		if value, err := counter.Value(t.Context(), "n"); value != c.value || err != nil {
			t.Errorf("%d + %d: the value is %d, %v", c.value, c.delta, value, err)
		}
	}
}

func TestACounterNeedsAName(t *testing.T) {
	t.Parallel()
	if _, err := memory.NewCounter().Add(t.Context(), "", 1); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("err = %v", err)
	}
}
