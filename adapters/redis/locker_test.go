package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// What is checked here is the side of Go; the scripts themselves run against
// real servers elsewhere.
func TestLockerKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, epoch := range map[string]func(context.Context) (uint64, error){"tokens by time": nil, "tokens by epoch": counting()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := LockerOptions{Epoch: epoch}
			again := func(t testing.TB, l ports.Locker) ports.Locker { return l.(*Locker).client.Locker(opts) }
			conformance.TestLocker(t, conformance.LockerHarness{
				New: func(t testing.TB) ports.Locker {
					s, _ := newLeaseTable(t)
					return s.client(t, nil).Locker(opts)
				},
				Second: again,
				Reopen: func(t testing.TB, l ports.Locker) ports.Locker {
					if err := l.(*Locker).Close(); err != nil {
						t.Error(err)
					}
					return again(t, l)
				},
			})
		})
	}
}

func TestAnAcquireWithoutAnswerHoldsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		l := locker(t, s, LockerOptions{})
		s.on(acquireScript, func(keys, args []string) ([]string, error) {
			_, _ = table.acquire(keys, args)
			return nil, errDrop
		})
		if _, err := l.Acquire(t.Context(), "a", time.Hour); !errors.Is(err, ports.ErrUnknown) {
			t.Errorf("err = %v", err)
		}
		synctest.Wait()
		if n := table.holds(); n != 0 || s.called(releaseScript) != 1 {
			t.Errorf("%d leases are held", n)
		}
		s.on(acquireScript, slowly(time.Second, table.acquire))
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := l.Acquire(ctx, "a", time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		synctest.Wait()
		if n := table.holds(); n != 0 {
			t.Errorf("%d leases are held after a context ended", n)
		}
	})
}

func TestCleanUpsOfAServerThatHangsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		l := locker(t, s, LockerOptions{})
		s.on(acquireScript, func(_, _ []string) ([]string, error) { return nil, errDrop })
		s.on(releaseScript, slowly(5*time.Second, table.release))
		for i := range 3 * maxAbandons {
			if _, err := l.Acquire(t.Context(), fmt.Sprint(i), time.Hour); !errors.Is(err, ports.ErrUnknown) {
				t.Errorf("err = %v", err)
			}
		}
		synctest.Wait()
		if n := len(l.slot); n != maxAbandons {
			t.Errorf("%d clean-ups run", n)
		}
		start := time.Now()
		if err := l.Close(); err != nil || time.Since(start) > 2*cleanUpTime {
			t.Errorf("close: %v after %v", err, time.Since(start))
		}
	})
}

func TestCloseGivesTheLeasesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		l := locker(t, s, LockerOptions{AutoRenew: true})
		other := locker(t, s, LockerOptions{})
		a, b := acquire(t, l, "a", time.Hour), acquire(t, l, "b", time.Hour)
		kept := acquire(t, other, "c", time.Hour)
		for range 2 {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if !isLost(a) || !isLost(b) || isLost(kept) || table.holds() != 1 {
			t.Errorf("lost %v, %v, that of another %v, held %d", isLost(a), isLost(b), isLost(kept), table.holds())
		}
		if err := a.Renew(t.Context()); !errors.Is(err, ports.ErrLost) {
			t.Errorf("renew: %v", err)
		}
		_, acquired := l.Acquire(t.Context(), "d", time.Hour)
		_, listed := l.List(t.Context())
		_, told := l.Info(t.Context(), "c")
		_, cleaned := l.CleanUp(t.Context())
		for _, err := range []error{acquired, listed, told, cleaned, l.ForceRelease(t.Context(), "c", kept.Token())} {
			if !errors.Is(err, ports.ErrClosed) {
				t.Errorf("a closed locker answers %v", err)
			}
		}
	})
}

func TestALockerIsClosedWhileAnAcquireIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, table := newLeaseTable(t)
		l := locker(t, s, LockerOptions{})
		s.on(acquireScript, slowly(time.Second, table.acquire))
		answer := make(chan error)
		go func() {
			_, err := l.Acquire(t.Context(), "a", time.Hour)
			answer <- err
		}()
		synctest.Wait()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-answer; !errors.Is(err, ports.ErrClosed) || table.holds() != 0 {
			t.Errorf("acquire: %v, held %d", err, table.holds())
		}
	})
}

func TestArgumentsOfALockerAreChecked(t *testing.T) {
	t.Parallel()
	s, _ := newLeaseTable(t)
	c := s.client(t, nil)
	l, talkative := c.Locker(LockerOptions{}), c.Locker(LockerOptions{Holder: strings.Repeat("x", 257)})
	_, empty := l.Acquire(t.Context(), "", time.Second)
	_, long := l.Acquire(t.Context(), strings.Repeat("n", 4097), time.Second)
	_, short := l.Acquire(t.Context(), "a", minTTL-1)
	_, holder := talkative.Acquire(t.Context(), "a", time.Second)
	_, info := l.Info(t.Context(), "")
	for _, err := range []error{empty, long, short, holder, info, l.ForceRelease(t.Context(), "", 1)} {
		if !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("err = %v", err)
		}
	}
	if s.called(acquireScript)+s.called(infoScript)+s.called(releaseScript) > 0 {
		t.Error("a request was sent")
	}
}

func TestTheOperatorSeesEveryLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const many = 2*listPage + 10
		s, _ := newLeaseTable(t)
		l := locker(t, s, LockerOptions{Holder: "node 7, a b"})
		tokens := make(map[string]uint64)
		for i := range many {
			lease := acquire(t, l, fmt.Sprintf("lock\x00 %d", i), time.Hour) // many of them end at the same moment
			tokens[lease.Name()] = lease.Token()
			if i%100 == 0 {
				pass(t, time.Microsecond)
			}
		}
		infos, err := l.List(t.Context())
		if err != nil || len(infos) != many {
			t.Fatalf("%d leases, %v", len(infos), err)
		}
		for _, info := range infos {
			if info.Token != tokens[info.Name] || info.Holder != "node 7, a b" || info.Remaining > time.Hour || info.Remaining < time.Hour-time.Second {
				t.Errorf("%+v", info)
			}
			delete(tokens, info.Name)
		}
		if info, err := l.Info(t.Context(), infos[3].Name); err != nil || info != infos[3] {
			t.Errorf("%+v, %v, want %+v", info, err, infos[3])
		}
		pass(t, time.Hour)
		if _, err := l.Info(t.Context(), infos[3].Name); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("info after expiry: %v", err)
		}
		if n, err := l.CleanUp(t.Context()); n != many || err != nil {
			t.Errorf("%d were cleaned up, %v", n, err)
		}
	})
}

func TestALeaseThatMakesNoSenseIsCorrupt(t *testing.T) {
	t.Parallel()
	s, table := newLeaseTable(t)
	l := s.client(t, nil).Locker(LockerOptions{})
	for _, text := range []string{"token", "00000000000000zz owner holder", "1234"} {
		table.leases["a"] = &fakeLease{text, micros() + 1e9}
		if infos, err := l.List(t.Context()); !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("%q: %+v, %v", text, infos, err)
		}
	}
	table.leases["a"] = &fakeLease{"", micros() + 1e9} // as a server leaves it that evicted the other key
	if infos, err := l.List(t.Context()); err != nil || len(infos) != 0 {
		t.Errorf("%+v, %v", infos, err)
	}
}
