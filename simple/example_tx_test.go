package simple_test

import (
	"context"
	"fmt"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

// A transaction moves an amount between two accounts, or does nothing.
func ExampleDB_Tx() {
	type Account struct {
		ID      string `json:"id" sb:"id"`
		Balance int    `json:"balance"`
	}
	ctx := context.Background()
	db, err := simple.Open(ctx, "mem://")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()
	accounts, err := simple.NewCollection[Account](ctx, db)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range []Account{{"ann", 100}, {"bob", 0}} {
		if _, err := accounts.Create(ctx, a); err != nil {
			fmt.Println(err)
			return
		}
	}
	err = db.Tx(ctx, func(tx *core.Tx) error {
		in := accounts.In(tx)
		ann, err := in.Get(ctx, "ann")
		if err != nil {
			return err
		}
		bob, err := in.Get(ctx, "bob")
		if err != nil {
			return err
		}
		ann.Balance -= 30
		bob.Balance += 30
		if _, err := in.Put(ctx, ann); err != nil {
			return err
		}
		_, err = in.Put(ctx, bob)
		return err
	})
	ann, _ := accounts.Get(ctx, "ann")
	bob, _ := accounts.Get(ctx, "bob")
	fmt.Println(ann.Balance, bob.Balance, err)
	// Output: 70 30 <nil>
}
