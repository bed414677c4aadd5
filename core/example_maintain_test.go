package core_test

import (
	"context"
	"fmt"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// A process crashed in the middle of a transaction, and left a lock. Whoever
// needs the document waits a moment and takes it off; Maintain does so for those
// that nobody needs.
func ExampleDB_Maintain() {
	ctx := context.Background()
	store := memory.NewStore(memory.StoreOptions{})
	const left = `{"_tx":{"id":"3e6nkxc03n4z15ssc07f040s5e","prev":"doc","reads":false,"at":"2026-01-02T03:04:05Z","wait":"0s"},"name":"Ann"}`
	if _, err := store.Put(ctx, "users/ann.json", []byte(left), ports.IfAbsent); err != nil {
		fmt.Println(err)
		return
	}
	db, err := core.Open(ctx, store, core.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()

	report, err := db.Maintain(ctx, core.MaintainOptions{})
	fmt.Println("locks replaced:", report.Locks, err)
	report, err = db.Maintain(ctx, core.MaintainOptions{})
	fmt.Println("locks replaced:", report.Locks, err)
	// Output:
	// locks replaced: 1 <nil>
	// locks replaced: 0 <nil>
}
