package deadline

import (
	"context"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// Within answers a context that ends after d, or with ctx. cancel must be
// called. A context that ended by its time answers context.Canceled, and
// context.DeadlineExceeded as its cause.
func Within(ctx context.Context, clock ports.Clock, d time.Duration) (bounded context.Context, cancel context.CancelFunc) {
	bounded, end := context.WithCancelCause(ctx)
	go func() {
		if clock.Sleep(bounded, d) == nil {
			end(context.DeadlineExceeded)
		}
	}()
	return bounded, func() { end(nil) }
}
