package core_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// No two documents can have the same value in a field that is tagged as unique,
// whatever program writes them.
func ExampleUnique() {
	type Customer struct {
		Email  string `json:"email" sb:"unique,normalize:email"`
		Tenant string `json:"tenant"`
		Slug   string `json:"slug"`
	}
	ctx := context.Background()
	db, err := core.Open(ctx, memory.NewStore(memory.StoreOptions{}), core.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	customers, err := core.NewCollection[Customer](ctx, db, "customers", core.Unique("tenant", "slug"))
	if err != nil {
		log.Fatal(err)
	}
	if _, err = customers.Create(ctx, "1", Customer{Email: "ann@example.com", Tenant: "north", Slug: "ann"}); err != nil {
		log.Fatal(err)
	}
	_, err = customers.Create(ctx, "2", Customer{Email: "Ann@Example.com", Tenant: "north", Slug: "ann2"})
	var taken *core.UniqueError
	if errors.As(err, &taken) {
		fmt.Println(taken.Fields, string(taken.Value), taken.Existing)
	}
	_, err = db.Create(ctx, "customers/2", map[string]any{"email": "bob@example.com", "tenant": "north", "slug": "ann"})
	fmt.Println(errors.Is(err, core.ErrConstraint))
	// Output:
	// [email] "ann@example.com" 1
	// true
}
