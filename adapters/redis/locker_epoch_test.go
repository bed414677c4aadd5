package redis

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// counting is a source of epochs.
func counting() func(context.Context) (uint64, error) {
	var n atomic.Uint64
	return func(context.Context) (uint64, error) { return n.Add(1), nil }
}

func TestAnEpochBeginsWithEachLossOfMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		l := locker(t, s, LockerOptions{Epoch: counting()})
		want := func(name string, epoch, count uint64) {
			t.Helper()
			if got := acquire(t, l, name, time.Hour).Token(); got != 1<<62|epoch<<40|count {
				t.Errorf("the token of %q is %#x", name, got)
			}
		}
		want("a", 1, 1)
		want("b", 1, 2)
		table.flush()
		want("a", 2, 1)
		table.home = "another.history" // a restart from a snapshot, or a replica that took over
		want("c", 3, 1)
		table.fence["last"] = formatToken(1<<62 | 3<<40 | 1<<40 - 1)
		want("d", 4, 1) // the count of the epoch is used up
	})
}

func TestManyAcquiresShareOneEpoch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newLeaseTable(t)
		var asked atomic.Uint64
		l := locker(t, s, LockerOptions{Epoch: func(ctx context.Context) (uint64, error) {
			return asked.Add(1), ports.SystemClock().Sleep(ctx, time.Second)
		}})
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			wg.Go(func() { acquire(t, l, name, time.Hour) })
		}
		wg.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("the source was asked %d times", n)
		}
	})
}

func TestAnEpochThatWasAskedForBeforeTheLossIsNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		source := counting()
		slow := locker(t, s, LockerOptions{Epoch: func(ctx context.Context) (uint64, error) {
			epoch, _ := source(ctx)
			return epoch, ports.SystemClock().Sleep(ctx, time.Minute)
		}})
		quick := locker(t, s, LockerOptions{Epoch: source})
		late := make(chan uint64)
		go func() { late <- acquire(t, slow, "a", time.Second).Token() }()
		synctest.Wait() // it has epoch 1, and has not told Redis yet
		table.flush()
		token := acquire(t, quick, "a", time.Second).Token()
		table.flush()
		if got := <-late; got <= token {
			t.Errorf("the token %#x was given after %#x", got, token)
		}
	})
}

func TestASourceOfEpochsThatFailsHoldsNothing(t *testing.T) {
	t.Parallel()
	boom := ports.Fail("put", "epoch", ports.ErrUnknown, nil)
	for name, tt := range map[string]struct {
		epoch func(context.Context) (uint64, error)
		want  error
	}{
		"an error":  {func(context.Context) (uint64, error) { return 0, boom }, ports.ErrUnavailable},
		"too large": {func(context.Context) (uint64, error) { return 1 << 22, nil }, ports.ErrTooLarge},
		"no growth": {func(context.Context) (uint64, error) { return 7, nil }, ports.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, table := newLeaseTable(t)
				table.fence["last"] = formatToken(1<<62 | 7<<40 | 3) // of another home
				l := locker(t, s, LockerOptions{Epoch: tt.epoch})
				for range 3 {
					if _, err := l.Acquire(t.Context(), "a", time.Hour); !errors.Is(err, tt.want) || errors.Is(err, ports.ErrUnknown) {
						t.Errorf("err = %v", err)
					}
				}
				if n := table.holds(); n != 0 || len(table.fence) > 5 {
					t.Errorf("%d leases are held, and the fence is %v", n, table.fence)
				}
				l.opts.Epoch = func(context.Context) (uint64, error) { return 8, nil }
				acquire(t, l, "a", time.Hour)
			})
		})
	}
}

func TestWaitingForAnEpochEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newLeaseTable(t)
		l := locker(t, s, LockerOptions{Epoch: func(ctx context.Context) (uint64, error) {
			<-ctx.Done()
			return 0, errors.New("gave up")
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 2 { // one asks, the other one waits for its turn
			wg.Go(func() {
				if _, err := l.Acquire(ctx, "a", time.Hour); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("err = %v", err)
				}
			})
		}
		wg.Wait()
	})
}

func TestAServerThatForgetsAllTheTimeIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newLeaseTable(t)
		s.on(acquireScript, func(_, _ []string) ([]string, error) { return []string{"lost"}, nil })
		l := locker(t, s, LockerOptions{Epoch: counting()})
		if _, err := l.Acquire(t.Context(), "a", time.Hour); !errors.Is(err, ports.ErrBusy) {
			t.Errorf("err = %v", err)
		}
	})
}

func TestTokensByTimeGiveWayToEpochsAndNeverBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		byTime, byEpoch := locker(t, s, LockerOptions{}), locker(t, s, LockerOptions{Epoch: counting()})
		first := acquire(t, byTime, "a", time.Second)
		pass(t, time.Second)
		if second := acquire(t, byEpoch, "a", time.Second); second.Token() <= first.Token() {
			t.Errorf("the tokens are %#x, then %#x", first.Token(), second.Token())
		}
		if _, err := byTime.Acquire(t.Context(), "b", time.Second); !errors.Is(err, ports.ErrUnsupported) {
			t.Errorf("err = %v", err)
		}
		table.home = ""
		if _, err := byEpoch.Acquire(t.Context(), "b", time.Second); !errors.Is(err, ports.ErrUnsupported) {
			t.Errorf("a server that does not tell who it is: err = %v", err)
		}
	})
}
