package unique

import (
	"context"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/ports"
)

// Release removes a claim that was judged to be Dead, or Free, in that state. Where
// the store can't delete just that, it becomes a free one without the value. It
// answers false if there was nothing to do, or if the claim was in another state by then.
func (c *Checker) Release(ctx context.Context, state cas.State) (released bool, err error) {
	switch {
	case !state.Exists, !c.Registers.Fresh(state):
		return false, nil
	case c.Registers.Objects.Capabilities().ConditionalDelete:
		err = c.Registers.Retry.Do(ctx, "release claim", state.Key, func() error {
			if !c.Registers.Fresh(state) {
				return cas.ErrTooOld
			}
			return c.Registers.Objects.Delete(ctx, state.Key, ports.IfVersion(state.Version))
		})
	default:
		if cl, err := parse(state); err != nil || cl.Document == "" {
			return false, err
		}
		_, err = c.Registers.Replace(ctx, state, claim{}.encode(c.Registers.NextRevision(state)), nil)
	}
	if err != nil && moved(err) {
		return false, nil
	}
	return err == nil, known(ctx, state.Key, err)
}

// ReleaseDead releases the dead claims of a constraint, and answers how many.
// old says of a claim that it was made so long ago that the write which it was
// made for can't come any more: it is dead although the document is still, or
// again, in the state that it rests on.
func (c *Checker) ReleaseDead(ctx context.Context, d Definition, old func(state cas.State) bool) (released int, err error) {
	release := func(ctx context.Context, j *judged) {
		if j.verdict == Dead || j.verdict == Free || j.verdict == Pending && old(j.state) {
			j.done, j.err = c.Release(ctx, j.state)
		}
	}
	for j := range c.eachClaim(ctx, d, release) {
		if j.err != nil {
			return released, j.err
		}
		if j.done {
			released++
		}
	}
	return released, ctx.Err()
}

// Remove releases all claims of a constraint that holds no more. The gate is
// asked between the read and the release of each, which is not made long after
// either.
func (c *Checker) Remove(ctx context.Context, d Definition, gate cas.Gate) error {
	for key, err := range c.claims(ctx, d.Name) {
		if err == nil {
			err = c.remove(ctx, key, gate)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (c *Checker) remove(ctx context.Context, key string, gate cas.Gate) error {
	state, err := c.Resolver.Read(ctx, key)
	if err != nil {
		return err
	}
	ctx, cancel, err := gate(ctx)
	if err != nil {
		return err
	}
	defer cancel()
	_, err = c.Release(ctx, state)
	return err
}
