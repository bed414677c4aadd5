package kit_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// patchedCounter is a memory counter with some methods replaced.
type patchedCounter struct {
	*memory.Counter
	add    func(ctx context.Context, name string, delta int64) (int64, error)
	value  func(ctx context.Context, name string) (int64, error)
	remove func(ctx context.Context, name string) error
}

func (p *patchedCounter) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if p.add != nil {
		return p.add(ctx, name, delta)
	}
	return p.Counter.Add(ctx, name, delta)
}

func (p *patchedCounter) Value(ctx context.Context, name string) (int64, error) {
	if p.value != nil {
		return p.value(ctx, name)
	}
	return p.Counter.Value(ctx, name)
}

func (p *patchedCounter) Remove(ctx context.Context, name string) error {
	if p.remove != nil {
		return p.remove(ctx, name)
	}
	return p.Counter.Remove(ctx, name)
}

func counterHarness(patch func(p *patchedCounter)) conformance.CounterHarness {
	return conformance.CounterHarness{New: func(testing.TB) ports.Counter {
		p := &patchedCounter{Counter: memory.NewCounter()}
		patch(p)
		return p
	}}
}

func TestGoodCountersPass(t *testing.T) {
	t.Parallel()
	conformance.TestCounter(t, counterHarness(func(*patchedCounter) {}))
}

func TestBrokenCountersFail(t *testing.T) {
	t.Parallel()
	mustFail(t, conformance.CounterClauses(), []broken[conformance.CounterHarness]{
		{"CT-CTX-1", "never looks at the context", counterHarness(func(p *patchedCounter) {
			p.add = func(ctx context.Context, name string, delta int64) (int64, error) {
				return p.Counter.Add(context.WithoutCancel(ctx), name, delta)
			}
		})},
		{"CT-RAC-1", "reads, adds and writes", counterHarness(func(p *patchedCounter) {
			p.add = func(ctx context.Context, name string, delta int64) (int64, error) {
				before, _ := p.Counter.Value(ctx, name)
				runtime.Gosched()
				return before + delta, p.Set(ctx, name, before+delta)
			}
		})},
		{"CT-ADD-1", "wants counters to be set first", counterHarness(func(p *patchedCounter) {
			p.add = func(ctx context.Context, name string, delta int64) (int64, error) {
				if _, err := p.Counter.Value(ctx, name); err != nil {
					return 0, err
				}
				return p.Counter.Add(ctx, name, delta)
			}
		})},
		{"CT-ADD-1", "answers the value before", counterHarness(func(p *patchedCounter) {
			p.add = func(ctx context.Context, name string, delta int64) (int64, error) {
				after, err := p.Counter.Add(ctx, name, delta)
				return after - delta, err
			}
		})},
		{"CT-ADD-2", "wraps around", counterHarness(func(p *patchedCounter) {
			p.add = func(ctx context.Context, name string, delta int64) (int64, error) {
				after, err := p.Counter.Add(ctx, name, delta)
				if errors.Is(err, ports.ErrTooLarge) {
					before, _ := p.Counter.Value(ctx, name)
					return before + delta, p.Set(ctx, name, before+delta)
				}
				return after, err
			}
		})},
		{"CT-VAL-1", "takes what is absent for 0", counterHarness(func(p *patchedCounter) {
			p.value = func(ctx context.Context, name string) (int64, error) {
				v, err := p.Counter.Value(ctx, name)
				if errors.Is(err, ports.ErrNotFound) {
					err = nil
				}
				return v, err
			}
		})},
		{"CT-REM-1", "sets to 0 what it should forget", counterHarness(func(p *patchedCounter) {
			p.remove = func(ctx context.Context, name string) error { return p.Set(ctx, name, 0) }
		})},
	})
}
