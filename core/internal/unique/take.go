package unique

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/core/internal/tasks"
)

// Claim makes claims for a plain write of the document me, which must follow by
// compare-and-swap against exactly me.Base. Its errors are those of Free; after
// one the write must not follow. A claim whose write does not follow blocks
// nobody: who meets it fences the document. One request for each need, if
// nobody else claimed the values.
func (c *Checker) Claim(ctx context.Context, needs []Need, me Owner) error {
	errs := make([]error, len(needs))
	var failed atomic.Bool
	tasks.Parallel(c.workers(), len(needs), func(i int) {
		if failed.Load() {
			return
		}
		errs[i] = known(ctx, needs[i].Key, c.take(ctx, needs[i], me))
		if errs[i] != nil {
			failed.Store(true)
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// take claims one value. That nobody has it is tried without a read. A claim for
// the same write is made anew, too: maintenance may be about to remove it as
// one that was forgotten long ago.
func (c *Checker) take(ctx context.Context, need Need, me Owner) error {
	state := c.Registers.Absent(need.Key)
	for range freeRounds {
		body := Body(need, me.ID, me.Base, c.Registers.NextRevision(state))
		_, err := c.Registers.Replace(ctx, state, body, nil)
		if err == nil || !moved(err) {
			return err
		}
		if state, err = c.free(ctx, need, me, nil); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the claim changes faster than it can be taken: %s", ErrStale, need.Key)
}
