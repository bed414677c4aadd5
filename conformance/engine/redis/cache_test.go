package redis_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// A server that comes back with old data holds values that were removed since.
func TestACacheForgetsWhatAnOldServerStored(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	c := dial(t, on(server)).Cache(redis.CacheOptions{})
	require.NoError(t, c.Store(t.Context(), "a", []byte("old"), 0))
	value, err := c.Load(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, "old", string(value))
	freeze(server)
	require.NoError(t, c.Remove(t.Context(), "a"))
	server.Restart()
	require.Equal(t, int64(1), server.Do("DBSIZE"), "the server has the value again: else this proves nothing")
	_, err = c.Load(t.Context(), "a")
	require.ErrorIs(t, err, ports.ErrNotFound)
}

func TestACacheForgetsWhatAReplicaHolds(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	proxy := services.Proxy(t, server.Addr)
	replica := server.Replica(t)
	c := dial(t, at(proxy.Addr())).Cache(redis.CacheOptions{})
	require.NoError(t, c.Store(t.Context(), "a", []byte("old"), 0))
	await(t, "the replica has the value", func() bool { return replica.Do("DBSIZE") == int64(1) })
	replica.Promote()
	proxy.Retarget(replica.Addr)
	proxy.Disconnect()
	_, err := c.Load(t.Context(), "a")
	require.ErrorIs(t, err, ports.ErrNotFound)
}

// Values may be evicted by a policy that leaves everything else alone.
func TestAVolatilePolicyEvictsCachesOnly(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	server.Do("CONFIG", "SET", "maxmemory-policy", "volatile-lru")
	client := dial(t, on(server))
	cache := client.Cache(redis.CacheOptions{})
	s := install(t, client.Index(), "e1")
	s.add("x", "a")
	_, err := client.Counter().Add(t.Context(), "n", 1)
	require.NoError(t, err)
	lease, err := locker(t, client, redis.LockerOptions{}).Acquire(t.Context(), "l", minute)
	require.NoError(t, err)
	require.NoError(t, cache.Store(t.Context(), "a", []byte("value"), 0))
	server.Do("CONFIG", "SET", "maxmemory", "100kb")
	server.Do("PING")
	_, err = cache.Load(t.Context(), "a")
	require.ErrorIs(t, err, ports.ErrNotFound)
	server.Do("CONFIG", "SET", "maxmemory", "0")
	s.want("x", "a")
	n, err := client.Counter().Value(t.Context(), "n")
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.NoError(t, lease.Renew(t.Context()))
}
