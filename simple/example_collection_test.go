package simple_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

// inMemory opens a database for an example, and answers how to close it.
func inMemory(ctx context.Context) (db *simple.DB, done func()) {
	db, err := simple.Open(ctx, "mem://")
	if err != nil {
		panic(err)
	}
	return db, func() {
		if err := db.Close(); err != nil {
			panic(err)
		}
	}
}

// members opens a collection with three users.
func members(ctx context.Context, db *simple.DB) *simple.Collection[User] {
	users, err := simple.NewCollection[User](ctx, db)
	if err != nil {
		panic(err)
	}
	for _, u := range []User{{"ada", "Ada", 36}, {"bob", "Bob", 20}, {"cyd", "Cyd", 41}} {
		if _, err := users.Put(ctx, u); err != nil {
			panic(err)
		}
	}
	return users
}

// A collection is called as its type, unless it is given a name.
func ExampleNewCollection() {
	type OrderItem struct {
		ID string `json:"id" sb:"id"`
	}
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	items, err := simple.NewCollection[OrderItem](ctx, db)
	fmt.Println(items.Name(), err)
	lines, err := simple.NewCollection[OrderItem](ctx, db, "shop/lines")
	fmt.Println(lines.Name(), err)
	// Output:
	// order_items <nil>
	// shop/lines <nil>
}

// Create answers the document with its new id; its argument stays as it is.
func ExampleCollection_Create() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	eve := User{Name: "Eve"}
	stored, err := users.Create(ctx, eve)
	fmt.Println(len(stored.ID), eve.ID == "", err)
	_, err = users.Create(ctx, stored)
	fmt.Println(errors.Is(err, core.ErrExists))
	// Output:
	// 36 true <nil>
	// true
}

func ExampleCollection_Get() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	fmt.Println(users.Get(ctx, "ada"))
	_, err := users.Get(ctx, "eve")
	fmt.Println(errors.Is(err, core.ErrNotFound))
	// Output:
	// {ada Ada 36} <nil>
	// true
}

// Update loses no change of another writer: it runs its function again.
func ExampleCollection_Update() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	fmt.Println(users.Update(ctx, "ada", func(u *User) error {
		u.Age++
		return nil
	}))
	// Output: {ada Ada 37} <nil>
}

func ExampleCollection_Patch() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	fmt.Println(users.Patch(ctx, "ada", `{"name":"Ada Lovelace"}`))
	// Output: {ada Ada Lovelace 36} <nil>
}

func ExampleCollection_Put() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	fmt.Println(users.Put(ctx, User{ID: "eve", Name: "Eve", Age: 29}))
	// Output: {eve Eve 29} <nil>
}

func ExampleCollection_Delete() {
	ctx := context.Background()
	db, done := inMemory(ctx)
	defer done()
	users := members(ctx, db)
	fmt.Println(users.Exists(ctx, "ada"))
	fmt.Println(users.Delete(ctx, "ada"))
	fmt.Println(users.Exists(ctx, "ada"))
	// Output:
	// true <nil>
	// <nil>
	// false <nil>
}
