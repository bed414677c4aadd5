package redis

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func BenchmarkRest(b *testing.B) {
	ctx := context.Background()
	for _, mode := range []string{"time", "epoch"} {
		var o LockerOptions
		if mode == "epoch" {
			o.Epoch = restEpochs()
		}
		l := restClient(b, restNS()).Locker(o)
		defer l.Close()
		b.Run("acquire+release/"+mode, func(b *testing.B) {
			for b.Loop() {
				h, err := l.Acquire(ctx, "a", time.Minute)
				if err != nil {
					b.Fatal(err)
				}
				if err := h.Release(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("acquire+release/cancelable/"+mode, func(b *testing.B) {
			ctx := b.Context()
			for b.Loop() {
				h, err := l.Acquire(ctx, "a", time.Minute)
				if err != nil {
					b.Fatal(err)
				}
				if err := h.Release(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("busy/"+mode, func(b *testing.B) {
			h, _ := l.Acquire(ctx, "b", time.Minute)
			defer h.Release(ctx)
			for b.Loop() {
				_, _ = l.Acquire(ctx, "b", time.Minute)
			}
		})
		b.Run("renew/"+mode, func(b *testing.B) {
			h, _ := l.Acquire(ctx, "b", time.Minute)
			defer h.Release(ctx)
			for b.Loop() {
				_ = h.Renew(ctx)
			}
		})
	}
	b.Run("ping", func(b *testing.B) {
		c := restClient(b, restNS())
		for b.Loop() {
			_ = c.Ping(ctx)
		}
	})
	c := restClient(b, restNS()).Counter()
	b.Run("counter/add", func(b *testing.B) {
		for b.Loop() {
			_, _ = c.Add(ctx, "a", 1)
		}
	})
	b.Run("counter/value", func(b *testing.B) {
		for b.Loop() {
			_, _ = c.Value(ctx, "a")
		}
	})
	for i := range 10000 {
		_, _ = c.Add(ctx, fmt.Sprint("n", i), 1)
	}
	b.Run("counter/names 10000", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for range c.Names(ctx, "n") {
				n++
			}
			if n != 10000 {
				b.Fatal(n)
			}
		}
	})
	ca := restClient(b, restNS()).Cache(CacheOptions{})
	for _, size := range []int{1 << 10, 1 << 20} {
		data := make([]byte, size)
		b.Run(fmt.Sprint("cache/store ", size), func(b *testing.B) {
			for b.Loop() {
				if err := ca.Store(ctx, "a", data, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint("cache/load ", size), func(b *testing.B) {
			for b.Loop() {
				if _, err := ca.Load(ctx, "a"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("cache/miss", func(b *testing.B) {
		for b.Loop() {
			_, _ = ca.Load(ctx, "never")
		}
	})
	l := restClient(b, restNS()).Locker(LockerOptions{})
	defer l.Close()
	for i := range 10000 {
		if _, err := l.Acquire(ctx, fmt.Sprint("lock ", i), time.Hour); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("list 10000", func(b *testing.B) {
		for b.Loop() {
			infos, err := l.List(ctx)
			if err != nil || len(infos) != 10000 {
				b.Fatal(len(infos), err)
			}
		}
	})
}
