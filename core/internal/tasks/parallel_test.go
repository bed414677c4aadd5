package tasks_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/ports"
)

func TestParallelCallsEachOnceAndNeverTooManyAtOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ workers, n, most int }{{4, 100, 4}, {4, 2, 2}, {1, 5, 1}, {3, 1, 1}, {3, 0, 0}} {
		synctest.Test(t, func(t *testing.T) {
			calls := make([]int, c.n)
			var mu sync.Mutex
			now, most := 0, 0
			began := time.Now()
			tasks.Parallel(c.workers, c.n, func(i int) {
				mu.Lock()
				calls[i]++
				now++
				most = max(most, now)
				mu.Unlock()
				_ = ports.SystemClock().Sleep(t.Context(), time.Second)
				mu.Lock()
				now--
				mu.Unlock()
			})
			for i, n := range calls {
				if n != 1 {
					t.Errorf("%+v: %d is called %d times", c, i, n)
				}
			}
			if now != 0 || most != c.most {
				t.Errorf("%+v: %d at once, %d left", c, most, now)
			}
			if took, want := time.Since(began), time.Duration((c.n+c.workers-1)/c.workers)*time.Second; took != want {
				t.Errorf("%+v: it took %v, want %v", c, took, want)
			}
		})
	}
}

func TestDrainLetsTasksEndInTheirTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		task, took time.Duration
		ended      bool // by itself
	}{{time.Second, time.Second, true}, {time.Hour, 5 * time.Second, false}, {0, 0, true}} {
		synctest.Test(t, func(t *testing.T) {
			clock := ports.SystemClock()
			g := tasks.New(t.Context())
			var ended atomic.Bool
			if !g.Go(func(ctx context.Context) { ended.Store(clock.Sleep(ctx, c.task) == nil) }) {
				t.Fatal("an open group refuses a task")
			}
			began := time.Now()
			g.Drain(clock, 5*time.Second)
			if took := time.Since(began); took != c.took || ended.Load() != c.ended {
				t.Errorf("a task of %v: drained after %v, ended by itself: %v", c.task, took, ended.Load())
			}
			if g.Go(func(context.Context) { t.Error("it runs") }) {
				t.Error("a drained group takes a task")
			}
			if g.Life().Err() == nil {
				t.Error("the life of the group goes on")
			}
		})
	}
}
