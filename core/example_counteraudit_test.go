package core_test

import (
	"context"
	"fmt"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// A counter that is kept beside the documents can drift: a process dies
// between the write and the addition. An audit counts again and repairs.
func ExampleCounterAudit() {
	ctx := context.Background()
	counter := memory.NewCounter()
	_ = counter.Set(ctx, "orders", 41)

	audit := core.NewCounterAudit(counter)
	err := audit.Register("orders", func(context.Context) (int64, error) {
		return 42, nil // such as: return orders.Query().Count(ctx)
	}, core.AuditOptions{})
	if err != nil {
		panic(err)
	}
	report, err := audit.Audit(ctx, "orders")
	fmt.Println(report.Value, "off by", report.Drift, err)
	report, err = audit.Repair(ctx, "orders")
	fmt.Println("repaired:", report.Repaired, err)
	value, err := counter.Value(ctx, "orders")
	fmt.Println(value, err)
	// Output:
	// 41 off by -1 <nil>
	// repaired: true <nil>
	// 42 <nil>
}
