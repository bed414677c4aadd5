package core_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// counterOf is the counter of a database, which the kit can open again.
type counterOf struct {
	ports.Counter
	db    *core.DB
	store *memory.Store
}

func newCounterOf(t testing.TB, store *memory.Store) ports.Counter {
	db := openWith(t, store, core.Options{})
	return &counterOf{db.Counter(), db, store}
}

func TestCountersInTheStoreKeepTheContract(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]memory.StoreOptions{
		"unique versions": {},
		"hash versions":   {HashVersions: true, NoConditionalDelete: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestCounter(t, conformance.CounterHarness{
				New: func(t testing.TB) ports.Counter { return newCounterOf(t, memory.NewStore(options)) },
				Second: func(t testing.TB, first ports.Counter) ports.Counter {
					return newCounterOf(t, first.(*counterOf).store.Client())
				},
				Reopen: func(t testing.TB, open ports.Counter) ports.Counter {
					if err := open.(*counterOf).db.Close(); err != nil {
						t.Error(err)
					}
					return newCounterOf(t, open.(*counterOf).store.Client())
				},
			})
		})
	}
}

// An Add whose answer was lost is counted once, and one that can't be told is
// not made again.
func TestAddsAreCountedOnce(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*faults.Rule){
		"lost answer":  func(r *faults.Rule) { r.LoseAnswer() },
		"lost request": func(r *faults.Rule) { r.LoseRequest() },
		"busy":         func(r *faults.Rule) { r.Busy() },
		"sent twice":   func(r *faults.Rule) { r.Duplicate() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			for n := 1; ; n++ {
				plan := faults.New(faults.Options{})
				inner := memory.NewStore(memory.StoreOptions{HashVersions: true})
				db := openWith(t, faults.Store(inner, plan), core.Options{Settings: core.Settings{SkipProbe: true}})
				rule := plan.On(faults.Match{Method: faults.Put, Nth: n})
				fault(rule)
				added := int64(0)
				for range 3 {
					if _, err := db.Counter().Add(ctx, "n", 1); err == nil {
						added++
					} else if errors.Is(err, ports.ErrUnknown) {
						added = -100 // can't be told; not expected with one writer
					}
				}
				if value, err := db.Counter().Value(ctx, "n"); err != nil || value != added || added != 3 {
					t.Errorf("fault at put %d: the value is %d, %v after %d adds", n, value, err, added)
				}
				if rule.Hits() == 0 {
					return
				}
			}
		})
	}
}

func TestCountersAreListed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	db := openWith(t, store, core.Options{})
	for i, name := range []string{"page/a", "page/b", "page/gone", "other", "é"} {
		if err := db.Counter().Set(ctx, name, int64(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Counter().Remove(ctx, "page/gone"); err != nil {
		t.Fatal(err)
	}
	list := func(db *core.DB, prefix string) (found []string) {
		for counter, err := range db.Counters(ctx, prefix) {
			if err != nil {
				return append(found, core.KindOf(err).Error())
			}
			found = append(found, fmt.Sprint(counter.Name, counter.Value))
		}
		return found
	}
	if got, want := list(db, "page/"), []string{"page/a0", "page/b1"}; !slices.Equal(got, want) {
		t.Errorf("listed are %q, want %q", got, want)
	}
	if got := list(db, "other.js"); len(got) != 0 { // other.json starts so
		t.Errorf("listed are %q", got)
	}
	if got := list(db, ""); len(got) != 4 {
		t.Errorf("listed are %q", got)
	}
	for _, err := range db.Counters(ctx, "") {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if _, err := store.Put(ctx, "_sb/counter/bad.json", []byte(`{}`), ports.Any); err != nil {
		t.Fatal(err)
	}
	if got, want := list(db, "b"), []string{"corrupt"}; !slices.Equal(got, want) {
		t.Errorf("listed are %q, want %q", got, want)
	}
	_ = db.Close()
	if got, want := list(db, ""), []string{"closed"}; !slices.Equal(got, want) {
		t.Errorf("listed are %q, want %q", got, want)
	}
	elsewhere := openWith(t, memory.NewStore(memory.StoreOptions{}), core.Options{Components: core.Components{Counter: memory.NewCounter()}})
	if got, want := list(elsewhere, ""), []string{"unsupported"}; !slices.Equal(got, want) {
		t.Errorf("listed are %q, want %q", got, want)
	}
}

func TestSequencesGiveEachNumberOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	const processes, workers, each, block = 3, 4, 50, 16
	var mu sync.Mutex
	seen := map[int64]bool{}
	var group sync.WaitGroup
	for range processes {
		db := openWith(t, store.Client(), core.Options{})
		for range workers {
			group.Go(func() {
				sequence, err := db.Sequence("orders", block)
				if err != nil {
					t.Error(err)
					return
				}
				last := int64(0)
				for range each {
					n, err := sequence.Next(ctx)
					if err != nil || n <= last {
						t.Errorf("after %d came %d, %v", last, n, err)
					}
					last = n
					mu.Lock()
					if seen[n] {
						t.Errorf("%d was given twice", n)
					}
					seen[n] = true
					mu.Unlock()
				}
			})
		}
	}
	group.Wait()
	if len(seen) != processes*workers*each || !seen[1] {
		t.Errorf("%d numbers, the first one given: %v", len(seen), seen[1])
	}
}

func TestSequenceRequests(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	plan := faults.New(faults.Options{})
	db := openWith(t, faults.Store(memory.NewStore(memory.StoreOptions{}), plan), core.Options{})
	sequence, err := db.Sequence("orders", 100)
	if err != nil {
		t.Fatal(err)
	}
	plan.Reset()
	for want := int64(1); want <= 200; want++ {
		if n, err := sequence.Next(ctx); n != want || err != nil {
			t.Fatalf("%d, %v, want %d", n, err, want)
		}
	}
	if plan.Calls() != 4 {
		t.Errorf("200 numbers in blocks of 100 asked %v", plan.Trace())
	}
	plan.On(faults.Match{Method: faults.Put, Times: faults.Always}).Fail(ports.ErrPermission)
	if _, err := sequence.Next(ctx); !errors.Is(err, core.ErrPermission) {
		t.Errorf("it answers %v", err)
	}
	plan.Heal()
	if n, err := sequence.Next(ctx); n != 201 || err != nil {
		t.Errorf("after a failure it answers %d, %v", n, err)
	}
	if err := db.Counter().Set(ctx, "sequence/orders", 50); err != nil {
		t.Fatal(err)
	}
	for range 99 {
		if _, err := sequence.Next(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sequence.Next(ctx); !errors.Is(err, core.ErrCorrupt) {
		t.Errorf("a counter that was set back makes it answer %v", err)
	}
	for _, block := range []int64{0, -1, 1<<32 + 1} {
		if _, err := db.Sequence("orders", block); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("a block of %d: %v", block, err)
		}
	}
}
