package bolt

import (
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/ports"
)

// Install sets the epoch of a space. An empty epoch is refused with
// ErrInvalidKey: it would look like a space that has none.
func (x *Index) Install(ctx context.Context, space string, regime ports.Regime) error {
	if err := ports.ValidateInstall(space, regime); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.usable(ctx, "install", space); err != nil {
		return err
	}
	if regime.Identity != x.identity {
		return ports.Fail("install", space, ports.ErrStale, errors.New("another identity"))
	}
	r := x.spaces[space]
	r.epoch = regime.Epoch
	x.spaces[space] = r
	return nil
}

// Begin adds entries and counts itself.
func (x *Index) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.change(ctx, "begin", space, regime, entries, 1, true)
}

// End removes entries.
func (x *Index) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.change(ctx, "end", space, regime, entries, 0, false)
}

// change checks everything first and then changes memory alone, which can't
// fail: that makes it all or nothing. Where there are too many changes in
// memory it waits for the file, before it does anything.
func (x *Index) change(ctx context.Context, op, space string, regime ports.Regime, entries []ports.Entry, begins uint64, added bool) error {
	if err := ports.ValidateEntries(op, space, entries); err != nil {
		return err
	}
	if err := x.makeRoom(ctx, op, space); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.usable(ctx, op, space); err != nil {
		return err
	}
	r, err := x.under(op, space, regime)
	if err != nil {
		return err
	}
	r.begins += begins
	x.spaces[space] = r
	prefix := spacePrefix(space)
	for _, e := range entries {
		x.newer.put(prefix+e.Set, e.Member, added)
	}
	return nil
}
