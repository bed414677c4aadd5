package simple_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

func ExampleCollection_Find() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	found, err := users.Find(ctx, simple.Gte("age", 30), simple.Prefix("name", "A"))
	fmt.Println(found, err)
	// Output: [{ada Ada 36}] <nil>
}

func ExampleCollection_FindOne() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	fmt.Println(users.FindOne(ctx, simple.Eq("name", "Bob")))
	// Output: {bob Bob 20} <nil>
}

func ExampleCollection_Each() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	total := 0
	err := users.Each(ctx, func(u User) error { total += u.Age; return nil }, simple.Gt("age", 30))
	fmt.Println(total, err)
	// Output: 77 <nil>
}

func ExampleCollection_Count() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	fmt.Println(users.Count(ctx))
	fmt.Println(users.Count(ctx, simple.In("name", "Ada", "Bob", "Eve")))
	// Output:
	// 3 <nil>
	// 2 <nil>
}

// Query sorts, limits, and tells what it cost.
func ExampleCollection_Query() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	if err := users.Core().WaitReady(ctx); err != nil {
		panic(err)
	}
	var cost core.Profile
	oldest, err := users.Query().Where(simple.Gt("age", 30)).OrderBy("age", core.Desc).Limit(1).Profile(&cost).All(ctx)
	fmt.Println(oldest[0].Value, err)
	fmt.Println(cost.Plan(), cost.Read)
	// Output:
	// {cyd Cyd 41} <nil>
	// index by_age 2
}

// Core gives what this package leaves out, such as batches.
func ExampleCollection_Core() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	results, err := users.Core().GetAll(ctx, []string{"ada", "nobody"})
	fmt.Println(results[0].Value, results[0].Revision.IsZero())
	fmt.Println(errors.Is(results[1].Err, core.ErrNotFound), errors.Is(err, core.ErrNotFound))
	// Output:
	// {ada Ada 36} false
	// true true
}
