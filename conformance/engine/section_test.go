package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// The times of a section under a lease that is too short for it.
const (
	shortTTL    = 100 * time.Millisecond
	longSection = 250 * time.Millisecond
)

// brief is a locker whose leases run out after shortTTL, whatever was asked
// for, while their holders believe that they renew them.
type brief struct{ ports.Locker }

func (b brief) Acquire(ctx context.Context, name string, _ time.Duration) (ports.Lease, error) {
	lease, err := b.Locker.Acquire(ctx, name, shortTTL)
	if err != nil {
		return nil, err
	}
	return deaf{lease}, nil
}

// deaf is the lease of a holder that does not notice its end.
type deaf struct{ ports.Lease }

func (deaf) Renew(context.Context) error { return nil }
func (deaf) Lost() <-chan struct{}       { return nil }
func (d deaf) Unwrap() any               { return d.Lease }

// lockPlaces are where leases are kept, and whether time passes by itself there.
var lockPlaces = []struct {
	name    string
	virtual bool
	open    func(t *testing.T) *lockPlace
}{
	{"memory", true, func(*testing.T) *lockPlace { return &lockPlace{site: site{store: memory.NewStore(likeS3)}} }},
	{"files", false, func(t *testing.T) *lockPlace { return &lockPlace{site: *onFiles(fs.SyncNone, false)(t)} }},
	{"redis", false, func(t *testing.T) *lockPlace {
		return &lockPlace{site{store: memory.NewStore(memory.StoreOptions{})}, redisLocker(t)}
	}},
}

// lockPlace is a site with a locker; nil: leases are in its store.
type lockPlace struct {
	site
	locker ports.Locker
}

func redisLocker(t *testing.T) ports.Locker {
	t.Helper()
	config, err := redis.ParseURL(services.Redis(t).URL)
	require.NoError(t, err)
	config.Options.Namespace = rand.Text()
	client, err := redis.Dial(t.Context(), config)
	require.NoError(t, err)
	locker := client.Locker(redis.LockerOptions{})
	t.Cleanup(func() { require.NoError(t, errors.Join(locker.Close(), client.Close())) })
	return locker
}

// process opens a database whose leases are brief.
func (p *lockPlace) process(t *testing.T) *core.DB {
	t.Helper()
	inner := p.locker
	if inner == nil {
		inner = p.open(t).Locker()
	}
	return p.open(t, func(o *core.Options) { o.Locker, o.ConflictAttempts = brief{inner}, 1000 })
}

// onLockPlaces runs a test in every place.
func onLockPlaces(t *testing.T, fn func(t *testing.T, p *lockPlace)) {
	t.Parallel()
	for _, place := range lockPlaces {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			if place.virtual {
				synctest.Test(t, func(t *testing.T) { fn(t, place.open(t)) })
			} else {
				fn(t, place.open(t))
			}
		})
	}
}

// crowd counts who is in a section at once.
type crowd struct{ inside, most atomic.Int64 }

func (c *crowd) section() {
	now := c.inside.Add(1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
	_ = ports.SystemClock().Sleep(background, longSection)
	c.inside.Add(-1)
}

// Leases that run out in the middle of the section let others in. No update is
// lost by that.
func TestUpdatesUnderLeasesThatRunOut(t *testing.T) {
	onLockPlaces(t, func(t *testing.T, p *lockPlace) {
		const workers, rounds = 4, 3
		first := collection[counted](t, p.process(t), "counts")
		_, err := first.Create(t.Context(), "n", counted{})
		require.NoError(t, err)
		var together crowd
		errs := make(chan error, workers)
		for range workers {
			c := collection[counted](t, p.process(t), "counts")
			go func() {
				var failed error
				for range rounds {
					_, err := c.Atomic(t.Context(), "n", func(v *counted) error {
						together.section()
						return increment(v)
					})
					failed = errors.Join(failed, err)
				}
				errs <- failed
			}()
		}
		for range workers {
			require.NoError(t, <-errs)
		}
		require.Equal(t, workers*rounds, read(t, first), "updates were lost")
		require.Greater(t, together.most.Load(), int64(1), "no lease ran out")
	})
}

// A holder whose lease ran out in the middle, and whose lock another one took
// and committed under, can't commit, also if they write different documents.
func TestAHolderThatWasReplacedInTheMiddleCannotCommit(t *testing.T) {
	onLockPlaces(t, func(t *testing.T, p *lockPlace) {
		ctx := t.Context()
		first, second := p.process(t), p.process(t)
		write := func(db *core.DB, key string, middle func()) (token uint64, err error) {
			held, err := db.Lock(ctx, "job", core.LockOptions{TTL: time.Hour})
			if err != nil {
				return 0, err
			}
			err = db.Tx(ctx, func(tx *core.Tx) error {
				if err := tx.Fence(ctx, held.Lease()); err != nil {
					return err
				}
				middle()
				_, err := tx.Put(ctx, key, counted{N: 1})
				return err
			})
			return held.Lease().Token(), errors.Join(err, held.Release(ctx))
		}
		replaced := make(chan error, 1)
		var newer uint64
		older, err := write(first, "deeds/old", func() {
			go func() {
				token, err := write(second, "deeds/new", func() {})
				newer = token
				replaced <- err
			}()
			require.NoError(t, <-replaced)
		})
		require.ErrorIs(t, err, ports.ErrLost)
		require.ErrorIs(t, err, core.ErrConflict)
		require.Greater(t, newer, older)
		for key, want := range map[string]bool{"deeds/old": false, "deeds/new": true} {
			found, err := second.Exists(ctx, key)
			require.NoError(t, err)
			require.Equal(t, want, found, key)
		}
	})
}
