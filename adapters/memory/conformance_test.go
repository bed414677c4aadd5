package memory_test

import (
	"context"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// behind wraps what a harness makes in a plan without rules, and remembers
// what is inside.
type behind[T any] struct {
	wrap func(T, *faults.Plan) T
	made sync.Map
}

func (b *behind[T]) put(inner T) T {
	if b == nil {
		return inner
	}
	outer := b.wrap(inner, faults.New(faults.Options{}))
	b.made.Store(any(outer), inner)
	return outer
}

func (b *behind[T]) inside(outer T) T {
	if b == nil {
		return outer
	}
	inner, _ := b.made.Load(any(outer))
	return inner.(T)
}

func storeHarness(opts memory.StoreOptions, b *behind[ports.ObjectStore]) conformance.StoreHarness {
	client := func(_ testing.TB, first ports.ObjectStore) ports.ObjectStore {
		return b.put(b.inside(first).(*memory.Store).Client())
	}
	return conformance.StoreHarness{
		New:    func(testing.TB) ports.ObjectStore { return b.put(memory.NewStore(opts)) },
		Second: client,
		Reopen: func(t testing.TB, open ports.ObjectStore) ports.ObjectStore {
			if err := b.inside(open).(*memory.Store).Close(); err != nil {
				t.Error(err)
			}
			return client(t, open)
		},
		PageSize: 256,
	}
}

// below confines a store to a prefix, with neighbours that must not be seen.
func below(folder string) func(ports.ObjectStore, *faults.Plan) ports.ObjectStore {
	return func(inner ports.ObjectStore, _ *faults.Plan) ports.ObjectStore {
		for _, neighbour := range []string{"a.json", folder + "-.json", folder + "0/a.json"} {
			if _, err := inner.Put(context.Background(), neighbour, nil, ports.Any); err != nil {
				panic(err)
			}
		}
		outer, err := prefix.Store(inner, folder)
		if err != nil {
			panic(err)
		}
		return outer
	}
}

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]memory.StoreOptions{
		"all":                   {},
		"hash versions":         {HashVersions: true},
		"no conditional delete": {NoConditionalDelete: true},
		"no nested keys":        {NoNestedKeys: true},
		"late writes":           {LateWrites: true},
		"small objects":         {MaxObjectSize: 8 << 20},
		"least": {
			HashVersions: true, NoConditionalDelete: true, NoNestedKeys: true, LateWrites: true, MaxObjectSize: 8 << 20,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, storeHarness(opts, nil))
		})
		t.Run(name+" behind faults", func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, storeHarness(opts, &behind[ports.ObjectStore]{wrap: faults.Store}))
		})
		t.Run(name+" below a prefix", func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, storeHarness(opts, &behind[ports.ObjectStore]{wrap: below("tenants/7")}))
		})
	}
}

func indexHarness(b *behind[ports.Index]) conformance.IndexHarness {
	inside := func(x ports.Index) *memory.Index { return b.inside(x).(*memory.Index) }
	return conformance.IndexHarness{
		New:    func(testing.TB) ports.Index { return b.put(memory.NewIndex(memory.IndexOptions{})) },
		Second: func(_ testing.TB, first ports.Index) ports.Index { return b.put(inside(first).Client()) },
		Reopen: func(t testing.TB, open ports.Index) ports.Index {
			if err := inside(open).Close(); err != nil {
				t.Error(err)
			}
			return b.put(inside(open).Client())
		},
		Lose:  func(_ testing.TB, x ports.Index) ports.Index { inside(x).Restart(); return x },
		Flush: func(_ testing.TB, x ports.Index) ports.Index { inside(x).Lose(); return x },
	}
}

func TestIndexKeepsTheContract(t *testing.T) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		conformance.TestIndex(t, indexHarness(nil))
	})
	t.Run("behind faults", func(t *testing.T) {
		t.Parallel()
		conformance.TestIndex(t, indexHarness(&behind[ports.Index]{wrap: faults.Index}))
	})
}

func TestLockerKeepsTheContract(t *testing.T) {
	t.Parallel()
	conformance.TestLocker(t, conformance.LockerHarness{
		New: func(testing.TB) ports.Locker { return memory.NewLocker(memory.LockerOptions{}) },
	})
}

func TestCounterKeepsTheContract(t *testing.T) {
	t.Parallel()
	conformance.TestCounter(t, conformance.CounterHarness{
		New: func(testing.TB) ports.Counter { return memory.NewCounter() },
	})
}

func TestCacheKeepsTheContract(t *testing.T) {
	t.Parallel()
	conformance.TestCache(t, conformance.CacheHarness{
		New: func(testing.TB) ports.Cache { return memory.NewCache(memory.CacheOptions{}) },
	})
}
