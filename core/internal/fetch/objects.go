package fetch

import (
	"context"
	"iter"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/ports"
)

// Objects lists what options select, without a limit. A listing that breaks
// off goes on behind its last key; if that fails again and again, the failure
// comes as the last pair.
func Objects(ctx context.Context, registers *cas.Registers, options ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		options := options
		for attempt := 1; ; attempt++ {
			before := options.StartAfter
			var failure error
			for info, err := range registers.Objects.List(ctx, options) {
				if failure = err; err != nil {
					break
				}
				options.StartAfter = info.Key
				if !yield(info, nil) {
					return
				}
			}
			if failure == nil {
				return
			}
			if options.StartAfter != before {
				attempt = 1 // it got on
			}
			again := retry.Again(ctx, failure) && !registers.Retry.Exhausted(attempt, failure)
			if !again || registers.Retry.Wait(ctx, "list", options.Prefix, attempt, failure) != nil {
				yield(ports.ObjectInfo{}, failure)
				return
			}
		}
	}
}
