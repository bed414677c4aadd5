package faults_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func TestPauseHoldsACallUntilRelease(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		plan, inner := faults.New(faults.Options{}), newMapStore()
		store := faults.Store(inner, plan)
		rule := plan.On(faults.Match{Method: faults.Put, Key: "k"})
		pause, held := rule.Pause(), "-"
		if after {
			pause, held = rule.PauseAfter(), "v"
		}
		done := make(chan error)
		go func() { done <- put(t, store, "k", "v", ports.Any) }()
		if c := <-pause.Reached(); c.Key != "k" || content(t, inner, "k") != held {
			t.Errorf("%v is held with %q stored, want %q", c, content(t, inner, "k"), held)
		}
		pause.Release()
		pause.Release()
		if err := <-done; err != nil || content(t, inner, "k") != "v" {
			t.Errorf("after release: %v, %q", err, content(t, inner, "k"))
		}
	}
}

func TestPauseHonoursTheContext(t *testing.T) {
	t.Parallel()
	plan, inner := faults.New(faults.Options{}), newMapStore()
	store := faults.Store(inner, plan)
	before := plan.On(faults.Match{Key: "before"}).Pause()
	after := plan.On(faults.Match{Key: "after"}).PauseAfter()
	for _, tt := range []struct {
		key    string
		pause  *faults.Pause
		want   error
		stored string
	}{
		{"before", before, context.Canceled, "-"},
		{"after", after, ports.ErrUnknown, "v"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := store.Put(ctx, tt.key, []byte("v"), ports.Any)
			done <- err
		}()
		<-tt.pause.Reached()
		cancel()
		if err := <-done; !errors.Is(err, tt.want) || content(t, inner, tt.key) != tt.stored {
			t.Errorf("%s: %v, %q", tt.key, err, content(t, inner, tt.key))
		}
	}
}

func TestHealReleasesWithoutAReceiver(t *testing.T) {
	t.Parallel()
	plan := faults.New(faults.Options{})
	store := faults.Store(newMapStore(), plan)
	rule := plan.On(faults.Match{Times: faults.Always})
	rule.Pause()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { _ = put(t, store, "k", "v", ports.Any) })
	}
	plan.Heal()
	group.Wait()
}

// TestConcurrentUse is for the race detector: everything at once.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	plan, inner := faults.New(faults.Options{TraceLimit: 20}), newMapStore()
	store := faults.Store(streams{inner}, plan)
	late := plan.On(faults.Match{Nth: 5, Times: faults.Always, Method: faults.Put}).ApplyLate()
	plan.On(faults.Match{Nth: 9, Times: 50}).Replay()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 25 {
				_ = put(t, store, "k", "v", ports.Any)
				_, _ = store.Get(t.Context(), "k", ports.GetOptions{})
				for _, err := range store.List(t.Context(), ports.ListOptions{}) {
					if err != nil {
						t.Errorf("list answers %v", err)
					}
					break
				}
				if i == 0 {
					late.Apply(t.Context())
					plan.Apply(t.Context())
					_, _ = plan.Trace(), plan.Calls(faults.AnyRead)
				}
			}
		})
	}
	group.Wait()
	if got := plan.Calls(); got != 8*25*3 {
		t.Errorf("%d calls counted, want %d", got, 8*25*3)
	}
}
