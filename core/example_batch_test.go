package core_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core"
)

func ExampleCollection_GetAll() {
	users, done := openUsers()
	defer done()

	results, err := users.GetAll(context.Background(), []string{"cy", "nobody", "ann"})
	for _, result := range results { // in the order of the ids
		fmt.Println(result.Value.Name, errors.Is(result.Err, core.ErrNotFound))
	}
	fmt.Println(errors.Is(err, core.ErrNotFound))
	// Output:
	// Cy false
	//  true
	// Ann false
	// true
}

func ExampleCollection_CreateAll() {
	users, done := openUsers()
	defer done()
	ctx := context.Background()

	docs := []core.Document[User]{{ID: "dan", Value: User{Name: "Dan"}}, {ID: "ann"}, {ID: "eve", Value: User{Name: "Eve"}}}
	last := 0
	results, err := users.CreateAll(ctx, docs, core.BatchOptions{Progress: func(done, total int) { last = done }})
	fmt.Println(results[0].Err, errors.Is(results[1].Err, core.ErrExists), results[2].Err)
	fmt.Println(err)
	n, _ := users.Count(ctx)
	fmt.Println(n, last)
	// Output:
	// <nil> true <nil>
	// documents failed: 1, the first: create: already exists: document "ann" of "users"
	// 5 3
}
