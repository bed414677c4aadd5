package redis_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/ports"
)

// A job that one process at a time should do. What it writes carries the
// token, and whoever stores it refuses a token below the greatest one seen.
func ExampleLocker() {
	ctx := context.Background()
	client, err := redis.Dial(ctx, redis.Config{Addrs: []string{"localhost:6379"}})
	if err != nil {
		panic(err)
	}
	defer func() { _ = client.Close() }()
	locker := client.Locker(redis.LockerOptions{AutoRenew: true})
	defer func() { _ = locker.Close() }()

	lease, err := locker.Acquire(ctx, "nightly report", 30*time.Second)
	switch {
	case errors.Is(err, ports.ErrBusy):
		return // another process is at it
	case err != nil:
		panic(err)
	}
	defer func() { _ = lease.Release(ctx) }()
	for step := range 10 {
		select {
		case <-lease.Lost():
			return // somebody else may be at it by now
		default:
			fmt.Println("step", step, "under token", lease.Token())
		}
	}
}

// An operator looks at who holds what, and ends one lease.
func ExampleLocker_ForceRelease() {
	ctx := context.Background()
	client, err := redis.Dial(ctx, redis.Config{Addrs: []string{"localhost:6379"}})
	if err != nil {
		panic(err)
	}
	defer func() { _ = client.Close() }()
	locker := client.Locker(redis.LockerOptions{})
	defer func() { _ = locker.Close() }()

	leases, err := locker.List(ctx)
	if err != nil {
		panic(err)
	}
	for _, held := range leases {
		fmt.Println(held.Name, "by", held.Holder, "for", held.Remaining)
		if held.Remaining > time.Hour {
			// With the token it never hits a newer holder.
			if err := locker.ForceRelease(ctx, held.Name, held.Token); err != nil && !errors.Is(err, ports.ErrLost) {
				panic(err)
			}
		}
	}
}

// Counters and a cache on the same client.
func ExampleClient_Counter() {
	ctx := context.Background()
	client, err := redis.Dial(ctx, redis.Config{Addrs: []string{"localhost:6379"}})
	if err != nil {
		panic(err)
	}
	defer func() { _ = client.Close() }()

	invoices := client.Counter()
	number, err := invoices.Add(ctx, "invoices", 1)
	if err != nil {
		panic(err) // ErrUnknown: it may have counted
	}
	pages := client.Cache(redis.CacheOptions{Name: "pages", TTL: time.Hour})
	if err := pages.Store(ctx, fmt.Sprint("invoice ", number), []byte("<html>"), 0); err != nil {
		panic(err)
	}
}
