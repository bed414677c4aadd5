package memory_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// A compare-and-swap is won once.
func ExampleStore() {
	ctx := context.Background()
	store := memory.NewStore(memory.StoreOptions{})

	first, err := store.Put(ctx, "greeting.txt", []byte("hello"), ports.IfAbsent)
	if err != nil {
		panic(err)
	}
	if _, err = store.Put(ctx, "greeting.txt", []byte("hello, world"), ports.IfVersion(first)); err != nil {
		panic(err)
	}
	_, err = store.Put(ctx, "greeting.txt", []byte("good morning"), ports.IfVersion(first))
	fmt.Println(errors.Is(err, ports.ErrPrecondition))

	object, err := store.Get(ctx, "greeting.txt", ports.GetOptions{})
	fmt.Println(string(object.Data), err)
	// Output:
	// true
	// hello, world <nil>
}

// A test acts as a store that can do less.
func ExampleStoreOptions() {
	store := memory.NewStore(memory.StoreOptions{HashVersions: true, NoConditionalDelete: true, LateWrites: true})
	fmt.Printf("%+v\n", store.Capabilities())
	// Output:
	// {Name:memory ConditionalDelete:false UniqueVersions:false LateWrites:true NestedKeys:true MaxObjectSize:0 MaxKeyBytes:0}
}

// Entries are found by range, in byte order.
func ExampleIndex() {
	ctx := context.Background()
	index := memory.NewIndex(memory.IndexOptions{})
	identity, err := index.Identity(ctx)
	if err != nil {
		panic(err)
	}
	regime := ports.Regime{Epoch: "1", Identity: identity}
	if err := index.Install(ctx, "users", regime); err != nil {
		panic(err)
	}
	entries := []ports.Entry{{Set: "city", Member: []byte("Oslo/u2")}, {Set: "city", Member: []byte("Bern/u1")}}
	if err := index.Begin(ctx, "users", regime, entries); err != nil {
		panic(err)
	}
	page, err := index.Query(ctx, "users", regime, ports.EntryRange{Set: "city", From: []byte("B"), To: []byte("P")})
	fmt.Printf("%s, %d Begin, %v\n", page.Members, page.Begins, err)
	// Output:
	// [Bern/u1 Oslo/u2], 1 Begin, <nil>
}

// The token of a lease is what a protected resource checks.
func ExampleLocker() {
	ctx := context.Background()
	locker := memory.NewLocker(memory.LockerOptions{})
	defer func() { _ = locker.Close() }()

	lease, err := locker.Acquire(ctx, "nightly report", time.Minute)
	fmt.Println(lease.Token(), err)
	_, err = locker.Acquire(ctx, "nightly report", time.Minute)
	fmt.Println(errors.Is(err, ports.ErrBusy))
	fmt.Println(lease.Release(ctx))
	// Output:
	// 1 <nil>
	// true
	// <nil>
}

func ExampleCounter() {
	ctx := context.Background()
	counter := memory.NewCounter()
	for range 3 {
		if _, err := counter.Add(ctx, "visits", 2); err != nil {
			panic(err)
		}
	}
	fmt.Println(counter.Value(ctx, "visits"))
	// Output:
	// 6 <nil>
}

func ExampleCache() {
	ctx := context.Background()
	cache := memory.NewCache(memory.CacheOptions{MaxBytes: 1 << 20})
	if err := cache.Store(ctx, "a", []byte("kept for an hour"), time.Hour); err != nil {
		panic(err)
	}
	data, err := cache.Load(ctx, "a")
	fmt.Println(string(data), err)
	// Output:
	// kept for an hour <nil>
}
