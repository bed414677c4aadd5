package core_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// An audit of everything finds the counters in the store that nobody
// registered, also those that are no numbers, and none that was removed.
func TestAnAuditOfAllFindsTheCountersInTheStore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	db := openWith(t, store, core.Options{})
	for name, value := range map[string]int64{"page/a": 1, "page/é": -2, "page/gone": 3, "other": 4} {
		if err := db.Counter().Set(ctx, name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Counter().Remove(ctx, "page/gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(ctx, "_sb/counter/paged.json", []byte(`{}`), ports.Any); err != nil {
		t.Fatal(err)
	}
	audit := core.NewCounterAudit(db.Counter())
	names, err := audit.Names(ctx, "page")
	if want := []string{"page/a", "page/é", "paged"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("the names are %q, %v, want %q", names, err, want)
	}
	reports, err := audit.AuditAll(ctx, "")
	want := []core.AuditReport{
		{Name: "other", Value: 4}, {Name: "page/a", Value: 1}, {Name: "page/é", Value: -2, Negative: true}, {Name: "paged", Corrupt: true},
	}
	if err != nil || !slices.Equal(reports, want) {
		t.Errorf("the reports are %+v, %v", reports, err)
	}

	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := audit.Names(done, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	_ = db.Close()
	if _, err := audit.Names(ctx, ""); !errors.Is(err, core.ErrClosed) {
		t.Errorf("after the close: %v", err)
	}
}
