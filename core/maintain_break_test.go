package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func TestMaintainAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		k.write(t, "_sb/maintenance.json", `{"_rev":"0f3k8q1vd2m7x","began":"2040-01-01T00:00:00Z"}`)
		k.write(t, "docs/a.json", lockedBy1)
		report := k.maintain(t, core.MaintainOptions{})
		if report.Locks != 1 {
			t.Errorf("%+v", report)
		}
	})
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		k.write(t, "_sb/maintenance.json", `{"_rev":"0f3k8q1vd2m7x","began":"2040-01-01T00:00:00Z"}`)
		k.write(t, "docs/a.json", lockedBy1)
		db := k.open(t, 0)
		defer func() { _ = db.Close() }()
		wait(t, 30*time.Minute)
		if k.holds("docs/a.json") == lockedBy1 {
			t.Error("never due")
		}
	})
}

func TestARunThatFailsIsNotRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		k.write(t, "docs/b.json", `{"_tx":{"prev":"doc"},"v":"damaged"}`)
		db, db2 := k.open(t, 0), k.open(t, 0)
		runs := 0
		k.plan.On(faults.Match{Method: faults.List, KeyPrefix: "_sb/tx/", Times: faults.Always}).Before(func(context.Context, faults.Call) error { runs++; return nil })
		wait(t, 72*time.Hour)
		if runs < 2 || runs > 4 {
			t.Errorf("%d runs of two processes in three days", runs)
		}
		_, _ = db.Close(), db2.Close()
	})
}

func TestCloseEndsMaintenanceOfAStoreThatHangs(t *testing.T) {
	t.Parallel()
	onKept(t, memory.StoreOptions{}, func(t *testing.T, k *kept) {
		db := k.open(t, 0)
		k.plan.On(faults.Match{Method: faults.List, KeyPrefix: "_sb/tx/"}).Before(func(ctx context.Context, _ faults.Call) error {
			k.plan.On(faults.Match{Times: faults.Always}).Before(func(ctx context.Context, _ faults.Call) error { <-ctx.Done(); return ctx.Err() })
			<-ctx.Done()
			return ctx.Err()
		})
		wait(t, 25*time.Minute)
		began := time.Now()
		_ = db.Close()
		if d := time.Since(began); d > 6*time.Second {
			t.Errorf("took %v", d)
		}
	})
}
