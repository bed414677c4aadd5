package redis_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// take acquires a lease, and waits while somebody else has it or the server
// is not there.
func take(t testing.TB, l ports.Locker, name string) (lease ports.Lease) {
	t.Helper()
	await(t, "the lease is free", func() bool {
		var err error
		lease, err = l.Acquire(t.Context(), name, 20*time.Millisecond)
		return err == nil
	})
	return lease
}

// tokens checks that those of one name grow.
type tokens struct {
	t      *testing.T
	locker ports.Locker
	last   uint64
}

func (k *tokens) grow(when string) {
	k.t.Helper()
	lease := take(k.t, k.locker, "a")
	require.Greater(k.t, lease.Token(), k.last, when)
	k.last = lease.Token()
	require.NoError(k.t, lease.Release(k.t.Context()))
}

// Whatever the server loses: all, or the newest.
func TestTokensGrowAcrossLosses(t *testing.T) {
	t.Parallel()
	sources := map[string]func(*testing.T) redis.LockerOptions{
		"epochs of a counter in the store": func(t *testing.T) redis.LockerOptions {
			return redis.LockerOptions{Epoch: storedEpochs(t)}
		},
	}
	for name, options := range lockerModes {
		sources[name] = func(*testing.T) redis.LockerOptions { return options() }
	}
	for name, options := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := services.FreshRedis(t)
			config := on(server)
			config.Options.Breaker.Failures = -1
			k := &tokens{t: t, locker: locker(t, dial(t, config), options(t))}
			for i := range 3 {
				k.grow("at first")
				server.Do("FLUSHALL")
				k.grow("after a flush")
				k.grow("and another one")
				server.RestartEmpty()
				k.grow("after a restart")
				freeze(server)
				for range 10 * i {
					k.grow("that will be lost")
				}
				server.Restart()
				k.grow("after a restart with old data")
			}
		})
	}
}

// storedEpochs is a source of epochs in the object store of a database.
func storedEpochs(t *testing.T) func(context.Context) (uint64, error) {
	t.Helper()
	db, err := core.Open(t.Context(), memory.NewStore(memory.StoreOptions{}), core.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return epochsFrom(db.Counter())
}

// epochsFrom is how the documentation of the adapter wires it.
func epochsFrom(stored ports.Counter) func(context.Context) (uint64, error) {
	return func(ctx context.Context) (uint64, error) {
		n, err := stored.Add(ctx, "redis-lock-epoch", 1)
		return uint64(n), err
	}
}

// An epoch that was asked for before a loss, and arrives after the next one,
// is older than a token that was given between the two.
func TestALateEpochIsNotUsed(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	source, asked, goOn := epochs(), make(chan struct{}), make(chan struct{})
	var once sync.Once
	slow := locker(t, dial(t, on(server)), redis.LockerOptions{Epoch: func(ctx context.Context) (uint64, error) {
		n, err := source(ctx)
		once.Do(func() {
			close(asked)
			<-goOn
		})
		return n, err
	}})
	quick := locker(t, dial(t, on(server)), redis.LockerOptions{Epoch: source})
	late := make(chan uint64)
	go func() {
		defer close(late)
		lease, err := slow.Acquire(t.Context(), "a", minute)
		if err != nil {
			t.Errorf("acquire: %v", err)
			return
		}
		late <- lease.Token()
	}()
	<-asked
	server.Do("FLUSHALL")
	first := take(t, quick, "a")
	server.Do("FLUSHALL")
	close(goOn)
	require.Greater(t, <-late, first.Token())
}

// grant is a token and when somebody was given it.
type grant struct {
	begun, ended time.Duration
	token        uint64
}

// Many acquire one name while the server is flushed all the time: two may
// believe in the lease at once, but no token comes twice, and none that was
// asked for later is smaller.
func TestTokensGrowInAStormOfFlushes(t *testing.T) {
	t.Parallel()
	const holders, flushes = 12, 150
	for name, options := range lockerModes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := services.FreshRedis(t)
			o, begun := options(), time.Now()
			var mu sync.Mutex
			var grants []grant
			var over atomic.Bool
			var group sync.WaitGroup
			for range holders {
				l := locker(t, dial(t, on(server)), o)
				group.Go(func() {
					for !over.Load() {
						g := grant{begun: time.Since(begun)}
						lease, err := l.Acquire(t.Context(), "a", 10*time.Millisecond)
						if err != nil {
							if !errors.Is(err, ports.ErrBusy) {
								t.Errorf("acquire: %v", err)
							}
							continue
						}
						g.ended, g.token = time.Since(begun), lease.Token()
						mu.Lock()
						grants = append(grants, g)
						mu.Unlock()
						_ = lease.Release(t.Context()) // it may be lost
					}
				})
			}
			for range flushes {
				server.Do("FLUSHALL")
			}
			over.Store(true)
			group.Wait()
			checkOrder(t, grants)
			t.Log(len(grants), "grants")
		})
	}
}

func checkOrder(t *testing.T, grants []grant) {
	t.Helper()
	slices.SortFunc(grants, func(a, b grant) int { return cmp.Compare(a.ended, b.ended) })
	seen := make(map[uint64]bool, len(grants))
	greatest := make([]uint64, len(grants)+1) // of those that ended before
	for i, g := range grants {
		require.False(t, seen[g.token], "the token %#x was given twice", g.token)
		seen[g.token] = true
		greatest[i+1] = max(greatest[i], g.token)
	}
	for _, g := range grants {
		before := sort.Search(len(grants), func(i int) bool { return grants[i].ended >= g.begun })
		require.Greater(t, g.token, greatest[before], "a token that was asked for later is smaller")
	}
}
