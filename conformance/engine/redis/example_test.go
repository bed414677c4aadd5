package redis_test

import (
	"context"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/core"
)

// Leases whose tokens grow whatever Redis loses: epochs are counted in the
// object store, which loses nothing. The options of the database leave
// Components.Counter out, since a counter in Redis would be lost with the
// leases.
func Example_epochs() {
	ctx := context.Background()
	db, err := core.Open(ctx, memory.NewStore(memory.StoreOptions{}), core.Options{})
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	client, err := redis.Dial(ctx, redis.Config{Addrs: []string{"localhost:6379"}})
	if err != nil {
		panic(err)
	}
	defer func() { _ = client.Close() }()
	locker := client.Locker(redis.LockerOptions{
		Epoch: func(ctx context.Context) (uint64, error) {
			n, err := db.Counter().Add(ctx, "redis-lock-epoch", 1)
			return uint64(n), err
		},
	})
	defer func() { _ = locker.Close() }()

	lease, err := locker.Acquire(ctx, "nightly report", 30*time.Second)
	if err != nil {
		panic(err)
	}
	defer func() { _ = lease.Release(ctx) }()
	fmt.Println("under token", lease.Token())
}
