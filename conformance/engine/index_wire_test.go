package engine_test

import (
	"context"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// indexWire is the way to the index server that the client talks to.
type indexWire struct{ *wire }

// call performs a call of the index; a write can be lost, delivered late or
// twice, and its answer can be lost.
func (c indexWire) call(ctx context.Context, op string, write bool, do func(ctx context.Context, server *memory.Index) error) error {
	rng := c.draw(op)
	if err := c.travel(ctx, rng); err != nil {
		return lostRead(op, "", err)
	}
	chance := rng.IntN(100)
	late, only := chance < 10, chance < 4
	if write && late && (only || op != "install") { // it is delivered some time, or once more; see install in core
		server, after := c.server(c.name), time.Duration(rng.Int64N(int64(2*c.speed.long)))
		c.flying.Go(func() {
			_ = pause(context.Background(), after)
			_ = do(context.Background(), server)
		})
		if only {
			return ports.Fail(op, "", ports.ErrUnknown, c.travel(ctx, rng))
		}
	}
	if chance >= 97 {
		return ports.Fail(op, "", ports.ErrUnavailable, nil)
	}
	err := do(ctx, c.server(c.name))
	if failure := c.travel(ctx, rng); failure != nil {
		return lostRead(op, "", failure)
	}
	if chance >= 93 && write {
		return ports.Fail(op, "", ports.ErrUnknown, nil)
	}
	return err
}

func (c indexWire) Identity(ctx context.Context) (identity string, err error) {
	err = c.call(ctx, "identity", false, func(ctx context.Context, x *memory.Index) (err error) {
		identity, err = x.Identity(ctx)
		return err
	})
	return identity, err
}

func (c indexWire) Install(ctx context.Context, space string, regime ports.Regime) error {
	return c.call(ctx, "install", true, func(ctx context.Context, x *memory.Index) error { return x.Install(ctx, space, regime) })
}

func (c indexWire) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return c.call(ctx, "begin", true, func(ctx context.Context, x *memory.Index) error { return x.Begin(ctx, space, regime, entries) })
}

func (c indexWire) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return c.call(ctx, "end", true, func(ctx context.Context, x *memory.Index) error { return x.End(ctx, space, regime, entries) })
}

func (c indexWire) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (page ports.EntryPage, err error) {
	err = c.call(ctx, "query", false, func(ctx context.Context, x *memory.Index) (err error) {
		page, err = x.Query(ctx, space, regime, r)
		return err
	})
	return page, err
}

func (c indexWire) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (count int64, err error) {
	err = c.call(ctx, "count", false, func(ctx context.Context, x *memory.Index) (err error) {
		count, err = x.Count(ctx, space, regime, r)
		return err
	})
	return count, err
}

func (c indexWire) Drop(ctx context.Context, space, set string) error {
	return c.call(ctx, "drop", true, func(ctx context.Context, x *memory.Index) error { return x.Drop(ctx, space, set) })
}
