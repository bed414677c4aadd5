package redis_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// measure runs a call whose context may end, as those of servers do.
func measure(b *testing.B, name string, call func(ctx context.Context) error) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := call(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSDK is what a call can't be cheaper than.
func BenchmarkSDK(b *testing.B) {
	raw := goredis.NewClient(&goredis.Options{Addr: services.Redis(b).Addr, Protocol: 2})
	defer func() { _ = raw.Close() }()
	measure(b, "ping", func(ctx context.Context) error { return raw.Ping(ctx).Err() })
	for name, source := range map[string]string{
		"an empty script":      "return 1",
		"a script of two INFO": "redis.call('INFO', 'server') redis.call('INFO', 'replication') return 1", // who the server is
	} {
		script := goredis.NewScript(source)
		require.NoError(b, script.Load(b.Context(), raw).Err())
		measure(b, name, func(ctx context.Context) error { return script.EvalSha(ctx, raw, nil).Err() })
	}
}

// BenchmarkIndex is on four sets of 100,000 entries of 38 bytes.
func BenchmarkIndex(b *testing.B) {
	ctx, x := b.Context(), shared(b, redis.Options{}).Index()
	identity, err := x.Identity(ctx)
	require.NoError(b, err)
	regime := ports.Regime{Epoch: "e", Identity: identity}
	require.NoError(b, x.Install(ctx, spaceName, regime))
	const size = 100_000
	member := func(i int, mark byte) []byte {
		return fmt.Appendf(nil, "%08d%c0123456789-0123456789-01234567", i, mark)
	}
	batch := func(set string) []ports.Entry {
		all := make([]ports.Entry, size)
		for i := range all {
			all[i] = ports.Entry{Set: set, Member: member(i, '-')}
		}
		return all
	}
	for set := range 4 {
		require.NoError(b, x.Begin(ctx, spaceName, regime, batch(fmt.Sprint("set", set))))
	}
	n := 0
	measure(b, "begin of 4 entries in 4 sets", func(ctx context.Context) error {
		n++
		var list []ports.Entry
		for set := range 4 {
			list = append(list, ports.Entry{Set: fmt.Sprint("set", set), Member: member(n*7919%size, '+')})
		}
		return x.Begin(ctx, spaceName, regime, list)
	})
	for _, limit := range []int{1, 100} {
		measure(b, fmt.Sprint("query of ", limit), func(ctx context.Context) error {
			_, err := x.Query(ctx, spaceName, regime, ports.EntryRange{Set: "set1", From: []byte("00050000"), Limit: limit})
			return err
		})
	}
	measure(b, "count of 100000", func(ctx context.Context) error {
		_, err := x.Count(ctx, spaceName, regime, ports.EntryRange{Set: "set1"})
		return err
	})
	again := batch("set0")
	measure(b, "begin of 100000 entries", func(ctx context.Context) error { return x.Begin(ctx, spaceName, regime, again) })
}

func BenchmarkLocker(b *testing.B) {
	for name, options := range lockerModes {
		l := locker(b, shared(b, redis.Options{}), options())
		measure(b, "acquire and release, "+name, func(ctx context.Context) error {
			lease, err := l.Acquire(ctx, "a", time.Minute)
			if err != nil {
				return err
			}
			return lease.Release(ctx)
		})
	}
	l := locker(b, shared(b, redis.Options{}), redis.LockerOptions{})
	held, err := l.Acquire(b.Context(), "held", time.Hour)
	require.NoError(b, err)
	measure(b, "acquire of a lease that is held", func(ctx context.Context) error {
		_, err := l.Acquire(ctx, "held", time.Hour)
		if err == nil {
			return fmt.Errorf("the lease was given twice")
		}
		return nil
	})
	measure(b, "renew", held.Renew)
	for i := range 9_999 {
		_, err := l.Acquire(b.Context(), fmt.Sprint(i), time.Hour)
		require.NoError(b, err)
	}
	measure(b, "list of 10000", func(ctx context.Context) error {
		_, err := l.List(ctx)
		return err
	})
}

func BenchmarkCounter(b *testing.B) {
	c := shared(b, redis.Options{}).Counter()
	measure(b, "add", func(ctx context.Context) error { _, err := c.Add(ctx, "a", 1); return err })
	measure(b, "value", func(ctx context.Context) error { _, err := c.Value(ctx, "a"); return err })
	for i := range 9_999 {
		require.NoError(b, c.Set(b.Context(), fmt.Sprint(i), 1))
	}
	measure(b, "names of 10000", func(ctx context.Context) error {
		for _, err := range c.Names(ctx, "") {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkCache(b *testing.B) {
	c := shared(b, redis.Options{}).Cache(redis.CacheOptions{})
	for _, size := range []int{1 << 10, 1 << 20} {
		data := make([]byte, size)
		measure(b, fmt.Sprintf("store of %d KiB", size>>10), func(ctx context.Context) error { return c.Store(ctx, "a", data, 0) })
		measure(b, fmt.Sprintf("load of %d KiB", size>>10), func(ctx context.Context) error { _, err := c.Load(ctx, "a"); return err })
	}
}
