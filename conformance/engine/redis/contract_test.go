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

// kinds are those of Redis, each shared by many tests.
var kinds = map[string]func(t testing.TB) redis.Config{
	"single": func(t testing.TB) redis.Config {
		config, err := redis.ParseURL(services.Redis(t).URL)
		require.NoError(t, err)
		return config
	},
	"cluster": func(t testing.TB) redis.Config {
		return redis.Config{Addrs: services.RedisCluster(t).Addrs, Cluster: true}
	},
}

// onEach runs a test on every kind of Redis.
func onEach(t *testing.T, test func(t *testing.T, config redis.Config)) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, kind(t))
		})
	}
}

// views makes views of clients, and remembers the configuration of each.
type views[T any] struct {
	view func(*redis.Client) T
	made sync.Map
}

func (v *views[T]) open(t testing.TB, config redis.Config) T {
	t.Helper()
	made := v.view(dial(t, config))
	v.made.Store(any(made), config)
	return made
}

// fresh is a view of a namespace of its own.
func (v *views[T]) fresh(t testing.TB, config redis.Config) T {
	t.Helper()
	config.Options.Namespace = rand.Text()
	return v.open(t, config)
}

// again is another client of the same namespace.
func (v *views[T]) again(t testing.TB, made T) T {
	t.Helper()
	config, ok := v.made.Load(any(made))
	require.True(t, ok, "the kit hands back what it was given")
	return v.open(t, config.(redis.Config))
}

func indexes() *views[ports.Index] {
	return &views[ports.Index]{view: func(c *redis.Client) ports.Index { return c.Index() }}
}

func TestTheIndexKeepsTheContract(t *testing.T) {
	onEach(t, func(t *testing.T, config redis.Config) {
		v := indexes()
		conformance.TestIndex(t, conformance.IndexHarness{
			New:    func(t testing.TB) ports.Index { return v.fresh(t, config) },
			Second: v.again,
			Reopen: v.again,
		})
	})
}

// A server of its own can be made to forget everything.
func TestTheIndexKeepsTheContractWhenTheServerForgets(t *testing.T) {
	t.Parallel()
	v, server := indexes(), services.FreshRedis(t)
	conformance.TestIndex(t, conformance.IndexHarness{
		New:    func(t testing.TB) ports.Index { return v.fresh(t, on(server)) },
		Second: v.again,
		Lose:   func(_ testing.TB, x ports.Index) ports.Index { server.RestartEmpty(); return x },
		Flush:  func(_ testing.TB, x ports.Index) ports.Index { server.Do("FLUSHALL"); return x },
	})
}

// lockerModes are the ways to come by tokens.
var lockerModes = map[string]func() redis.LockerOptions{
	"tokens by time":  func() redis.LockerOptions { return redis.LockerOptions{} },
	"tokens by epoch": func() redis.LockerOptions { return redis.LockerOptions{Epoch: epochs()} },
}

func TestTheLockerKeepsTheContract(t *testing.T) {
	onEach(t, func(t *testing.T, config redis.Config) {
		for name, options := range lockerModes {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				o := options()
				v := &views[ports.Locker]{view: func(c *redis.Client) ports.Locker { return c.Locker(o) }}
				conformance.TestLocker(t, conformance.LockerHarness{
					New:    func(t testing.TB) ports.Locker { return v.fresh(t, config) },
					Second: v.again,
					Reopen: func(t testing.TB, l ports.Locker) ports.Locker {
						require.NoError(t, l.(*redis.Locker).Close())
						return v.again(t, l)
					},
				})
			})
		}
	})
}

// So can a cluster.
func TestTheIndexKeepsTheContractWhenTheClusterForgets(t *testing.T) {
	t.Parallel()
	v, cluster := indexes(), services.FreshRedisCluster(t)
	everywhere := func(t testing.TB, command string) {
		t.Helper()
		for _, addr := range cluster.Addrs {
			tell(t, addr, command)
		}
	}
	conformance.TestIndex(t, conformance.IndexHarness{
		New: func(t testing.TB) ports.Index {
			return v.fresh(t, redis.Config{Addrs: cluster.Addrs, Cluster: true})
		},
		Second: v.again,
		Lose: func(t testing.TB, x ports.Index) ports.Index {
			everywhere(t, "FLUSHALL")
			for i := range cluster.Addrs {
				cluster.Kill(i)
			}
			for i := range cluster.Addrs[1:] {
				cluster.Node(i).Restart()
			}
			cluster.Restart(len(cluster.Addrs) - 1) // waits for the whole cluster
			return x
		},
		Flush: func(t testing.TB, x ports.Index) ports.Index { everywhere(t, "FLUSHALL"); return x },
	})
}

// The kit opens a locker again to see that tokens go on growing: here the
// server has lost everything meanwhile.
func TestTheLockerKeepsTheContractWhenTheServerForgets(t *testing.T) {
	t.Parallel()
	for name, options := range lockerModes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := services.FreshRedis(t)
			o := options()
			v := &views[ports.Locker]{view: func(c *redis.Client) ports.Locker { return c.Locker(o) }}
			conformance.TestLocker(t, conformance.LockerHarness{
				New:    func(t testing.TB) ports.Locker { return v.fresh(t, on(server)) },
				Second: v.again,
				Reopen: func(t testing.TB, l ports.Locker) ports.Locker {
					require.NoError(t, l.(*redis.Locker).Close())
					server.RestartEmpty()
					return v.again(t, l)
				},
			})
		})
	}
}

func TestTheCounterKeepsTheContract(t *testing.T) {
	onEach(t, func(t *testing.T, config redis.Config) {
		v := &views[ports.Counter]{view: func(c *redis.Client) ports.Counter { return c.Counter() }}
		conformance.TestCounter(t, conformance.CounterHarness{
			New:    func(t testing.TB) ports.Counter { return v.fresh(t, config) },
			Second: v.again,
			Reopen: v.again,
		})
	})
}

func TestTheCacheKeepsTheContract(t *testing.T) {
	onEach(t, func(t *testing.T, config redis.Config) {
		v := &views[ports.Cache]{view: func(c *redis.Client) ports.Cache { return c.Cache(redis.CacheOptions{}) }}
		conformance.TestCache(t, conformance.CacheHarness{
			New:    func(t testing.TB) ports.Cache { return v.fresh(t, config) },
			Second: v.again,
		})
	})
}
