package core_test

import (
	"context"
	"fmt"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// An Observer sees every operation and every request that it made.
func Example_observer() {
	ctx := context.Background()
	watching := false
	observer := ports.Observer{
		Operation: func(ctx context.Context, info ports.OperationInfo) (context.Context, func(ports.OperationResult)) {
			return ctx, func(result ports.OperationResult) { fmt.Println(info.Name, info.ID, result.Err) }
		},
		StoreCall: func(ctx context.Context, info ports.StoreCallInfo) (context.Context, func(ports.StoreCallResult)) {
			if !watching {
				return nil, nil
			}
			return ctx, func(result ports.StoreCallResult) { fmt.Println(" ", info.Method, info.Key, result.Err) }
		},
	}
	db, err := core.Open(ctx, memory.NewStore(memory.StoreOptions{}), core.Options{Components: core.Components{Observer: observer}})
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	_, _ = db.Put(ctx, "configs/app", map[string]int{"workers": 4})

	watching = true
	_, _ = db.Patch(ctx, "configs/app", `{"workers": 8}`)
	// Output:
	// put app <nil>
	//   get configs/app.json <nil>
	//   put configs/app.json <nil>
	// patch app <nil>
}
