package core_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// Account is a document of the examples of transactions.
type Account struct {
	Owner   string `json:"owner" sb:"index"`
	Balance int    `json:"balance"`
}

var errTooLittle = errors.New("there is too little on the account")

// openAccounts opens a collection in memory, with two accounts of Ann's.
func openAccounts() (db *core.DB, accounts *core.Collection[Account], done func()) {
	ctx := context.Background()
	db, err := core.Open(ctx, memory.NewStore(memory.StoreOptions{}), core.Options{
		Components: core.Components{Index: memory.NewIndex(memory.IndexOptions{})},
	})
	if err != nil {
		panic(err)
	}
	if accounts, err = core.NewCollection[Account](ctx, db, "accounts"); err != nil {
		panic(err)
	}
	for id, balance := range map[string]int{"giro": 100, "savings": 500} {
		if _, err := accounts.Create(ctx, id, Account{Owner: "ann", Balance: balance}); err != nil {
			panic(err)
		}
	}
	if err := accounts.WaitReady(ctx); err != nil {
		panic(err)
	}
	return db, accounts, func() { _ = db.Close() }
}

// Money goes from one account to another, or nothing happens at all. The
// function may run again if others change the accounts at the same time.
func ExampleDB_Tx() {
	db, accounts, done := openAccounts()
	defer done()
	ctx := context.Background()

	transfer := func(amount int) error {
		return db.Tx(ctx, func(tx *core.Tx) error {
			in := accounts.In(tx)
			from, err := in.Get(ctx, "giro")
			if err != nil {
				return err
			}
			if from.Value.Balance < amount {
				return errTooLittle
			}
			from.Value.Balance -= amount
			if _, err := in.Put(ctx, "giro", from.Value); err != nil {
				return err
			}
			_, err = in.Update(ctx, "savings", func(a *Account) error { a.Balance += amount; return nil })
			return err
		})
	}
	fmt.Println(transfer(70))
	fmt.Println(errors.Is(transfer(70), errTooLittle))

	giro, _ := accounts.Get(ctx, "giro")
	savings, _ := accounts.Get(ctx, "savings")
	fmt.Println(giro.Value.Balance, savings.Value.Balance)
	// Output:
	// <nil>
	// true
	// 30 570
}

// A query inside a transaction is part of what must still be so when it commits:
// an account that somebody opens meanwhile is a conflict, and the function runs
// again.
func ExampleDB_Tx_query() {
	db, accounts, done := openAccounts()
	defer done()
	ctx := context.Background()

	runs := 0
	err := db.Tx(ctx, func(tx *core.Tx) error {
		runs++
		sum := 0
		for account, err := range accounts.In(tx).Query().Where(core.Eq("owner", "ann")).Iter(ctx) {
			if err != nil {
				return err
			}
			sum += account.Value.Balance
		}
		if runs == 1 { // somebody else, at the same time
			if _, err := accounts.Create(ctx, "gold", Account{Owner: "ann", Balance: 1000}); err != nil {
				return err
			}
		}
		_, err := tx.Put(ctx, "reports/ann", map[string]int{"sum": sum})
		return err
	})
	var report map[string]int
	_, getErr := db.Get(ctx, "reports/ann", &report)
	fmt.Println(runs, report["sum"], err, getErr)
	// Output: 2 1600 <nil> <nil>
}

// The long form, for code that can't be put into a function. There is no second
// run: the caller begins again after a conflict.
func ExampleDB_Begin() {
	db, accounts, done := openAccounts()
	defer done()
	ctx := context.Background()

	tx, err := db.Begin(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tx.Rollback() // does nothing after Commit
	in := accounts.In(tx)
	_, _ = in.Update(ctx, "giro", func(a *Account) error { a.Balance -= 10; return nil })
	_, _ = in.Update(ctx, "savings", func(a *Account) error { a.Balance += 10; return nil })

	_, _ = accounts.Patch(ctx, "giro", `{"balance": 0}`) // somebody else

	fmt.Println(errors.Is(tx.Commit(ctx), core.ErrConflict))
	savings, _ := accounts.Get(ctx, "savings")
	fmt.Println(savings.Value.Balance)
	// Output:
	// true
	// 500
}
