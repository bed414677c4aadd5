package memory_test

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// The tests run in bubbles: their clock moves only while every goroutine
// waits, and a goroutine that is left behind fails them.

func acquire(t *testing.T, l *memory.Locker, name string, ttl time.Duration) ports.Lease {
	t.Helper()
	lease, err := l.Acquire(t.Context(), name, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

func isLost(lease ports.Lease) bool {
	select {
	case <-lease.Lost():
		return true
	default:
		return false
	}
}

func TestLostIsClosedWhenTheTTLHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memory.NewLocker(memory.LockerOptions{})
		start := time.Now()
		lease := acquire(t, l, "a", time.Second)
		<-lease.Lost()
		if passed := time.Since(start); passed != time.Second {
			t.Errorf("lost after %v", passed)
		}
		if err := lease.Renew(t.Context()); !errors.Is(err, ports.ErrLost) {
			t.Errorf("renew: err = %v", err)
		}
		if next := acquire(t, l, "a", time.Minute); next.Token() <= lease.Token() {
			t.Errorf("tokens %d, then %d", lease.Token(), next.Token())
		} else if err := lease.Release(t.Context()); err != nil || isLost(next) {
			t.Errorf("the old holder's release: %v, newer one lost: %v", err, isLost(next))
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestRenewMovesTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memory.NewLocker(memory.LockerOptions{})
		start := time.Now()
		lease := acquire(t, l, "a", time.Second)
		for range 3 {
			if err := ports.SystemClock().Sleep(t.Context(), 900*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if err := lease.Renew(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		<-lease.Lost()
		if passed := time.Since(start); passed != 3700*time.Millisecond {
			t.Errorf("lost after %v", passed)
		}
	})
}

func TestEveryEndClosesLostAndLeavesNoGoroutine(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*memory.Locker, ports.Lease) error{
		"release": func(_ *memory.Locker, lease ports.Lease) error { return lease.Release(t.Context()) },
		"force": func(l *memory.Locker, lease ports.Lease) error {
			return l.ForceRelease(t.Context(), "a", lease.Token())
		},
		"close": func(l *memory.Locker, _ ports.Lease) error { return l.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := memory.NewLocker(memory.LockerOptions{})
				lease := acquire(t, l, "a", math.MaxInt64)
				if isLost(lease) {
					t.Error("lost at once")
				}
				if err := end(l, lease); err != nil {
					t.Fatal(err)
				}
				if err := lease.Renew(t.Context()); !isLost(lease) || !errors.Is(err, ports.ErrLost) {
					t.Errorf("lost %v, renew: %v", isLost(lease), err)
				}
			})
		})
	}
}

func TestAClosedLockerRefuses(t *testing.T) {
	t.Parallel()
	l := memory.NewLocker(memory.LockerOptions{})
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Acquire(t.Context(), "a", time.Second); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("acquire: err = %v", err)
	}
	if _, err := l.List(t.Context()); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("list: err = %v", err)
	}
}

func TestListTellsWhoHoldsWhat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := memory.NewLocker(memory.LockerOptions{Holder: "node 7"})
		lease := acquire(t, l, "a", time.Second)
		infos, err := l.List(t.Context())
		want := ports.LeaseInfo{Name: "a", Token: lease.Token(), Holder: "node 7", Remaining: time.Second}
		if err != nil || len(infos) != 1 || infos[0] != want {
			t.Errorf("%+v, %v", infos, err)
		}
		<-lease.Lost()
		if infos, err := l.List(t.Context()); err != nil || len(infos) != 0 {
			t.Errorf("after expiry: %+v, %v", infos, err)
		}
	})
}
