package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/core"
)

// TestIndexRegimes runs models/indexes.py over the real code: clients that
// are killed anywhere, requests that are lost, late and repeated, an index
// that loses everything or falls back, in time that passes by itself.
func TestIndexRegimes(t *testing.T) {
	t.Parallel()
	divided := networkSpeed
	divided.partitions = 3
	for name, pace := range map[string]speed{"network": networkSpeed, "local": localSpeed, "network, divided index": divided} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runSeeds(t, scale("SB_SEEDS", 200), func(t *testing.T, seed uint64) tally { return simulate(t, seed, pace) })
		})
	}
}

// runSeeds runs a simulation for each seed and stops at the first that fails.
func runSeeds(t *testing.T, seeds int, run func(t *testing.T, seed uint64) tally) {
	var total tally
	first := scale("SB_SEED", 1)
	for seed := first; seed < first+seeds; seed++ {
		ok := t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { total.add(run(t, uint64(seed))) })
		})
		if !ok {
			t.Fatalf("repeat with SB_SEED=%d SB_SEEDS=1; this was simulation number %d", seed, seed-first+1)
		}
	}
	t.Logf("%d simulations: %+v", seeds, total)
}

func simulate(t *testing.T, seed uint64, pace speed) tally {
	w := newWorld(seed, pace)
	w.audit(t) // the index is ready when the clients come
	stop := make(chan struct{})
	w.chaos.Go(func() { w.rage(stop) })
	w.chaos.Go(func() { w.replicate(stop) })
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Go(func() { w.live(client+1, 12) })
	}
	clients.Wait()
	close(stop)
	w.chaos.Wait()
	later(t, max(pace.late, 2*pace.long)) // what is on its way arrives
	w.audit(t)
	close(w.over)
	w.crowd.Wait()
	w.flying.Wait() // what was sent when the world ended
	w.history.settle(w.told)
	for i, problem := range w.history.problems {
		if i < 5 {
			t.Error(problem)
		}
	}
	return w.tally
}

// audit waits, as a new process without faults, until the index is ready, and
// compares it with the documents.
func (w *world) audit(t *testing.T) {
	store := w.history.inner
	db, err := core.Open(background, store, core.Options{
		Settings: core.Settings{IndexPartitions: w.speed.partitions}, Components: core.Components{Index: w.server("")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(background, time.Hour)
	defer cancel()
	items, err := core.NewCollection[item](ctx, db, "items")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range questionsAsked {
		for {
			if err := items.WaitReady(ctx); err != nil {
				t.Fatal("the index does not get ready: ", err)
			}
			a, err := answerOf(w.history, "the auditor", items, want)
			if err != nil {
				t.Fatal(err)
			}
			w.history.check(a)
			if a.index {
				break
			}
		}
	}
}
