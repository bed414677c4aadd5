package core_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// Purchase belongs to a user, and goes with it.
type Purchase struct {
	User string `json:"user" sb:"ref:users,on_delete:cascade,must_exist"`
}

// Review names a user, who can't be deleted as long as it does.
type Review struct {
	By string `json:"by" sb:"ref:users"`
}

func ExampleReference() {
	ctx := context.Background()
	db, err := core.Open(ctx, memory.NewStore(memory.StoreOptions{}), core.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()
	users, _ := core.NewCollection[User](ctx, db, "users")
	purchases, _ := core.NewCollection[Purchase](ctx, db, "purchases")
	reviews, _ := core.NewCollection[Review](ctx, db, "reviews")

	_, _ = users.Create(ctx, "ann", User{Name: "Ann"})
	_, _ = purchases.Create(ctx, "1", Purchase{User: "ann"})
	_, _ = reviews.Create(ctx, "good", Review{By: "ann"})

	_, err = purchases.Create(ctx, "2", Purchase{User: "bob"})
	fmt.Println(errors.Is(err, core.ErrConstraint))

	err = users.Delete(ctx, "ann")
	var refused *core.ReferenceError
	fmt.Println(errors.As(err, &refused), refused.Child, refused.IDs)

	_ = reviews.Delete(ctx, "good")
	plan, _ := users.DeletePlan(ctx, "ann")
	fmt.Print(plan)
	fmt.Println(users.Delete(ctx, "ann"))
	left, _ := purchases.Count(ctx)
	fmt.Println(left)

	tree, _ := db.References(ctx)
	fmt.Print(tree)
	// Output:
	// true
	// true reviews [good]
	// delete users/ann
	// └── delete purchases/1 (user)
	// <nil>
	// 0
	// users
	// ├── purchases.user (cascade, must_exist)
	// └── reviews.by (restrict)
}
