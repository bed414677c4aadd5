package core_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// openWith opens a database on a store, and closes it with the test.
func openWith(t testing.TB, store ports.ObjectStore, options core.Options) *core.DB {
	t.Helper()
	db, err := core.Open(context.Background(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// lockerOf is the locker of a database, which the kit can open again.
type lockerOf struct {
	ports.Locker
	db    *core.DB
	store *memory.Store
}

func newLockerOf(t testing.TB, store *memory.Store) ports.Locker {
	db := openWith(t, store, core.Options{})
	return &lockerOf{db.Locker(), db, store}
}

func TestLocksInTheStoreKeepTheContract(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]memory.StoreOptions{
		"unique versions": {},
		"hash versions":   {HashVersions: true, NoConditionalDelete: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestLocker(t, conformance.LockerHarness{
				New: func(t testing.TB) ports.Locker { return newLockerOf(t, memory.NewStore(options)) },
				Second: func(t testing.TB, first ports.Locker) ports.Locker {
					return newLockerOf(t, first.(*lockerOf).store.Client())
				},
				Reopen: func(t testing.TB, open ports.Locker) ports.Locker {
					if err := open.(*lockerOf).db.Close(); err != nil {
						t.Error(err)
					}
					return newLockerOf(t, open.(*lockerOf).store.Client())
				},
			})
		})
	}
}

func TestLockRequests(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	plan := faults.New(faults.Options{})
	inner := memory.NewStore(memory.StoreOptions{})
	db := openWith(t, faults.Store(inner, plan), core.Options{})
	other := openWith(t, inner.Client(), core.Options{})
	want := func(what string, gets, puts, rest int) {
		t.Helper()
		others := plan.Calls() - plan.Calls(faults.Get) - plan.Calls(faults.Put)
		if plan.Calls(faults.Get) != gets || plan.Calls(faults.Put) != puts || others != rest {
			t.Errorf("%s asked %v", what, plan.Trace())
		}
		plan.Reset()
	}
	plan.Reset()
	lease, err := db.Locker().Acquire(ctx, "a/b", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want("acquire", 1, 1, 0)
	if err := lease.Renew(ctx); err != nil {
		t.Fatal(err)
	}
	want("renew", 0, 1, 0)
	if err := lease.Release(ctx); err != nil {
		t.Fatal(err)
	}
	want("release", 0, 1, 0)
	if _, err := other.Locker().Acquire(ctx, "a/b", time.Minute); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what             string
		gets, puts, rest int
	}{{"the first meeting with a held lease", 1, 1, 2}, {"the second", 1, 0, 0}} {
		if _, err := db.Locker().Acquire(ctx, "a/b", time.Minute); !errors.Is(err, ports.ErrBusy) {
			t.Errorf("%s answers %v", c.what, err)
		}
		want(c.what, c.gets, c.puts, c.rest)
	}
	for info, err := range inner.List(ctx, ports.ListOptions{Prefix: "_sb/clock/"}) {
		t.Errorf("a scratch object is left: %s, %v", info.Key, err)
	}
}

// A store that rounds its times to seconds, and one that has none, must not
// make a lease end early.
func TestCoarseTimesDoNotEndALeaseEarly(t *testing.T) {
	t.Parallel()
	for name, round := range map[string]func(time.Time) time.Time{
		"seconds": func(at time.Time) time.Time { return at.Truncate(time.Second) },
		"none":    func(time.Time) time.Time { return time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				const ttl = 3 * time.Second
				store := memory.NewStore(memory.StoreOptions{Clock: rounded{ports.SystemClock(), round}})
				for shift := range 20 {
					first, second := openWith(t, store.Client(), core.Options{}), openWith(t, store.Client(), core.Options{})
					lease, err := first.Locker().Acquire(ctx, "a", ttl)
					if err != nil {
						t.Fatal(err)
					}
					pause(t, ttl-time.Duration(shift)*50*time.Millisecond-time.Millisecond)
					if _, err := second.Locker().Acquire(ctx, "a", ttl); !errors.Is(err, ports.ErrBusy) {
						t.Errorf("the lease was taken %v before its end: %v", shift, err)
					}
					pause(t, ttl+ttl/10)
					taken, err := second.Locker().Acquire(ctx, "a", ttl)
					if err != nil || taken.Token() <= lease.Token() {
						t.Fatalf("a lease that was watched for its ttl is held for ever: %v", err)
					}
					if err := taken.Release(ctx); err != nil {
						t.Fatal(err)
					}
					_, _ = first.Close(), second.Close()
				}
			})
		})
	}
}

// A store that is slow to tell the time must not make a lease look older than it
// is when it is met again.
func TestASlowStoreDoesNotEndALeaseEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		const ttl = time.Minute
		plan := faults.New(faults.Options{})
		store := memory.NewStore(memory.StoreOptions{})
		first, second := openWith(t, store.Client(), core.Options{}), openWith(t, faults.Store(store.Client(), plan), core.Options{})
		lease, err := first.Locker().Acquire(ctx, "a", ttl)
		if err != nil {
			t.Fatal(err)
		}
		plan.On(faults.Match{Method: faults.Put, KeyPrefix: "_sb/clock/"}).Delay(ttl / 2)
		for range 3 {
			if _, err := second.Locker().Acquire(ctx, "a", ttl); !errors.Is(err, ports.ErrBusy) {
				t.Errorf("the lease was taken while it was held: %v", err)
			}
			pause(t, 9*time.Second)
		}
		pause(t, ttl+ttl/10)
		if taken, err := second.Locker().Acquire(ctx, "a", ttl); err != nil || taken.Token() <= lease.Token() {
			t.Errorf("the lease is held for ever: %v", err)
		}
		_, _ = first.Close(), second.Close()
	})
}

// rounded is a clock that tells the time coarsely.
type rounded struct {
	ports.Clock
	round func(time.Time) time.Time
}

func (c rounded) Now() time.Time { return c.round(c.Clock.Now()) }

func pause(t *testing.T, d time.Duration) {
	t.Helper()
	if err := ports.SystemClock().Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// A clock of the store that is set back, or clocks of clients that differ by
// hours, keep nobody from taking over what is dead, nor let them take more.
func TestClocksOfClientsDoNotMatter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		store := memory.NewStore(memory.StoreOptions{})
		shifted := func(by time.Duration) core.Options {
			clock := rounded{ports.SystemClock(), func(at time.Time) time.Time { return at.Add(by) }}
			return core.Options{Components: core.Components{Clock: clock}}
		}
		past, future := openWith(t, store.Client(), shifted(-24*time.Hour)), openWith(t, store.Client(), shifted(24*time.Hour))
		for _, pair := range [][2]*core.DB{{past, future}, {future, past}} {
			lease, err := pair[0].Locker().Acquire(ctx, "a", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			pause(t, 59*time.Second)
			if _, err := pair[1].Locker().Acquire(ctx, "a", time.Minute); !errors.Is(err, ports.ErrBusy) {
				t.Errorf("a valid lease was taken: %v", err)
			}
			pause(t, 8*time.Second)
			newer, err := pair[1].Locker().Acquire(ctx, "a", time.Minute)
			if err != nil || newer.Token() <= lease.Token() {
				t.Fatalf("a dead lease was not taken: %v", err)
			}
			if err := newer.Release(ctx); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = past.Close(), future.Close()
	})
}

// Whatever request fails, a lease is never held twice, and never stays held
// for longer than its ttl.
func TestLocksWithLostAnswers(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*faults.Rule){
		"lost answer":  func(r *faults.Rule) { r.LoseAnswer() },
		"lost request": func(r *faults.Rule) { r.LoseRequest() },
		"busy":         func(r *faults.Rule) { r.Busy() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				for n := 1; ; n++ {
					plan := faults.New(faults.Options{})
					inner := memory.NewStore(memory.StoreOptions{HashVersions: true})
					db := openWith(t, faults.Store(inner, plan), core.Options{Settings: core.Settings{SkipProbe: true}})
					rule := plan.On(faults.Match{Nth: n})
					fault(rule)
					lease, err := db.Locker().Acquire(ctx, "a", time.Minute)
					if err == nil {
						if err = lease.Renew(ctx); err == nil {
							err = lease.Release(ctx)
						}
					}
					if err != nil {
						t.Errorf("with fault %d: %v", n, err)
					}
					if next, err := db.Locker().Acquire(ctx, "a", time.Minute); err != nil || next.Token() != 2 {
						t.Errorf("after fault %d the lease is not free: %v", n, err)
					}
					_ = db.Close()
					if rule.Hits() == 0 {
						return
					}
				}
			})
		})
	}
}

func TestAnAcquisitionOfUnknownOutcomeIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		plan := faults.New(faults.Options{})
		db := openWith(t, faults.Store(memory.NewStore(memory.StoreOptions{}), plan), core.Options{})
		plan.Reset()
		ended, cancel := context.WithCancel(ctx)
		plan.On(faults.Match{Method: faults.Put}).After(func(context.Context, faults.Call, error) error {
			cancel()
			return ports.Fail("put", "", ports.ErrUnknown, nil)
		})
		if _, err := db.Locker().Acquire(ended, "a", time.Hour); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		synctest.Wait()
		if infos, err := db.Locker().List(ctx); err != nil || len(infos) != 0 {
			t.Errorf("held are %+v, %v", infos, err)
		}
		_ = db.Close()
	})
}

func TestLockWaitsAndRenews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		store := memory.NewStore(memory.StoreOptions{})
		first, second := openWith(t, store.Client(), core.Options{}), openWith(t, store.Client(), core.Options{})
		options := core.LockOptions{TTL: 10 * time.Second}
		held, err := first.Lock(ctx, "job", options)
		if err != nil {
			t.Fatal(err)
		}
		options.Wait = -1
		if _, err := second.Lock(ctx, "job", options); !errors.Is(err, ports.ErrBusy) || !errors.Is(err, core.ErrUnavailable) {
			t.Errorf("without waiting it answers %v", err)
		}
		began := time.Now()
		options.Wait = time.Minute
		if _, err := second.Lock(ctx, "job", options); !errors.Is(err, ports.ErrBusy) || time.Since(began) != time.Minute {
			t.Errorf("it answers %v after %v", err, time.Since(began))
		}
		go func() {
			pause(t, 5*time.Second)
			_ = held.Release(ctx)
		}()
		options.Wait = 0
		next, err := second.Lock(ctx, "job", options)
		if err != nil || next.Lease().Token() <= held.Lease().Token() {
			t.Fatalf("after the release it answers %v", err)
		}
		if err := context.Cause(held.Context()); err == nil || errors.Is(err, ports.ErrLost) {
			t.Errorf("the context of a released lock ended with %v", err)
		}
		for range 2 {
			if err := next.Release(ctx); err != nil {
				t.Error(err)
			}
		}
		_, _ = first.Close(), second.Close()
	})
}

func TestWithLockTellsThatTheLeaseWasLost(t *testing.T) {
	t.Parallel()
	own := errors.New("own")
	for name, lose := range map[string]func(t *testing.T, plan *faults.Plan, locker ports.Locker, lease ports.Lease){
		"forced": func(t *testing.T, _ *faults.Plan, locker ports.Locker, lease ports.Lease) {
			if err := locker.ForceRelease(t.Context(), lease.Name(), lease.Token()); err != nil {
				t.Error(err)
			}
		},
		"cut off": func(_ *testing.T, plan *faults.Plan, _ ports.Locker, _ ports.Lease) {
			plan.On(faults.Match{Method: faults.Put, Times: faults.Always}).Fail(ports.ErrUnavailable)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				plan := faults.New(faults.Options{})
				inner := memory.NewStore(memory.StoreOptions{})
				db, other := openWith(t, faults.Store(inner, plan), core.Options{}), openWith(t, inner.Client(), core.Options{})
				began := time.Now()
				err := db.WithLock(t.Context(), "job", core.LockOptions{}, func(ctx context.Context, lease ports.Lease) error {
					lose(t, plan, other.Locker(), lease)
					<-ctx.Done()
					if passed := time.Since(began); passed > 15*time.Second {
						t.Errorf("after %v", passed)
					}
					return own
				})
				if !errors.Is(err, ports.ErrLost) || !errors.Is(err, own) || !errors.Is(err, core.ErrConflict) {
					t.Errorf("it answers %v", err)
				}
				_, _ = db.Close(), other.Close()
			})
		})
	}
}

// A process that was stopped while it held a lease finds out before WithLock
// answers, also if none of its timers had its turn yet.
func TestWithLockTellsThatTheProcessWasStopped(t *testing.T) {
	t.Parallel()
	clock := &jumping{Clock: ports.SystemClock()}
	db := openWith(t, memory.NewStore(memory.StoreOptions{}), core.Options{Components: core.Components{Clock: clock}})
	own := errors.New("own")
	for _, answer := range []error{nil, own} {
		err := db.WithLock(t.Context(), "job", core.LockOptions{TTL: time.Hour}, func(context.Context, ports.Lease) error {
			clock.by.Add(int64(2 * time.Hour))
			return answer
		})
		if !errors.Is(err, ports.ErrLost) || answer != nil && !errors.Is(err, answer) {
			t.Errorf("it answers %v", err)
		}
	}
}

// jumping is a clock that jumps without waking anybody.
type jumping struct {
	ports.Clock
	by atomic.Int64
}

func (c *jumping) Elapsed() time.Duration { return c.Clock.Elapsed() + time.Duration(c.by.Load()) }

func TestWithLockKeepsOthersOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.NewStore(memory.StoreOptions{})
		var inside, done atomic.Int64
		const workers = 8
		errs := make(chan error, workers)
		for range workers {
			db := openWith(t, store.Client(), core.Options{})
			go func() {
				defer func() { _ = db.Close() }()
				errs <- db.WithLock(t.Context(), "job", core.LockOptions{TTL: time.Second}, func(ctx context.Context, _ ports.Lease) error {
					if inside.Add(1) != 1 {
						return errors.New("two are inside")
					}
					pause(t, 5*time.Second) // longer than the ttl: it must be renewed
					inside.Add(-1)
					done.Add(1)
					return ctx.Err()
				})
			}()
		}
		for range workers {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if done.Load() != workers {
			t.Errorf("%d of %d came in", done.Load(), workers)
		}
	})
}

func TestLocksEndWithTheDatabase(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	db := openWith(t, store.Client(), core.Options{Settings: core.Settings{Holder: "node 7"}})
	lease, err := db.Locker().Acquire(ctx, "a", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := db.Locker().List(ctx)
	if err != nil || len(infos) != 1 || infos[0].Holder != "node 7" {
		t.Errorf("held are %+v, %v", infos, err)
	}
	_ = db.Close()
	<-lease.Lost()
	if err := lease.Renew(ctx); !errors.Is(err, ports.ErrLost) {
		t.Errorf("renew: %v", err)
	}
	if _, err := db.Locker().Acquire(ctx, "b", time.Hour); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("acquire: %v", err)
	}
	other := openWith(t, store.Client(), core.Options{})
	if _, err := other.Locker().Acquire(ctx, "a", time.Hour); !errors.Is(err, ports.ErrBusy) {
		t.Errorf("before the release: %v", err)
	}
	if err := lease.Release(ctx); err != nil {
		t.Errorf("release: %v", err)
	}
	if _, err := other.Locker().Acquire(ctx, "a", time.Hour); err != nil {
		t.Errorf("after the release: %v", err)
	}
}

func TestALeaseThatCameTooLateIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	plan := faults.New(faults.Options{})
	store := memory.NewStore(memory.StoreOptions{})
	db, other := openWith(t, faults.Store(store.Client(), plan), core.Options{}), openWith(t, store.Client(), core.Options{})
	plan.On(faults.Match{Method: faults.Put, KeyPrefix: "_sb/lock/"}).After(func(_ context.Context, _ faults.Call, err error) error {
		_ = db.Close()
		return err
	})
	if lease, err := db.Locker().Acquire(ctx, "a", time.Hour); !errors.Is(err, ports.ErrClosed) || lease != nil {
		t.Errorf("acquire during close: %v, %v", lease, err)
	}
	if _, err := other.Locker().Acquire(ctx, "a", time.Hour); err != nil {
		t.Errorf("nobody holds it, but: %v", err)
	}
}

func TestALockThatCanNotBeReadIsNotTaken(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	db := openWith(t, store, core.Options{})
	for _, body := range []string{`no JSON`, `{"state":"elsewhere"}`, `{"state":"held","ttl":"long","token":1}`} {
		if _, err := store.Put(ctx, "_sb/lock/a.json", []byte(body), ports.Any); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Locker().Acquire(ctx, "a", time.Hour); !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("%s: acquire answers %v", body, err)
		}
	}
	if _, err := db.Locker().Acquire(ctx, strings.Repeat("é", 50), time.Hour); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("a name that is too long: %v", err)
	}
}

func TestAtomicUpdatesTakeTurns(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	users := func(store ports.ObjectStore, options core.Options) *core.Collection[User] {
		c, err := core.NewCollection[User](ctx, openWith(t, store, options), "users")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := users(store.Client(), core.Options{})
	if _, err := first.Create(ctx, "ann", User{Name: "Ann"}); err != nil {
		t.Fatal(err)
	}
	// Without any attempt to spare, updates that took no turns would fail.
	strict := core.Options{Settings: core.Settings{ConflictAttempts: 1}}
	const workers, each = 8, 5
	errs := make(chan error, workers)
	for range workers {
		c := users(store.Client(), strict)
		go func() {
			for range each {
				if _, err := c.Atomic(ctx, "ann", func(u *User) error { u.Age++; return nil }); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range workers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if ann, err := first.Get(ctx, "ann"); err != nil || ann.Value.Age != workers*each {
		t.Errorf("%+v, %v", ann.Value, err)
	}
	// A locker that does not work stops nobody.
	closed := memory.NewLocker(memory.LockerOptions{})
	_ = closed.Close()
	without := users(store.Client(), core.Options{Components: core.Components{Locker: closed}})
	if _, err := without.Atomic(ctx, "ann", func(u *User) error { u.Age = 0; return nil }); err != nil {
		t.Error(err)
	}
}

// A locker that does not answer holds up an update for five seconds.
func TestAtomicDoesNotWaitForALockerThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		db := openWith(t, memory.NewStore(memory.StoreOptions{}), core.Options{Components: core.Components{Locker: hanging{}}})
		users, err := core.NewCollection[User](ctx, db, "users")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := users.Create(ctx, "ann", User{Name: "Ann"}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		ann, err := users.Atomic(ctx, "ann", func(u *User) error { u.Age++; return nil })
		if passed := time.Since(began); err != nil || ann.Value.Age != 1 || passed > 5*time.Second {
			t.Errorf("after %v: %+v, %v", passed, ann.Value, err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := users.Atomic(ended, "ann", func(u *User) error { u.Age++; return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("under a context that is done: %v", err)
		}
		_ = db.Close()
	})
}

// hanging is a locker that does not answer.
type hanging struct{ ports.Locker }

func (hanging) Acquire(ctx context.Context, name string, _ time.Duration) (ports.Lease, error) {
	<-ctx.Done()
	return nil, ports.ContextDone(ctx, "acquire", name)
}
