package unique

import (
	"context"
	"sync"

	"github.com/smarterbase/smarterbase/core/internal/cas"
)

// A Resolver reads objects that transactions may have locked, as a writer
// does: the answer is never locked.
type Resolver interface {
	Read(ctx context.Context, key string) (cas.State, error)
	Settle(ctx context.Context, state cas.State) (cas.State, error)
}

// Checker makes and judges the claims of one collection. It is safe for
// concurrent use. The Resolver may be set until the first call.
type Checker struct {
	Registers  *cas.Registers
	Resolver   Resolver
	Random     func() uint64
	Collection string
	Folder     string // of its documents
	Workers    int    // requests at once; 0: 16

	normalizers sync.Map // name → Normalizer
}

func (c *Checker) workers() int {
	if c.Workers > 0 {
		return c.Workers
	}
	return 16
}
