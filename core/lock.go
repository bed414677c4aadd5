package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/deadline"
	"github.com/smarterbase/smarterbase/ports"
)

// Locker hands out leases on names: Components.Locker, or else leases kept in
// the store, as objects under _sb/lock/ that must never be deleted. Each is
// renewed and given up by its holder; see Lock for a lease that renews itself.
//
// A lease is a promise of politeness: a holder that sleeps longer than its ttl
// believes in it for a moment after another took it over. No document can be
// damaged by that, since every write is a compare-and-swap. Tx.Fence makes sure
// that a transaction takes place under the lease; what is outside of the
// database must check the token of the lease, which only grows.
//
// In the store, Acquire and Renew and Release cost two, one and one requests,
// and three more where a lease is found held by another for the first time.
// Leases that are held end with Close: their Lost channels are closed, and
// the names become free when their ttl has passed, or at once if Release is
// called even then.
func (db *DB) Locker() ports.Locker { return db.locker }

// LockOptions refine Lock. The zero value works.
type LockOptions struct {
	// TTL is how long the lease outlives a holder that can't renew it any more,
	// because its process died, say: at least 10 ms; default 15 s. It is
	// renewed three times in that time.
	TTL time.Duration

	// Wait is how long to wait for a lease that another one holds; 0: as long
	// as the context goes on, negative: not at all.
	Wait time.Duration

	// Clock and Random default to those of the database, and for the function
	// Lock to the machine's.
	Clock  ports.Clock
	Random func() uint64
}

const (
	defaultLockTTL = 15 * time.Second

	// The waits between two attempts to get a lease grow from the first to the
	// last.
	firstLockWait = 20 * time.Millisecond
	lastLockWait  = time.Second
)

func (o *LockOptions) applyDefaults() {
	if o.TTL == 0 {
		o.TTL = defaultLockTTL
	}
	if o.Clock == nil {
		o.Clock = ports.SystemClock()
	}
	if o.Random == nil {
		o.Random = secureRandom
	}
}

// HeldLock is a lease that renews itself until Release is called or the
// context of its Lock ends. It is safe for concurrent use.
type HeldLock struct {
	lease   ports.Lease
	options LockOptions
	life    context.Context
	cancel  context.CancelCauseFunc
	since   atomic.Int64 // when it was last asked for with success, on the monotonic clock
	work    sync.WaitGroup
}

// Lock acquires the lease on a name from a locker, waits while another one
// holds it, and keeps it renewed. The error matches ports.ErrBusy if it was
// still held by another when the wait was over.
func Lock(ctx context.Context, locker ports.Locker, name string, options LockOptions) (*HeldLock, error) {
	return lockWithin(ctx, ctx, locker, name, options)
}

// lockWithin is Lock with another context for the wait.
func lockWithin(wait, ctx context.Context, locker ports.Locker, name string, options LockOptions) (*HeldLock, error) {
	options.applyDefaults()
	h := &HeldLock{options: options}
	if err := h.acquire(wait, locker, name); err != nil {
		return nil, readFail("lock", "", "", err)
	}
	h.life, h.cancel = context.WithCancelCause(ctx)
	h.work.Go(h.renew)
	h.work.Go(h.watch)
	return h, nil
}

// Lock acquires the lease on a name; see the function Lock. Pass the Lease of
// what it returns to Tx.Fence in each transaction that must not take place
// once the lock was lost.
func (db *DB) Lock(ctx context.Context, name string, options LockOptions) (*HeldLock, error) {
	return Lock(ctx, db.locker, name, db.lockOptions(options))
}

// lockOptions are options with the defaults of the database.
func (db *DB) lockOptions(options LockOptions) LockOptions {
	if options.Clock == nil {
		options.Clock = db.options.Clock
	}
	if options.Random == nil {
		options.Random = db.options.Random
	}
	return options
}

// acquire waits for the lease.
func (h *HeldLock) acquire(ctx context.Context, locker ports.Locker, name string) (err error) {
	o := &h.options
	began, bound := o.Clock.Elapsed(), firstLockWait
	for {
		sent := o.Clock.Elapsed()
		h.lease, err = locker.Acquire(ctx, name, o.TTL)
		if !errors.Is(err, ports.ErrBusy) || o.Wait < 0 {
			h.since.Store(int64(sent))
			return err
		}
		// At least half of the bound, so that many who wait don't ask in vain.
		wait := bound/2 + time.Duration(o.Random()%uint64(bound/2))
		if o.Wait > 0 {
			left := began + o.Wait - o.Clock.Elapsed()
			if left <= 0 {
				return err
			}
			wait = min(wait, left)
		}
		if waitErr := o.Clock.Sleep(ctx, wait); waitErr != nil {
			return ports.Fail("acquire", name, waitErr, err)
		}
		bound = min(2*bound, lastLockWait, max(o.TTL/4, firstLockWait))
	}
}

// Context ends when the lease is lost or released, or with the context of the
// Lock. What is done under the lease runs under it. Its cause matches
// ports.ErrLost if the lease was lost.
func (h *HeldLock) Context() context.Context { return h.life }

// Lease is the lease itself, with its fencing token: what Tx.Fence takes.
func (h *HeldLock) Lease() ports.Lease { return h.lease }

// errReleased is the cause of the end of a context by Release.
var errReleased = errors.New("the lock was released")

// Release stops renewing and gives the lease up. If that fails, the lease runs
// out by itself. A second Release answers nil.
func (h *HeldLock) Release(ctx context.Context) error {
	h.cancel(errReleased)
	h.work.Wait()
	return readFail("unlock", "", "", h.lease.Release(ctx))
}

// renew renews three times in a ttl, and more often while the locker does not
// answer.
func (h *HeldLock) renew() {
	wait := h.options.TTL / 3
	for h.options.Clock.Sleep(h.life, wait) == nil {
		sent := h.options.Clock.Elapsed()
		err := h.lease.Renew(h.life)
		switch {
		case err == nil:
			h.since.Store(int64(sent))
			wait = h.options.TTL / 3
		case errors.Is(err, ports.ErrLost):
			h.cancel(err)
			return
		default:
			wait = h.options.TTL / 12
		}
	}
}

// watch ends the context when the lease is lost.
func (h *HeldLock) watch() {
	select {
	case <-h.lease.Lost():
		h.cancel(h.lostError())
	case <-h.life.Done():
	}
}

func (h *HeldLock) lostError() error {
	return ports.Fail("hold", h.lease.Name(), ports.ErrLost, nil)
}

// lost answers an error if the lease was lost while it was wanted. It looks at
// the clock itself: a process that was stopped, and just goes on, may come here
// before any of its timers.
func (h *HeldLock) lost() error {
	cause := context.Cause(h.life)
	switch {
	case errors.Is(cause, ports.ErrLost):
		return cause
	case h.options.Clock.Elapsed()-time.Duration(h.since.Load()) >= h.options.TTL:
		return h.lostError()
	default:
		return nil
	}
}

// WithLock runs fn while it holds the lease on a name. The context that fn gets
// ends when the lease is lost; then WithLock answers an error that matches
// ports.ErrLost, also if fn answers nil, since another may have come in. Any
// other error of fn comes back as it is. A lease that can't be given up
// afterwards runs out by itself.
func WithLock(ctx context.Context, locker ports.Locker, name string, options LockOptions, fn func(ctx context.Context, lease ports.Lease) error) error {
	held, err := Lock(ctx, locker, name, options)
	if err != nil {
		return err
	}
	return held.run(ctx, fn)
}

// WithLock runs fn while it holds the lease on a name; see the function
// WithLock.
func (db *DB) WithLock(ctx context.Context, name string, options LockOptions, fn func(ctx context.Context, lease ports.Lease) error) error {
	held, err := db.Lock(ctx, name, options)
	if err != nil {
		return err
	}
	return held.run(ctx, fn)
}

func (h *HeldLock) run(ctx context.Context, fn func(ctx context.Context, lease ports.Lease) error) error {
	defer h.letGo(ctx)
	err := fn(h.life, h.lease)
	if lost := h.lost(); lost != nil {
		return &Error{Op: "lock", Kind: ErrConflict, Err: errors.Join(lost, err)}
	}
	return err
}

// letGo releases what nobody waits for: if that fails, the lease runs out by
// itself, and after its ttl there is nothing left to give up.
func (h *HeldLock) letGo(ctx context.Context) {
	last, cancel := deadline.Within(context.WithoutCancel(ctx), h.options.Clock, h.options.TTL)
	defer cancel()
	_ = h.Release(last)
}

func thisProcess() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}
