package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// plainLocker hides what a locker can do besides ports.Locker.
type plainLocker struct{ ports.Locker }

// Wherever leases are kept, an operator sees them and ends them the same way.
func TestOperatorsSeeAndEndLeases(t *testing.T) {
	t.Parallel()
	for name, locker := range map[string]func() ports.Locker{
		"in the store": func() ports.Locker { return nil },
		"elsewhere":    func() ports.Locker { return memory.NewLocker(memory.LockerOptions{Holder: "node 7"}) },
		"elsewhere, without more than a Locker": func() ports.Locker {
			return plainLocker{memory.NewLocker(memory.LockerOptions{Holder: "node 7"})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				options := core.Options{Settings: core.Settings{Holder: "node 7"}}
				options.Locker = locker()
				db := openWith(t, memory.NewStore(memory.StoreOptions{}), options)
				held, err := db.Locker().Acquire(ctx, "import", time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				pause(t, 10*time.Second)
				infos, err := db.Locks(ctx)
				if err != nil || len(infos) != 1 {
					t.Fatalf("held are %+v, %v", infos, err)
				}
				info, err := db.LockInfo(ctx, "import")
				if err != nil || info != infos[0] || info.Token != held.Token() || info.Holder != "node 7" {
					t.Errorf("the lease is %+v, %v, in the list %+v", info, err, infos)
				}
				if left := info.Remaining; left < 49*time.Second || left > 51*time.Second {
					t.Errorf("after 10 seconds of a minute %v are left", left)
				}
				if _, err := db.LockInfo(ctx, "export"); !errors.Is(err, core.ErrNotFound) {
					t.Errorf("what nobody holds: %v", err)
				}
				if err := db.ReleaseLock(ctx, "import", held.Token()+1); !errors.Is(err, core.ErrConflict) || !errors.Is(err, ports.ErrLost) {
					t.Errorf("with another token: %v", err)
				}
				if err := db.ReleaseLock(ctx, "import", held.Token()); err != nil {
					t.Error(err)
				}
				if err := held.Renew(ctx); !errors.Is(err, ports.ErrLost) {
					t.Errorf("renew: %v", err)
				}
				if infos, err := db.Locks(ctx); err != nil || len(infos) != 0 {
					t.Errorf("held are %+v, %v", infos, err)
				}
				_ = db.Close()
			})
		})
	}
}

// A clean-up frees what ran out, keeps what is held, and leaves every object,
// so that tokens go on to grow.
func TestCleanUpFreesOnlyWhatRanOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		store := memory.NewStore(memory.StoreOptions{HashVersions: true})
		db, operator := openWith(t, store.Client(), core.Options{}), openWith(t, store.Client(), core.Options{})
		const old = 5
		for i := range old {
			if _, err := db.Locker().Acquire(ctx, fmt.Sprint("old ", i), time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		long, err := db.Locker().Acquire(ctx, "long", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		renewed, err := db.Locker().Acquire(ctx, "renewed", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{0, old, 0} {
			if n, err := operator.CleanUpLocks(ctx); n != want || err != nil {
				t.Errorf("the clean-up frees %d, %v, want %d", n, err, want)
			}
			for range 2 { // more than a ttl and a tenth in all
				pause(t, 34*time.Second)
				if err := renewed.Renew(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := long.Renew(ctx); err != nil {
			t.Errorf("a valid lease was ended: %v", err)
		}
		objects := 0
		for info, err := range store.List(ctx, ports.ListOptions{Prefix: "_sb/lock/"}) {
			if objects++; err != nil || !strings.HasSuffix(info.Key, ".json") {
				t.Errorf("%+v, %v", info, err)
			}
		}
		if objects != old+2 {
			t.Errorf("%d objects of locks are left, want %d", objects, old+2)
		}
		if next, err := operator.Locker().Acquire(ctx, "old 0", time.Minute); err != nil || next.Token() != 2 {
			t.Errorf("after the clean-up: %+v, %v", next, err)
		}
		_, _ = db.Close(), operator.Close()
	})
}

// A lease that is renewed, or taken over, between the look and the clean-up is
// not hit.
func TestCleanUpNeverHitsALivingLease(t *testing.T) {
	t.Parallel()
	for name, revive := range map[string]func(t *testing.T, other ports.Locker, lease ports.Lease) ports.Lease{
		"renewed": func(t *testing.T, _ ports.Locker, lease ports.Lease) ports.Lease {
			if err := lease.Renew(t.Context()); err != nil {
				t.Error(err)
			}
			return lease
		},
		"taken over": func(t *testing.T, other ports.Locker, lease ports.Lease) ports.Lease {
			if err := lease.Release(t.Context()); err != nil {
				t.Error(err)
			}
			next, err := other.Acquire(t.Context(), "a", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			return next
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				// The store's clock is set forward by an hour when the operator asks for
				// the time, so that the lease looks as if it had run out.
				clock := &jumping{Clock: ports.SystemClock()}
				store := memory.NewStore(memory.StoreOptions{Clock: wallJump{clock}})
				plan := faults.New(faults.Options{})
				db, other := openWith(t, store.Client(), core.Options{}), openWith(t, store.Client(), core.Options{})
				operator := openWith(t, faults.Store(store.Client(), plan), core.Options{})
				lease, err := db.Locker().Acquire(ctx, "a", time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				clock.by.Add(int64(time.Hour))
				plan.On(faults.Match{Method: faults.Put, KeyPrefix: "_sb/lock/"}).Before(func(context.Context, faults.Call) error {
					lease = revive(t, other.Locker(), lease)
					return nil
				})
				if n, err := operator.CleanUpLocks(ctx); n != 0 || err != nil {
					t.Errorf("the clean-up frees %d, %v", n, err)
				}
				if err := lease.Renew(ctx); err != nil {
					t.Errorf("the living lease was ended: %v", err)
				}
				_, _, _ = db.Close(), other.Close(), operator.Close()
			})
		})
	}
}

// wallJump is a clock whose time of day jumps.
type wallJump struct{ *jumping }

func (c wallJump) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.by.Load())) }
