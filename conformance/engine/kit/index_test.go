package kit_test

import (
	"context"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// patchedIndex is a memory index with some methods replaced.
type patchedIndex struct {
	*memory.Index
	identity func(ctx context.Context) (string, error)
	install  func(ctx context.Context, space string, regime ports.Regime) error
	begin    func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error
	end      func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error
	query    func(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error)
	count    func(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (int64, error)
	drop     func(ctx context.Context, space, set string) error
	close    func() error
}

func (p *patchedIndex) Identity(ctx context.Context) (string, error) {
	if p.identity != nil {
		return p.identity(ctx)
	}
	return p.Index.Identity(ctx)
}

func (p *patchedIndex) Install(ctx context.Context, space string, regime ports.Regime) error {
	if p.install != nil {
		return p.install(ctx, space, regime)
	}
	return p.Index.Install(ctx, space, regime)
}

func (p *patchedIndex) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	if p.begin != nil {
		return p.begin(ctx, space, regime, entries)
	}
	return p.Index.Begin(ctx, space, regime, entries)
}

func (p *patchedIndex) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	if p.end != nil {
		return p.end(ctx, space, regime, entries)
	}
	return p.Index.End(ctx, space, regime, entries)
}

func (p *patchedIndex) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
	if p.query != nil {
		return p.query(ctx, space, regime, r)
	}
	return p.Index.Query(ctx, space, regime, r)
}

func (p *patchedIndex) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (int64, error) {
	if p.count != nil {
		return p.count(ctx, space, regime, r)
	}
	return p.Index.Count(ctx, space, regime, r)
}

func (p *patchedIndex) Drop(ctx context.Context, space, set string) error {
	if p.drop != nil {
		return p.drop(ctx, space, set)
	}
	return p.Index.Drop(ctx, space, set)
}

func (p *patchedIndex) Close() error {
	if p.close != nil {
		return p.close()
	}
	return p.Index.Close()
}

// indexHarness makes indexes with a fault.
func indexHarness(patch func(p *patchedIndex)) conformance.IndexHarness {
	wrap := func(x *memory.Index) ports.Index {
		p := &patchedIndex{Index: x}
		patch(p)
		return p
	}
	return conformance.IndexHarness{
		New: func(testing.TB) ports.Index { return wrap(memory.NewIndex(memory.IndexOptions{})) },
		Second: func(_ testing.TB, first ports.Index) ports.Index {
			return wrap(first.(*patchedIndex).Client())
		},
		Lose: func(_ testing.TB, ix ports.Index) ports.Index {
			ix.(*patchedIndex).Restart()
			return ix
		},
		Flush: func(_ testing.TB, ix ports.Index) ports.Index {
			ix.(*patchedIndex).Lose()
			return ix
		},
	}
}

func TestGoodIndexesPass(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]conformance.IndexHarness{
		"patched with nothing": indexHarness(func(*patchedIndex) {}),
		"behind faults": {New: func(testing.TB) ports.Index {
			return faults.Index(memory.NewIndex(memory.IndexOptions{}), faults.New(faults.Options{}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestIndex(t, h)
		})
	}
}

func TestBrokenIndexesFail(t *testing.T) {
	t.Parallel()
	mustFail(t, conformance.IndexClauses(), slices.Concat(brokenRegimes, brokenEntries))
}
