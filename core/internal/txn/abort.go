package txn

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/ports"
)

// Abort ends an attempt that did not commit, and takes its locks off. An
// attempt that never sent its commit can't be committed by anybody, so it needs
// no decision; where a lock may still come, or the commit, one is made first,
// so that nobody has to wait. It answers true if the attempt turns out to be
// committed.
func (a *Attempt) Abort(ctx context.Context) (committed bool, err error) {
	if a.sent || a.unsure.Load() {
		d, err := a.abort(ctx, a.ID)
		if err != nil {
			return false, fmt.Errorf("abort transaction: %w", err)
		}
		if d.Committed {
			return true, nil
		}
	}
	errs := make([]error, len(a.writes))
	tasks.Parallel(a.Workers, len(a.writes), func(i int) { errs[i] = a.unlock(ctx, a.writes[i]) })
	if err := firstOf(errs); err != nil {
		return false, fmt.Errorf("abort transaction: %w", err)
	}
	return false, a.unstage(ctx)
}

// unlock restores what a lock lies over, with a fresh nonce. What may have been
// locked without our knowing is left to whoever meets it.
func (a *Attempt) unlock(ctx context.Context, w *Write) error {
	if !w.held {
		return nil
	}
	var before []byte
	if w.Base.Exists {
		before = w.Base.Body
	}
	body, err := document.WithNonce(before, a.Nonce())
	if err != nil {
		return err
	}
	locked := w.locked
	if !a.Registers.Fresh(locked) {
		if locked, err = a.Registers.Read(ctx, locked.Key); err != nil || locked.Version != w.locked.Version {
			return err
		}
	}
	_, err = a.Registers.Replace(ctx, locked, body, nil)
	if errors.Is(err, ports.ErrPrecondition) {
		return nil // somebody was faster
	}
	return err
}
