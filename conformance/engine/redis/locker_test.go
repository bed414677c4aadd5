package redis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// stopped is a holder's clock that stands still.
type stopped struct{ ports.Clock }

func (stopped) Elapsed() time.Duration { return 0 }

func (stopped) Sleep(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestTheServerDecidesWhenALeaseEnds(t *testing.T) {
	t.Parallel()
	l := locker(t, shared(t, redis.Options{}), redis.LockerOptions{Clock: stopped{ports.SystemClock()}})
	lease, err := l.Acquire(t.Context(), "a", 50*time.Millisecond)
	require.NoError(t, err)
	await(t, "the lease has ended", func() bool {
		_, err := l.Info(t.Context(), "a")
		return errors.Is(err, ports.ErrNotFound)
	})
	require.ErrorIs(t, lease.Renew(t.Context()), ports.ErrLost)
	require.ErrorIs(t, l.ForceRelease(t.Context(), "a", lease.Token()), ports.ErrLost)
}

func TestTokensGrowWhileTheClockOfTheServerIsBehind(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	l := locker(t, dial(t, on(server)), redis.LockerOptions{})
	future := uint64(time.Now().Add(time.Hour).UnixMicro())
	server.Do("HSET", "sb::{lock:}:fence", "last", fmt.Sprintf("%016x", future))
	for i := range uint64(3) {
		lease, err := l.Acquire(t.Context(), fmt.Sprint(i), time.Second)
		require.NoError(t, err)
		require.Equal(t, future+i+1, lease.Token())
	}
}

func TestTheOperatorSeesEveryLeaseAndCleansUp(t *testing.T) {
	t.Parallel()
	const held, short = 1234, 700
	server := services.FreshRedis(t)
	l := locker(t, dial(t, on(server)), redis.LockerOptions{Holder: "node 7"})
	names := make(map[string]bool)
	for i := range held {
		name := fmt.Sprintf("n\x00\xff %d", i)
		_, err := l.Acquire(t.Context(), name, time.Hour)
		require.NoError(t, err)
		names[name] = true
	}
	for i := range short {
		_, err := l.Acquire(t.Context(), fmt.Sprint("short ", i), 20*time.Millisecond)
		require.NoError(t, err)
	}
	var infos []ports.LeaseInfo
	await(t, "the short leases are over", func() (over bool) {
		var err error
		infos, err = l.List(t.Context())
		require.NoError(t, err)
		return len(infos) == held
	})
	for _, info := range infos {
		require.True(t, names[info.Name], "%q", info.Name)
		require.Equal(t, "node 7", info.Holder)
		require.LessOrEqual(t, info.Remaining, time.Hour)
		require.Greater(t, info.Remaining, 50*time.Minute)
		delete(names, info.Name)
	}
	n, err := l.CleanUp(t.Context())
	require.NoError(t, err)
	require.Positive(t, n)
	require.LessOrEqual(t, n, short)
	require.Equal(t, int64(held), server.Do("ZCARD", "sb::{lock:}:ends"))
	require.Equal(t, int64(held), server.Do("HLEN", "sb::{lock:}:leases"))
}

// What the README says about long lists.
func TestAListMakesOneRoundTripForFiveHundredLeases(t *testing.T) {
	t.Parallel()
	const many = 10_000
	server := services.FreshRedis(t)
	l := locker(t, dial(t, on(server)), redis.LockerOptions{})
	for i := range many {
		_, err := l.Acquire(t.Context(), fmt.Sprint(i), time.Hour)
		require.NoError(t, err)
	}
	_, err := l.List(t.Context())
	require.NoError(t, err)
	server.Do("CONFIG", "RESETSTAT")
	infos, err := l.List(t.Context())
	require.NoError(t, err)
	require.Len(t, infos, many)
	require.Equal(t, "calls=21", scripts(t, server.Addr))
}

func TestWithoutMemoryLeasesCanBeReleasedAndNotRenewed(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	l := locker(t, dial(t, on(server)), redis.LockerOptions{})
	lease, err := l.Acquire(t.Context(), "a", minute)
	require.NoError(t, err)
	server.Do("CONFIG", "SET", "maxmemory", "100kb")
	_, err = l.Acquire(t.Context(), "b", minute)
	require.ErrorIs(t, err, ports.ErrUnavailable)
	require.ErrorIs(t, lease.Renew(t.Context()), ports.ErrUnavailable)
	require.NoError(t, lease.Release(t.Context()))
	infos, err := l.List(t.Context())
	require.NoError(t, err)
	require.Empty(t, infos)
}
