package kit_test

import (
	"context"
	"iter"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// patched is a memory store with some methods replaced. What is nil is as it
// was; optional interfaces are found behind it.
type patched struct {
	*memory.Store
	get    func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error)
	put    func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error)
	delete func(ctx context.Context, key string, cond ports.Condition) error
	stat   func(ctx context.Context, key string) (ports.ObjectInfo, error)
	list   func(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error]
	caps   func(ports.Capabilities) ports.Capabilities
}

func (p *patched) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	if p.get != nil {
		return p.get(ctx, key, opts)
	}
	return p.Store.Get(ctx, key, opts)
}

func (p *patched) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if p.put != nil {
		return p.put(ctx, key, data, cond)
	}
	return p.Store.Put(ctx, key, data, cond)
}

func (p *patched) Delete(ctx context.Context, key string, cond ports.Condition) error {
	if p.delete != nil {
		return p.delete(ctx, key, cond)
	}
	return p.Store.Delete(ctx, key, cond)
}

func (p *patched) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	if p.stat != nil {
		return p.stat(ctx, key)
	}
	return p.Store.Stat(ctx, key)
}

func (p *patched) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	if p.list != nil {
		return p.list(ctx, opts)
	}
	return p.Store.List(ctx, opts)
}

func (p *patched) Capabilities() ports.Capabilities {
	if p.caps != nil {
		return p.caps(p.Store.Capabilities())
	}
	return p.Store.Capabilities()
}

// memory is what lies below, for a second client of it.
func (p *patched) memory() *memory.Store { return p.Store }

// harnessOf makes stores with a fault, over memory stores with options.
func harnessOf(opts memory.StoreOptions, patch func(testing.TB, *memory.Store) ports.ObjectStore) conformance.StoreHarness {
	return conformance.StoreHarness{
		New: func(t testing.TB) ports.ObjectStore { return patch(t, memory.NewStore(opts)) },
		Second: func(t testing.TB, first ports.ObjectStore) ports.ObjectStore {
			return patch(t, first.(interface{ memory() *memory.Store }).memory().Client())
		},
	}
}

// patchedHarness is harnessOf for faults in the methods of the port.
func patchedHarness(patch func(p *patched)) conformance.StoreHarness {
	return harnessOf(memory.StoreOptions{}, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		p := &patched{Store: s}
		patch(p)
		return p
	})
}

func TestGoodStoresPass(t *testing.T) {
	t.Parallel()
	weak := conformance.StoreHarness{New: func(testing.TB) ports.ObjectStore {
		return memory.NewStore(memory.StoreOptions{
			HashVersions: true, NoConditionalDelete: true, NoNestedKeys: true, LateWrites: true, MaxObjectSize: 8 << 20,
		})
	}}
	behindFaults := conformance.StoreHarness{New: func(testing.TB) ports.ObjectStore {
		return faults.Store(memory.NewStore(memory.StoreOptions{}), faults.New(faults.Options{}))
	}}
	for name, h := range map[string]conformance.StoreHarness{
		"weak": weak, "behind faults": behindFaults, "patched with nothing": patchedHarness(func(*patched) {}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := conformance.TestObjectStore(t, h)
			if name == "weak" && report.Count(conformance.Unsupported) < 3 {
				t.Errorf("a store that can do little is reported as\n%s", report)
			}
		})
	}
}

func TestBrokenStoresFail(t *testing.T) {
	t.Parallel()
	var all []broken[conformance.StoreHarness]
	for _, part := range [][]broken[conformance.StoreHarness]{brokenReads, brokenWrites, brokenLists, brokenClaims, brokenOptions} {
		all = append(all, part...)
	}
	mustFail(t, conformance.StoreClauses(), all)
}
