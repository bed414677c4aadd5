package core_test

import (
	"context"
	"encoding/json"
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

// deed is a document that tells under which token it was written.
type deed struct {
	Token uint64 `json:"token"`
}

// lockers are where leases are kept: in the store, or elsewhere.
var lockers = map[string]func() ports.Locker{
	"in the store": func() ports.Locker { return nil },
	"elsewhere":    func() ports.Locker { return memory.NewLocker(memory.LockerOptions{}) },
}

// onLockers runs a test with two processes on one store, for each kind of
// locker, in virtual time.
func onLockers(t *testing.T, fn func(t *testing.T, first, second *core.DB, store *memory.Store)) {
	t.Parallel()
	for name, locker := range lockers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := memory.NewStore(memory.StoreOptions{HashVersions: true})
				var options core.Options
				options.Locker = locker()
				first, second := openWith(t, store.Client(), options), openWith(t, store.Client(), options)
				fn(t, first, second, store)
				_, _ = first.Close(), second.Close()
				if closer, ok := options.Locker.(*memory.Locker); ok {
					_ = closer.Close()
				}
			})
		})
	}
}

// act writes a deed under a lease, and one more document.
func act(ctx context.Context, db *core.DB, lease ports.Lease, more ...func()) error {
	return db.Tx(ctx, func(tx *core.Tx) error {
		if err := tx.Fence(ctx, lease); err != nil {
			return err
		}
		for _, key := range []string{"deeds/a", "deeds/b"} {
			if _, err := tx.Put(ctx, key, deed{lease.Token()}); err != nil {
				return err
			}
		}
		for _, fn := range more {
			fn()
		}
		return nil
	})
}

func wantDeeds(t *testing.T, db *core.DB, token uint64) {
	t.Helper()
	for _, key := range []string{"deeds/a", "deeds/b"} {
		var got deed
		if _, err := db.Get(t.Context(), key, &got); (token > 0 || !errors.Is(err, core.ErrNotFound)) && (err != nil || got.Token != token) {
			t.Errorf("%s is of token %d, %v, want %d", key, got.Token, err, token)
		}
	}
}

func acquire(t *testing.T, db *core.DB, ttl time.Duration) ports.Lease {
	t.Helper()
	lease, err := db.Locker().Acquire(t.Context(), "job 1", ttl)
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

func wantLost(t *testing.T, when string, err error) {
	t.Helper()
	if !errors.Is(err, core.ErrConflict) || !errors.Is(err, ports.ErrLost) {
		t.Errorf("%s it answers %v", when, err)
	}
}

// What is done under a lease that is held goes through, however often it is
// renewed meanwhile, and again and again under the same lease.
func TestAFencedTransactionCommitsWhileTheLeaseIsHeld(t *testing.T) {
	onLockers(t, func(t *testing.T, first, second *core.DB, _ *memory.Store) {
		lease := acquire(t, first, time.Minute)
		runs := 0
		for range 3 {
			err := act(t.Context(), first, lease, func() {
				runs++
				pause(t, 40*time.Second)
				if err := lease.Renew(t.Context()); err != nil {
					t.Error(err)
				}
			})
			if err != nil {
				t.Error(err)
			}
		}
		wantDeeds(t, second, lease.Token())
		if runs != 3 {
			t.Errorf("3 transactions ran %d times", runs)
		}
	})
}

// A lease that is over fences nothing: not when the transaction begins, and not
// when it was lost on the way.
func TestAFencedTransactionOfALostLeaseHasNoEffect(t *testing.T) {
	onLockers(t, func(t *testing.T, first, second *core.DB, _ *memory.Store) {
		ctx := t.Context()
		for how, lose := range map[string]func(lease ports.Lease) error{
			"released": func(lease ports.Lease) error { return lease.Release(ctx) },
			"forced": func(lease ports.Lease) error {
				err := second.ReleaseLock(ctx, lease.Name(), lease.Token())
				return errors.Join(err, errIfNil(lease.Renew(ctx)))
			},
			"run out": func(ports.Lease) error { pause(t, 2*time.Minute); return nil },
		} {
			lease, runs := acquire(t, first, time.Minute), 0
			err := act(ctx, first, lease, func() {
				if runs++; runs > 1 {
					t.Errorf("%s: it runs again", how)
					return
				}
				if err := lose(lease); err != nil {
					t.Errorf("%s: %v", how, err)
				}
			})
			wantLost(t, how+" on the way", err)
			wantLost(t, how+" before", act(ctx, first, lease))
			wantDeeds(t, second, 0)
			_ = lease.Release(ctx)
		}
	})
}

func errIfNil(err error) error {
	if err != nil {
		return nil
	}
	return errors.New("no error")
}

// The holder sleeps through the end of its lease, its own timers included,
// while another takes the lock over and commits.
func TestAHolderThatWasReplacedCannotCommit(t *testing.T) {
	onLockers(t, func(t *testing.T, first, second *core.DB, _ *memory.Store) {
		lease := asleep{acquire(t, first, time.Minute)}
		var next ports.Lease
		err := act(t.Context(), first, lease, func() {
			if next != nil {
				t.Error("it runs again")
				return
			}
			pause(t, 2*time.Minute)
			next = acquire(t, second, time.Hour)
			if err := act(t.Context(), second, next); err != nil {
				t.Error(err)
			}
		})
		wantLost(t, "after the take-over", err)
		wantDeeds(t, second, next.Token())
	})
}

// It does not matter that the two write different documents, nor that the first
// one has committed under its lease before.
func TestWhatIsDoneUnderALaterLeaseStopsTheEarlierOne(t *testing.T) {
	onLockers(t, func(t *testing.T, first, second *core.DB, _ *memory.Store) {
		ctx := t.Context()
		lease := asleep{acquire(t, first, time.Minute)}
		if err := act(ctx, first, lease); err != nil {
			t.Fatal(err)
		}
		replaced := false
		err := act(ctx, first, lease, func() {
			if replaced {
				return
			}
			replaced = true
			pause(t, 2*time.Minute)
			next := acquire(t, second, time.Hour)
			err := second.Tx(ctx, func(tx *core.Tx) error {
				_, err := tx.Put(ctx, "deeds/other", deed{next.Token()})
				return errors.Join(err, tx.Fence(ctx, next))
			})
			if err != nil {
				t.Error(err)
			}
		})
		wantLost(t, "after the take-over", err)
		wantDeeds(t, second, lease.Token())
	})
}

// asleep is the lease of a holder that notices nothing.
type asleep struct{ ports.Lease }

func (asleep) Lost() <-chan struct{} { return nil }

func (s asleep) Unwrap() any { return s.Lease }

// In the store it is enough that another one took the lock over: it need not
// have committed anything. And what counts is the moment of the commit, when
// everything is locked.
func TestAFenceInTheStoreLooksAgainAtTheLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		store := memory.NewStore(memory.StoreOptions{})
		plan := faults.New(faults.Options{})
		first, second := openWith(t, faults.Store(store.Client(), plan), core.Options{}), openWith(t, store.Client(), core.Options{})
		lease := acquire(t, first, time.Hour)
		plan.Reset()
		looks := 0
		plan.On(faults.Match{Method: faults.Get, KeyPrefix: "_sb/lock/", Times: faults.Always}).Before(func(context.Context, faults.Call) error {
			if looks++; looks == 1 {
				return nil
			}
			if err := second.ReleaseLock(ctx, lease.Name(), lease.Token()); err != nil {
				t.Error(err)
			}
			acquire(t, second, time.Hour)
			return nil
		})
		wantLost(t, "after the locks were taken", act(ctx, first, asleep{lease}))
		if looks != 2 {
			t.Errorf("it looks %d times", looks)
		}
		wantDeeds(t, second, 0)
		_, _ = first.Close(), second.Close()
	})
}

// Elsewhere the greatest token counts that has committed.
func TestTheGreatestTokenIsKept(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	locker := memory.NewLocker(memory.LockerOptions{})
	t.Cleanup(func() { _ = locker.Close() })
	db := openWith(t, store, core.Options{Components: core.Components{Locker: locker}})
	stored := func() (token uint64) {
		t.Helper()
		object, err := store.Get(ctx, "_sb/fence/job~201.json", ports.GetOptions{})
		if errors.Is(err, ports.ErrNotFound) {
			return 0
		}
		var body deed
		if err != nil || json.Unmarshal(object.Data, &body) != nil {
			t.Fatalf("%s, %v", object.Data, err)
		}
		return body.Token
	}
	reader := func(lease ports.Lease) error {
		return db.Tx(ctx, func(tx *core.Tx) error {
			var got deed
			_, err := tx.Get(ctx, "deeds/a", &got)
			return errors.Join(err, tx.Fence(ctx, lease))
		}, core.ReadOnly())
	}
	var leases []ports.Lease
	for range 3 {
		lease := acquire(t, db, time.Hour)
		leases = append(leases, asleep{lease})
		if err := db.ReleaseLock(ctx, lease.Name(), lease.Token()); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []int{0, 1, 1} {
		if err := act(ctx, db, leases[i]); err != nil {
			t.Errorf("with token %d: %v", leases[i].Token(), err)
		}
		if err := db.Close(); err != nil { // the locks are off
			t.Fatal(err)
		}
		db = openWith(t, store, core.Options{Components: core.Components{Locker: locker}})
		if got := stored(); got != leases[i].Token() {
			t.Errorf("the token in the store is %d, want %d", got, leases[i].Token())
		}
	}
	wantLost(t, "with the token before", act(ctx, db, leases[0]))
	wantLost(t, "with the token before, only reading,", reader(leases[0]))
	for _, i := range []int{1, 2} {
		if err := reader(leases[i]); err != nil {
			t.Errorf("reading with token %d: %v", leases[i].Token(), err)
		}
	}
	wantDeeds(t, db, leases[1].Token())
	if got := stored(); got != leases[1].Token() {
		t.Errorf("a reader raises the token to %d", got)
	}
}

func TestFenceRefusesWhatItCannotKeep(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	locker := memory.NewLocker(memory.LockerOptions{})
	t.Cleanup(func() { _ = locker.Close() })
	db := openWith(t, memory.NewStore(memory.StoreOptions{}), core.Options{Components: core.Components{Locker: locker}})
	lease, err := locker.Acquire(ctx, strings.Repeat("long", 100), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"a long name": tx.Fence(ctx, lease), "no lease": tx.Fence(ctx, nil)} {
		if !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tx.Rollback()
	if err := tx.Fence(ctx, lease); !errors.Is(err, core.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// A transaction may fence two leases, and one of them twice.
func TestFencesAddUp(t *testing.T) {
	onLockers(t, func(t *testing.T, first, second *core.DB, _ *memory.Store) {
		ctx := t.Context()
		for _, lost := range []int{-1, 0, 1} {
			var leases []ports.Lease
			for i := range 2 {
				lease, err := first.Locker().Acquire(ctx, fmt.Sprint("lock ", i), time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				leases = append(leases, lease)
			}
			err := first.Tx(ctx, func(tx *core.Tx) error {
				_, err := tx.Put(ctx, fmt.Sprint("deeds/", lost), deed{1})
				for range 2 {
					for _, lease := range leases {
						err = errors.Join(err, tx.Fence(ctx, lease))
					}
				}
				if lost >= 0 {
					_ = leases[lost].Release(ctx)
				}
				return err
			})
			if lost < 0 && err != nil {
				t.Error(err)
			} else if lost >= 0 {
				wantLost(t, "with one lost", err)
			}
			for _, lease := range leases {
				_ = lease.Release(ctx)
			}
		}
		if found, err := second.Exists(ctx, "deeds/0"); found || err != nil {
			t.Errorf("what was not fenced is there: %v, %v", found, err)
		}
	})
}
