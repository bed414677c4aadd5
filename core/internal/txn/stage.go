package txn

import (
	"context"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/ports"
)

// A decision is read by everybody who meets one of its locks, so large values
// lie beside it.
const (
	maxInline    = 64 << 10 // bytes of one value
	maxInlineAll = 1 << 20  // of all values of one decision
)

// stage chooses which values lie beside the decision.
func (a *Attempt) stage(writes []*Write) {
	for _, w := range writes {
		if len(w.Body) > maxInline || a.inline+len(w.Body) > maxInlineAll {
			w.staged = layout.StagedKey(a.ID, a.stages)
			a.stages++
			continue
		}
		a.inline += len(w.Body)
	}
}

// unstage removes what was staged, once nobody needs it.
func (a *Attempt) unstage(ctx context.Context) error {
	for _, w := range a.writes {
		if w.staged == "" {
			continue
		}
		if err := a.Registers.Objects.Delete(ctx, w.staged, ports.Any); err != nil {
			return fmt.Errorf("remove a staged value: %w", err)
		}
	}
	return nil
}
