package redis_test

import (
	"crypto/rand"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// redisKinds are the kinds of Redis that hold an index, locks and counters.
var redisKinds = map[string]func(t testing.TB) redis.Config{
	"single": func(t testing.TB) redis.Config {
		config, err := redis.ParseURL(services.Redis(t).URL)
		require.NoError(t, err)
		return config
	},
	"cluster": func(t testing.TB) redis.Config {
		return redis.Config{Addrs: services.RedisCluster(t).Addrs, Cluster: true}
	},
}

// namespaces makes views of clients, and remembers the configuration of each.
type namespaces[T any] struct {
	view func(*redis.Client) T
	made sync.Map
}

// dial opens a client that is closed at the end of the test.
func dial(t testing.TB, config redis.Config) *redis.Client {
	t.Helper()
	c, err := redis.Dial(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func (n *namespaces[T]) open(t testing.TB, config redis.Config) T {
	t.Helper()
	v := n.view(dial(t, config))
	n.made.Store(any(v), config)
	return v
}

// fresh is a view of a namespace of its own.
func (n *namespaces[T]) fresh(t testing.TB, config redis.Config) T {
	t.Helper()
	config.Options.Namespace = rand.Text()
	return n.open(t, config)
}

// again is another client of the same namespace.
func (n *namespaces[T]) again(t testing.TB, v T) T {
	t.Helper()
	config, ok := n.made.Load(any(v))
	require.True(t, ok, "the kit hands back what it was given")
	return n.open(t, config.(redis.Config))
}

// onRedis runs a test on every kind of Redis.
func onRedis(t *testing.T, test func(t *testing.T, config redis.Config)) {
	t.Parallel()
	for name, kind := range redisKinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, kind(t))
		})
	}
}

func TestTheIndexOnRedisKeepsTheContract(t *testing.T) {
	onRedis(t, func(t *testing.T, config redis.Config) {
		n := namespaces[ports.Index]{view: func(c *redis.Client) ports.Index { return c.Index() }}
		conformance.TestIndex(t, conformance.IndexHarness{
			New:    func(t testing.TB) ports.Index { return n.fresh(t, config) },
			Second: n.again,
			Reopen: func(t testing.TB, x ports.Index) ports.Index { return n.again(t, x) },
		})
	})
}

// A server of its own can be made to forget everything.
func TestTheIndexOnRedisKeepsTheContractWhenItForgets(t *testing.T) {
	t.Parallel()
	conformance.TestIndex(t, conformance.IndexHarness{
		New: func(t testing.TB) ports.Index {
			server := services.FreshRedis(t)
			return forgetful{dial(t, redis.Config{Addrs: []string{server.Addr}}).Index(), server}
		},
		Second: func(t testing.TB, x ports.Index) ports.Index {
			server := x.(forgetful).server
			return forgetful{dial(t, redis.Config{Addrs: []string{server.Addr}}).Index(), server}
		},
		Lose: func(_ testing.TB, x ports.Index) ports.Index {
			x.(forgetful).server.RestartEmpty()
			return x
		},
		Flush: func(_ testing.TB, x ports.Index) ports.Index {
			x.(forgetful).server.Do("FLUSHALL")
			return x
		},
	})
}

// forgetful is an index on a server of its own.
type forgetful struct {
	ports.Index
	server *services.PrivateRedis
}

func TestTheLockerOnRedisKeepsTheContract(t *testing.T) {
	onRedis(t, func(t *testing.T, config redis.Config) {
		n := namespaces[ports.Locker]{view: func(c *redis.Client) ports.Locker { return c.Locker(redis.LockerOptions{}) }}
		conformance.TestLocker(t, conformance.LockerHarness{
			New:    func(t testing.TB) ports.Locker { return n.fresh(t, config) },
			Second: n.again,
			Reopen: n.again,
		})
	})
}

func TestTheCounterOnRedisKeepsTheContract(t *testing.T) {
	onRedis(t, func(t *testing.T, config redis.Config) {
		n := namespaces[ports.Counter]{view: func(c *redis.Client) ports.Counter { return c.Counter() }}
		conformance.TestCounter(t, conformance.CounterHarness{
			New:    func(t testing.TB) ports.Counter { return n.fresh(t, config) },
			Second: n.again,
			Reopen: n.again,
		})
	})
}

func TestTheCacheOnRedisKeepsTheContract(t *testing.T) {
	onRedis(t, func(t *testing.T, config redis.Config) {
		n := namespaces[ports.Cache]{view: func(c *redis.Client) ports.Cache { return c.Cache(redis.CacheOptions{}) }}
		conformance.TestCache(t, conformance.CacheHarness{
			New:    func(t testing.TB) ports.Cache { return n.fresh(t, config) },
			Second: n.again,
		})
	})
}
