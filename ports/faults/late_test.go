package faults_test

import (
	"context"
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// faultless and instead turn an error into a hook.
func faultless(err error) func(context.Context, faults.Call) error {
	return func(context.Context, faults.Call) error { return err }
}

func instead(err error) func(context.Context, faults.Call, error) error {
	return func(context.Context, faults.Call, error) error { return err }
}

func TestLateWriteKeepsItsBytesAndItsCondition(t *testing.T) {
	t.Parallel()
	plan, inner := faults.New(faults.Options{}), newMapStore()
	store := faults.Store(inner, plan)
	late := plan.On(faults.Match{Times: 2}).ApplyLate()
	data := []byte("first")
	for _, key := range []string{"a", "b"} {
		if _, err := store.Put(t.Context(), key, data, ports.IfAbsent); !errors.Is(err, ports.ErrUnknown) {
			t.Fatalf("put answers %v", err)
		}
	}
	copy(data, "XXXXX")
	if err := put(t, store, "b", "second", ports.Any); err != nil || late.Pending() != 2 {
		t.Fatalf("%v, %d pending", err, late.Pending())
	}
	errs := late.Apply(t.Context())
	if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], ports.ErrPrecondition) {
		t.Errorf("apply answers %v", errs)
	}
	if content(t, inner, "a") != "first" || content(t, inner, "b") != "second" {
		t.Errorf("stored %q and %q", content(t, inner, "a"), content(t, inner, "b"))
	}
	if late.Pending() != 0 || len(plan.Apply(t.Context())) != 0 {
		t.Error("writes are applied twice")
	}
}

func TestApplyAfterCountsCalls(t *testing.T) {
	t.Parallel()
	plan, inner := faults.New(faults.Options{}), newMapStore()
	store := faults.Store(inner, plan)
	plan.On(faults.Match{}).ApplyAfter(2)
	_ = put(t, store, "k", "late", ports.Any)
	for i, want := range []error{ports.ErrNotFound, nil} {
		if _, err := store.Stat(t.Context(), "k"); !errors.Is(err, want) {
			t.Errorf("call %d answers %v, want %v", i+1, err, want)
		}
	}
	want := `put k -> outcome unknown (held back)
stat k -> not found
put k -> ok (late)
stat k -> ok
`
	if plan.Trace() != want {
		t.Errorf("trace is\n%swant\n%s", plan.Trace(), want)
	}
}

func TestReplayOverwritesLaterWrites(t *testing.T) {
	t.Parallel()
	plan, inner := faults.New(faults.Options{}), newMapStore()
	store := faults.Store(inner, plan)
	plan.On(faults.Match{}).Replay()
	_ = put(t, store, "k", "old", ports.Any)
	_ = put(t, store, "k", "new", ports.Any)
	if content(t, inner, "k") != "new" {
		t.Fatal("replayed before it was told to")
	}
	if errs := plan.Apply(t.Context()); len(errs) != 1 || content(t, inner, "k") != "old" {
		t.Errorf("apply answers %v, stored %q", errs, content(t, inner, "k"))
	}
}

func TestResetForgetsLateWrites(t *testing.T) {
	t.Parallel()
	plan, inner := faults.New(faults.Options{}), newMapStore()
	store := faults.Store(inner, plan)
	plan.On(faults.Match{Times: faults.Always}).ApplyLate()
	_ = put(t, store, "k", "v", ports.Any)
	plan.Heal()
	if plan.Calls() != 1 || plan.Trace() == "" {
		t.Error("heal lost the counters")
	}
	plan.Reset()
	if plan.Calls() != 0 || plan.Trace() != "" || len(plan.Apply(t.Context())) != 0 {
		t.Error("reset kept something")
	}
	if err := put(t, store, "k", "v", ports.Any); err != nil {
		t.Errorf("a rule outlived reset: %v", err)
	}
}
