package rediswire

import (
	"context"

	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/ports"
)

// Set provides *redis.Client, *redis.Index and ports.Index from a context and
// redis.Config.
var Set = wire.NewSet(Dial, Index, wire.Bind(new(ports.Index), new(*redis.Index)))

// ServiceSet provides lockers, counters and caches, by their ports too, from a
// *redis.Client, redis.LockerOptions and redis.CacheOptions.
var ServiceSet = wire.NewSet(
	Locker, wire.Bind(new(ports.Locker), new(*redis.Locker)),
	Counter, wire.Bind(new(ports.Counter), new(*redis.Counter)),
	Cache, wire.Bind(new(ports.Cache), new(*redis.Cache)),
)

// Dial is redis.Dial with the clean-up that closes the client.
func Dial(ctx context.Context, config redis.Config) (*redis.Client, func(), error) {
	client, err := redis.Dial(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	return client, func() { _ = client.Close() }, nil // nobody is left to tell
}

// Index is the index of a client.
func Index(client *redis.Client) *redis.Index { return client.Index() }

// Locker is a locker of a client, with the clean-up that releases its leases.
func Locker(client *redis.Client, opts redis.LockerOptions) (*redis.Locker, func()) {
	locker := client.Locker(opts)
	return locker, func() { _ = locker.Close() } // leases end by themselves, too
}

// Counter is the counters of a client.
func Counter(client *redis.Client) *redis.Counter { return client.Counter() }

// Cache is a cache of a client.
func Cache(client *redis.Client, opts redis.CacheOptions) *redis.Cache { return client.Cache(opts) }
