package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func TestOptionsThatCanNotBeNameTheField(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]core.Settings{
		"Concurrency":      {Concurrency: -1},
		"Attempts":         {Attempts: 101},
		"ConflictAttempts": {ConflictAttempts: 10001},
		"RetryBase":        {RetryBase: -time.Second},
		"RetryMax":         {RetryBase: time.Second, RetryMax: time.Millisecond},
		"IndexPolicy":      {IndexPolicy: 7},
	} {
		_, err := core.Open(t.Context(), memory.NewStore(memory.StoreOptions{}), core.Options{Settings: settings})
		if !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := core.Open(t.Context(), nil, core.Options{}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("a nil store answers %v", err)
	}
}

// The probe refuses stores that only claim to honour conditions, and leaves
// nothing behind.
func TestProbeRefusesStoresThatLie(t *testing.T) {
	t.Parallel()
	always := func(m faults.Match) faults.Match { m.Times = faults.Always; return m }
	for name, lie := range map[string]struct {
		wrap func(store ports.ObjectStore) ports.ObjectStore
		says string
	}{
		"honest":                     {func(s ports.ObjectStore) ports.ObjectStore { return s }, ""},
		"forgets conditions":         {func(s ports.ObjectStore) ports.ObjectStore { return forgetful{s, false} }, "overwrites an object that should only be created"},
		"creates on a version":       {func(s ports.ObjectStore) ports.ObjectStore { return forgetful{s, true} }, "creates an object that should only be replaced"},
		"ignores delete conditions":  {func(s ports.ObjectStore) ports.ObjectStore { return blunt{s} }, "deletes an object on another version"},
		"keeps versions":             {func(s ports.ObjectStore) ports.ObjectStore { return frozen{s} }, "gives different contents the same version"},
		"every create of a race won": {func(s ports.ObjectStore) ports.ObjectStore { return &generous{ObjectStore: s} }, "concurrent creates"},
		"lists late": {func(s ports.ObjectStore) ports.ObjectStore {
			plan := faults.New(faults.Options{})
			plan.On(always(faults.Match{Method: faults.List})).BreakAfter(0, nil)
			return faults.Store(s, plan)
		}, "probe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner := memory.NewStore(memory.StoreOptions{})
			db, err := core.Open(t.Context(), lie.wrap(inner), core.Options{})
			if lie.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), lie.says) {
				t.Errorf("Open answers %v, want a reason with %q", err, lie.says)
			}
			for info, err := range inner.List(t.Context(), ports.ListOptions{}) {
				t.Errorf("%s is left behind, %v", info.Key, err)
			}
		})
	}
}
