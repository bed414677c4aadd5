package redis_test

import (
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// awaitSet returns when a replica has a set.
func awaitSet(t *testing.T, replica *services.PrivateRedis, set string) {
	t.Helper()
	await(t, "the replica has the set", func() bool { return replica.Do("ZCARD", key("set:"+set)) != int64(0) })
}

func TestAnIndexIsStaleAfterFailoverAndFailback(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	replica := server.Replica(t)
	proxy := services.Proxy(t, server.Addr)
	s := install(t, dial(t, at(proxy.Addr())).Index(), "e1")
	s.add("x", "kept")
	awaitSet(t, replica, "x")
	replica.Promote() // the old one is cut off, and does not know
	s.add("x", "lost")
	proxy.Retarget(replica.Addr)
	proxy.Disconnect()
	s.wantStale("x", "after a failover")

	host, port, err := net.SplitHostPort(replica.Addr)
	require.NoError(t, err)
	server.Do("REPLICAOF", host, port)
	await(t, "the old primary has caught up", func() bool {
		return info(t, server.Addr, "replication", "master_link_status") == "up"
	})
	server.Promote()
	proxy.Retarget(server.Addr)
	proxy.Disconnect()
	s.wantStale("x", "after the failback to the same process, which lost an entry")
	install(t, s.ix, "e2").want("x", "kept")
}

func TestAReplicaIsRefused(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	proxy := services.Proxy(t, server.Addr)
	c := dial(t, at(proxy.Addr()))
	replica := server.Replica(t)
	s := install(t, c.Index(), "e1")
	s.add("x", "a")
	awaitSet(t, replica, "x")
	_, err := redis.Dial(t.Context(), on(replica))
	require.ErrorIs(t, err, ports.ErrUnavailable)
	proxy.Retarget(replica.Addr)
	proxy.Disconnect()
	s.wantStale("x", "on a replica")
	_, err = s.ix.Identity(t.Context())
	require.ErrorIs(t, err, ports.ErrUnavailable)
	require.ErrorIs(t, s.ix.Drop(t.Context(), spaceName, ""), ports.ErrUnavailable)
	_, err = locker(t, c, redis.LockerOptions{}).Acquire(t.Context(), "x", minute)
	require.ErrorIs(t, err, ports.ErrUnavailable)
	_, err = c.Counter().Add(t.Context(), "x", 1)
	require.ErrorIs(t, err, ports.ErrUnavailable)
}

// A Sentinel that promotes a replica leads the client there, where everything
// is stale until it is installed.
func TestASentinelLeadsToTheNewPrimary(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	replica := server.Replica(t)
	sentinel := services.FreshSentinel(t, server, replica)
	s := install(t, dial(t, redis.Config{Addrs: []string{sentinel.Addr}, Master: sentinel.Master}).Index(), "e1")
	s.add("x", "a")
	s.want("x", "a")
	awaitSet(t, replica, "x")
	server.Kill()
	await(t, "the replica took over", func() bool {
		_, err := s.members("x")
		if errors.Is(err, ports.ErrStale) {
			return true
		}
		require.ErrorIs(t, err, ports.ErrUnavailable, "while there is no server")
		return false
	})
	s.wantStale("x", "after the failover")
	install(t, s.ix, "e2").want("x", "a")
}
