package core_test

import (
	"context"
	"fmt"
)

func ExampleDB_Counter() {
	db, done := openDB()
	defer done()
	ctx := context.Background()

	for range 3 {
		if _, err := db.Counter().Add(ctx, "visits/home", 1); err != nil {
			panic(err)
		}
	}
	fmt.Println(db.Counter().Value(ctx, "visits/home"))
	fmt.Println(db.Counter().Set(ctx, "visits/about", 7))
	for counter, err := range db.Counters(ctx, "visits/") {
		fmt.Println(counter.Name, counter.Value, err)
	}
	// Output:
	// 3 <nil>
	// <nil>
	// visits/about 7 <nil>
	// visits/home 3 <nil>
}

// A sequence reserves a block of numbers with one write, and hands them out
// from memory.
func ExampleDB_Sequence() {
	db, done := openDB()
	defer done()

	orders, err := db.Sequence("orders", 100)
	if err != nil {
		panic(err)
	}
	for range 3 {
		fmt.Println(orders.Next(context.Background()))
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 3 <nil>
}
