package redis

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// The tests run in bubbles: their clock moves only while every goroutine
// waits, and a goroutine that is left behind fails them.

func acquire(t *testing.T, l *Locker, name string, ttl time.Duration) ports.Lease {
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

func pass(t *testing.T, d time.Duration) {
	t.Helper()
	if err := ports.SystemClock().Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// locker makes one that is closed at the end of the bubble.
func locker(t *testing.T, s *fakeServer, opts LockerOptions) *Locker {
	t.Helper()
	l := s.client(t, nil).Locker(opts)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// slowly makes a script answer after d, and do its work before.
func slowly(d time.Duration, do fakeScript) fakeScript {
	return func(keys, args []string) ([]string, error) {
		values, err := do(keys, args)
		<-time.After(d)
		return values, err
	}
}

func TestTheTTLIsCountedFromBeforeTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		l := locker(t, s, LockerOptions{})
		s.on(acquireScript, slowly(300*time.Millisecond, table.acquire))
		start := time.Now()
		lease := acquire(t, l, "a", time.Second)
		<-lease.Lost()
		if passed := time.Since(start); passed != time.Second {
			t.Errorf("lost %v after the acquire was sent", passed)
		}
		lease = acquire(t, l, "b", time.Second)
		s.on(renewScript, slowly(200*time.Millisecond, table.renew))
		start = time.Now()
		if err := lease.Renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-lease.Lost()
		if passed := time.Since(start); passed != time.Second {
			t.Errorf("lost %v after the renew was sent", passed)
		}
	})
}

func TestARenewalThatIsAnsweredTooLateIsALoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		l := locker(t, s, LockerOptions{})
		lease := acquire(t, l, "a", time.Second)
		s.on(renewScript, slowly(2*time.Second, table.renew))
		for range 2 {
			if err := lease.Renew(t.Context()); !errors.Is(err, ports.ErrLost) || !isLost(lease) {
				t.Errorf("renew: %v, lost %v", err, isLost(lease))
			}
		}
		if n := s.called(renewScript); n != 1 {
			t.Errorf("%d requests, the second one for a lease that was lost", n)
		}
		if err := lease.Release(t.Context()); err != nil || table.holds() != 0 {
			t.Errorf("release: %v, held %d", err, table.holds())
		}
	})
}

func TestARenewalThatFailsLeavesTheLeaseAsItIs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ answer, want error }{
		"no answer": {errDrop, ports.ErrUnknown},
		"loading":   {errors.New("LOADING the data set"), ports.ErrBusy},
		"read only": {errors.New("READONLY a replica"), ports.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _ := newLeaseTable(t)
				lease := acquire(t, locker(t, s, LockerOptions{}), "a", time.Second)
				start := time.Now()
				s.on(renewScript, func(_, _ []string) ([]string, error) { return nil, tt.answer })
				if err := lease.Renew(t.Context()); !errors.Is(err, tt.want) || isLost(lease) {
					t.Errorf("renew: %v, lost %v", err, isLost(lease))
				}
				if <-lease.Lost(); time.Since(start) != time.Second {
					t.Errorf("lost after %v", time.Since(start))
				}
			})
		})
	}
}

func TestReleaseEndsTheHoldersSideWhateverRedisAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		lease := acquire(t, locker(t, s, LockerOptions{}), "a", time.Hour)
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if err := lease.Release(done); !errors.Is(err, context.Canceled) || isLost(lease) {
			t.Errorf("release with a done context: %v, lost %v", err, isLost(lease))
		}
		s.on(releaseScript, func(_, _ []string) ([]string, error) { return nil, errors.New("LOADING the data set") })
		if err := lease.Release(t.Context()); !errors.Is(err, ports.ErrBusy) || !isLost(lease) {
			t.Errorf("release of a server that is loading: %v, lost %v", err, isLost(lease))
		}
		if err := lease.Renew(t.Context()); !errors.Is(err, ports.ErrLost) {
			t.Errorf("renew: %v", err)
		}
		s.on(releaseScript, table.release)
		for range 3 {
			if err := lease.Release(t.Context()); err != nil || table.holds() != 0 {
				t.Errorf("release again: %v, held %d", err, table.holds())
			}
		}
		if n := s.called(releaseScript); n != 2 {
			t.Errorf("%d requests: a lease that is known to be gone needs none", n)
		}
	})
}

func TestAutoRenewKeepsALeaseUntilItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		lease := acquire(t, locker(t, s, LockerOptions{AutoRenew: true}), "a", 3*time.Second)
		pass(t, time.Minute)
		if isLost(lease) || table.holds() != 1 {
			t.Fatalf("after a minute: lost %v, held %d", isLost(lease), table.holds())
		}
		if n := s.called(renewScript); n != 59 && n != 60 {
			t.Errorf("%d renewals in a minute, not one a second", n)
		}
		if err := lease.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := s.called(renewScript)
		pass(t, time.Minute)
		if s.called(renewScript) != n || table.holds() != 0 {
			t.Error("it was renewed after its release")
		}
	})
}

func TestAutoRenewOutlivesFailuresShorterThanTheTTL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		lease := acquire(t, locker(t, s, LockerOptions{AutoRenew: true}), "a", 3*time.Second)
		failing := func(_, _ []string) ([]string, error) { return nil, errDrop }
		for range 5 {
			s.on(renewScript, failing)
			pass(t, 1900*time.Millisecond)
			s.on(renewScript, table.renew)
			pass(t, 1100*time.Millisecond)
		}
		if isLost(lease) {
			t.Error("it was lost although renewals worked in time")
		}
		s.on(renewScript, failing)
		start := time.Now()
		if <-lease.Lost(); time.Since(start) > 3*time.Second {
			t.Errorf("lost after %v", time.Since(start))
		}
	})
}

func TestAutoRenewLosesAtTheDeadlineWhenTheServerHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		lease := acquire(t, locker(t, s, LockerOptions{AutoRenew: true}), "a", 3*time.Second)
		s.on(renewScript, slowly(time.Minute, table.renew))
		start := time.Now()
		if <-lease.Lost(); time.Since(start) != 3*time.Second {
			t.Errorf("lost after %v", time.Since(start))
		}
	})
}

func TestAutoRenewSeesThatTheLeaseWasTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := newLeaseTable(t)
		l := locker(t, s, LockerOptions{AutoRenew: true})
		lease := acquire(t, l, "a", 3*time.Second)
		if err := l.ForceRelease(t.Context(), "a", lease.Token()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if <-lease.Lost(); time.Since(start) != time.Second {
			t.Errorf("lost after %v, not with the first renewal", time.Since(start))
		}
	})
}

func TestALeaseForEverHasADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		l := locker(t, s, LockerOptions{})
		lease := acquire(t, l, "a", math.MaxInt64)
		if err := lease.Renew(t.Context()); err != nil || isLost(lease) || table.holds() != 1 {
			t.Errorf("renew: %v, lost %v, held %d", err, isLost(lease), table.holds())
		}
		if info, err := l.Info(t.Context(), "a"); err != nil || info.Remaining < 30*365*24*time.Hour {
			t.Errorf("%+v, %v", info, err)
		}
	})
}
