package index

import (
	"context"
	"time"
)

// withTimeout is the one place where core lets a context end by the clock of
// the machine: it bounds a single request to the store, and deciding
// correctness never rests on it alone.
func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}
