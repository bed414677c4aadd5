package redis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

func restClient(t testing.TB, ns string) *Client {
	t.Helper()
	addr := os.Getenv("KIT_REDIS")
	if addr == "" {
		t.Skip("no KIT_REDIS")
	}
	c, err := Dial(t.Context(), Config{Addrs: []string{addr}, Cluster: os.Getenv("KIT_CLUSTER") != "", Options: Options{Namespace: ns}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func restNS() string { return fmt.Sprintf("kit %x", rand.Uint64()) }

func restEpochs() func(context.Context) (uint64, error) {
	var n atomic.Uint64
	return func(context.Context) (uint64, error) { return n.Add(1), nil }
}

func TestRestLocker(t *testing.T) {
	for _, mode := range []string{"time", "epoch", "autorenew"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			var made sync.Map
			opts := LockerOptions{AutoRenew: mode == "autorenew-not-for-kit"}
			if mode == "epoch" {
				opts.Epoch = restEpochs()
			}
			open := func(t testing.TB, ns string) ports.Locker {
				l := restClient(t, ns).Locker(opts)
				made.Store(l, ns)
				return l
			}
			ns := func(l ports.Locker) string { n, _ := made.Load(l); return n.(string) }
			conformance.TestLocker(t, conformance.LockerHarness{
				New:    func(t testing.TB) ports.Locker { return open(t, restNS()) },
				Second: func(t testing.TB, first ports.Locker) ports.Locker { return open(t, ns(first)) },
				Reopen: func(t testing.TB, l ports.Locker) ports.Locker {
					if err := l.(*Locker).Close(); err != nil {
						t.Error(err)
					}
					return open(t, ns(l))
				},
			})
		})
	}
}

func TestRestCounter(t *testing.T) {
	var made sync.Map
	open := func(t testing.TB, ns string) ports.Counter {
		c := restClient(t, ns).Counter()
		made.Store(c, ns)
		return c
	}
	ns := func(c ports.Counter) string { n, _ := made.Load(c); return n.(string) }
	conformance.TestCounter(t, conformance.CounterHarness{
		New:    func(t testing.TB) ports.Counter { return open(t, restNS()) },
		Second: func(t testing.TB, first ports.Counter) ports.Counter { return open(t, ns(first)) },
		Reopen: func(t testing.TB, c ports.Counter) ports.Counter { return open(t, ns(c)) },
	})
}

func TestRestCache(t *testing.T) {
	var made sync.Map
	open := func(t testing.TB, ns string) ports.Cache {
		c := restClient(t, ns).Cache(CacheOptions{})
		made.Store(c, ns)
		return c
	}
	conformance.TestCache(t, conformance.CacheHarness{
		New: func(t testing.TB) ports.Cache { return open(t, restNS()) },
		Second: func(t testing.TB, first ports.Cache) ports.Cache {
			n, _ := made.Load(first)
			return open(t, n.(string))
		},
	})
}
