package bolt_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func TestCountersOutliveTheIndex(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	x := open(t, path)
	if _, err := os.Stat(path + ".counters"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there before the first use: %v", err)
	}
	if _, err := x.Counter().Add(t.Context(), "n", 7); err != nil {
		t.Fatal(err)
	}
	shut(t, x)
	old := crash(t, path)
	x = open(t, path)
	isFresh(t, x, old)
	if value, err := x.Counter().Value(t.Context(), "n"); value != 7 || err != nil {
		t.Errorf("the value is %d, %v", value, err)
	}
}

func TestConcurrentAddsAreAllCounted(t *testing.T) {
	t.Parallel()
	counter := open(t, newPath(t)).Counter()
	var mu sync.Mutex
	seen := make(map[int64]bool)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				value, err := counter.Add(t.Context(), "n", 1)
				mu.Lock()
				if err != nil || seen[value] {
					t.Errorf("value %d, seen %v, %v", value, seen[value], err)
				}
				seen[value] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if value, err := counter.Value(t.Context(), "n"); value != 200 || err != nil {
		t.Errorf("the value is %d, %v", value, err)
	}
}

func TestADamagedCounterFileIsReportedAndKept(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	broken := []byte(strings.Repeat("no bolt file ", 1_000))
	if err := os.WriteFile(path+".counters", broken, 0o600); err != nil {
		t.Fatal(err)
	}
	x := open(t, path)
	for range 2 {
		if _, err := x.Counter().Add(t.Context(), "n", 1); !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("err = %v", err)
		}
	}
	if !bytes.Equal(read(t, path+".counters"), broken) {
		t.Error("the file was changed")
	}
	begin(t, x, install(t, x, "s"), entry("a", 1)) // the index works
}

func TestCounterLimits(t *testing.T) {
	t.Parallel()
	counter := open(t, newPath(t)).Counter()
	for _, c := range []struct{ value, delta int64 }{
		{math.MaxInt64, 1}, {1, math.MaxInt64}, {math.MinInt64, -1}, {-1, math.MinInt64},
	} {
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
	for _, name := range []string{"", strings.Repeat("n", 40_000)} {
		if err := counter.Set(t.Context(), name, 1); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("a name of %d bytes: err = %v", len(name), err)
		}
	}
}
