package redis_test

import (
	"context"
	"fmt"
	"os"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/ports"
)

// A program that is configured by its environment, with one setting of its own.
func ExampleDial() {
	ctx := context.Background()
	config, err := redis.ConfigFromEnv(os.Getenv)
	if err != nil {
		panic(err)
	}
	config.Options.Namespace = "shop"
	client, err := redis.Dial(ctx, config)
	if err != nil {
		panic(err)
	}
	defer func() { _ = client.Close() }()
	var index ports.Index = client.Index()
	_ = index // for the options of a database
}

// A program that has a client of Redis already shares its connections.
func ExampleNew() {
	shared := goredis.NewClient(&goredis.Options{Addr: "localhost:6379"})
	defer func() { _ = shared.Close() }()
	client, err := redis.New(shared, redis.Options{
		Namespace: "shop",
		Breaker: redis.BreakerOptions{Failures: 3, Cooldown: 2 * time.Second, OnChange: func(from, to redis.BreakerState) {
			fmt.Println("breaker:", from, "to", to)
		}},
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = client.Close() }()
	fmt.Println(client.Breaker())
	// Output: closed
}

// URLs hold everything that a Config does, but for certificates.
func ExampleParseURL() {
	config, err := redis.ParseURL("rediss://app:secret@cache.example:6380/2?namespace=shop&read_timeout=500ms")
	if err != nil {
		panic(err)
	}
	fmt.Println(config.Addrs, config.Username, config.DB, config.TLS != nil, config.Options.Namespace, config.ReadTimeout)
	_, err = redis.ParseURL("redis://localhost?namspace=shop")
	fmt.Println(err)
	// Output:
	// [cache.example:6380] app 2 true shop 500ms
	// read URL options: invalid key: unknown parameter "namspace" (known: addr, cluster, dial_timeout, eviction, master, namespace, pool_size, read_timeout, sentinel_password, sentinel_username, server_name, write_timeout): "redis://localhost"
}
