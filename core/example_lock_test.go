package core_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// openDB opens a database in memory.
func openDB() (db *core.DB, done func()) {
	db, err := core.Open(context.Background(), memory.NewStore(memory.StoreOptions{}), core.Options{})
	if err != nil {
		panic(err)
	}
	return db, func() { _ = db.Close() }
}

// One process at a time does the work, and stops when it loses the lease.
func ExampleDB_WithLock() {
	db, done := openDB()
	defer done()
	ctx := context.Background()

	err := db.WithLock(ctx, "nightly report", core.LockOptions{TTL: 30 * time.Second}, func(ctx context.Context, lease ports.Lease) error {
		fmt.Println("working with token", lease.Token())
		return ctx.Err() // pass ctx on: it ends when the lease is lost
	})
	fmt.Println(err)
	// Output:
	// working with token 1
	// <nil>
}

// Without waiting, a lease that is held answers at once.
func ExampleDB_Lock() {
	db, done := openDB()
	defer done()
	ctx := context.Background()

	held, err := db.Lock(ctx, "import", core.LockOptions{})
	if err != nil {
		panic(err)
	}
	_, err = db.Lock(ctx, "import", core.LockOptions{Wait: -1})
	fmt.Println("held by another:", errors.Is(err, ports.ErrBusy))

	fmt.Println(held.Release(ctx))
	again, err := db.Lock(ctx, "import", core.LockOptions{Wait: time.Second})
	fmt.Println(again.Lease().Token(), err)
	// Output:
	// held by another: true
	// <nil>
	// 2 <nil>
}

// What is done in a transaction under a lock takes place while the lock is held,
// or not at all.
func ExampleTx_Fence() {
	db, done := openDB()
	defer done()
	ctx := context.Background()

	held, err := db.Lock(ctx, "nightly report", core.LockOptions{})
	if err != nil {
		panic(err)
	}
	report := func() error {
		return db.Tx(ctx, func(tx *core.Tx) error {
			if err := tx.Fence(ctx, held.Lease()); err != nil {
				return err
			}
			_, err := tx.Put(ctx, "reports/today", map[string]int{"orders": 17})
			return err
		})
	}
	fmt.Println(report())

	// Somebody takes the lock away, which the holder does not notice at once.
	fmt.Println(db.ReleaseLock(ctx, "nightly report", held.Lease().Token()))
	fmt.Println("lost:", errors.Is(report(), ports.ErrLost))
	// Output:
	// <nil>
	// <nil>
	// lost: true
}

// An operator sees who holds what, and can end a lease.
func ExampleDB_Locks() {
	db, done := openDB()
	defer done()
	ctx := context.Background()

	lease, err := db.Locker().Acquire(ctx, "import", time.Hour)
	if err != nil {
		panic(err)
	}
	infos, err := db.Locks(ctx)
	fmt.Println(len(infos), infos[0].Name, infos[0].Token, err)

	fmt.Println(db.ReleaseLock(ctx, infos[0].Name, infos[0].Token))
	fmt.Println("lost:", errors.Is(lease.Renew(ctx), ports.ErrLost))
	_, err = db.LockInfo(ctx, "import")
	fmt.Println("free:", errors.Is(err, core.ErrNotFound))
	// Output:
	// 1 import 1 <nil>
	// <nil>
	// lost: true
	// free: true
}

// Changes of a document that many make at once take turns.
func ExampleCollection_Atomic() {
	users, done := openUsers()
	defer done()

	ann, err := users.Atomic(context.Background(), "ann", func(u *User) error {
		u.Age++
		return nil
	})
	fmt.Println(ann.Value.Age, err)
	// Output:
	// 32 <nil>
}
