package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

// restFrozen is a holder's clock that stands still, or sleeps for ever.
type restFrozen struct{ ports.Clock }

func (restFrozen) Elapsed() time.Duration { return 0 }
func (restFrozen) Sleep(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRestRedisDecidesWhenALeaseEnds(t *testing.T) {
	ns := restNS()
	c := restClient(t, ns)
	l := c.Locker(LockerOptions{Clock: restFrozen{ports.SystemClock()}})
	defer l.Close()
	h, err := l.Acquire(t.Context(), "a", 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	<-time.After(80 * time.Millisecond)
	if _, err := l.Info(t.Context(), "a"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("info: %v", err)
	}
	if err := l.ForceRelease(t.Context(), "never", h.Token()); !errors.Is(err, ports.ErrLost) {
		t.Errorf("force release: %v", err)
	}
	if err := h.Renew(t.Context()); !errors.Is(err, ports.ErrLost) {
		t.Errorf("renew: %v", err)
	}
}

func TestRestTokensGrowWhileTheClockIsBehind(t *testing.T) {
	c := restClient(t, restNS())
	l := c.Locker(LockerOptions{})
	defer l.Close()
	future := uint64(time.Now().Add(time.Hour).UnixMicro())
	if err := c.universal.HSet(t.Context(), l.keys[2], "last", formatToken(future)).Err(); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		h, err := l.Acquire(t.Context(), fmt.Sprint(i), time.Second)
		if err != nil || h.Token() != future+uint64(i)+1 {
			t.Errorf("%x after %x, %v", h.Token(), future, err)
		}
	}
}

func TestRestAdmin(t *testing.T) {
	c := restClient(t, restNS())
	l := c.Locker(LockerOptions{Holder: "node 7"})
	defer l.Close()
	names := map[string]bool{}
	for i := range 1234 {
		name := fmt.Sprintf("n\x00\xff %d", i)
		if _, err := l.Acquire(t.Context(), name, time.Hour); err != nil {
			t.Fatal(err)
		}
		names[name] = true
	}
	for i := range 700 {
		h, err := l.Acquire(t.Context(), fmt.Sprint("short ", i), 20*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		_ = h
	}
	<-time.After(30 * time.Millisecond)
	infos, err := l.List(t.Context())
	if err != nil || len(infos) != 1234 {
		t.Fatal(len(infos), err)
	}
	for _, info := range infos {
		if !names[info.Name] || info.Holder != "node 7" || info.Remaining > time.Hour || info.Remaining < 50*time.Minute {
			t.Error(info)
		}
		delete(names, info.Name)
	}
	n, err := l.CleanUp(t.Context())
	t.Log("cleaned", n, err)
	if err != nil || n == 0 || n > 700 {
		t.Error(n, err)
	}
	if size := c.universal.ZCard(t.Context(), l.keys[1]).Val(); size != 1234 {
		t.Error(size)
	}
	if size := c.universal.HLen(t.Context(), l.keys[0]).Val(); size != 1234 {
		t.Error(size)
	}
}

func TestRestCounterNames(t *testing.T) {
	c := restClient(t, restNS()).Counter()
	for i := range 3000 {
		if _, err := c.Add(t.Context(), fmt.Sprintf("%d\x00\xff", i%1500)+[]string{"", "x"}[i/1500], 1<<60); err != nil {
			t.Fatal(err)
		}
	}
	n := map[string]int{}
	for name, err := range c.Names(t.Context(), "1") {
		if err != nil {
			t.Fatal(err)
		}
		n[name]++
	}
	if len(n) != 2*(1+10+100+500) {
		t.Error(len(n))
	}
	for name, k := range n {
		if k != 1 {
			t.Error(name, k)
		}
	}
	if err := c.client.universal.HSet(t.Context(), c.key(0), "", "").Err(); err != nil {
		t.Fatal(err)
	}
}

func TestRestCorruptCounter(t *testing.T) {
	c := restClient(t, restNS()).Counter()
	_, _ = c.Add(t.Context(), "a", 1)
	for part := range counterParts {
		if c.client.universal.HExists(t.Context(), c.key(part), "a").Val() {
			c.client.universal.HSet(t.Context(), c.key(part), "a", "one")
		}
	}
	if _, err := c.Add(t.Context(), "a", 1); !errors.Is(err, ports.ErrCorrupt) {
		t.Error(err)
	}
	if _, err := c.Value(t.Context(), "a"); !errors.Is(err, ports.ErrCorrupt) {
		t.Error(err)
	}
}
