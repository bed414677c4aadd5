package unique

import (
	"sync"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/txn"
)

// Checker makes and judges the claims of one collection. It is safe for
// concurrent use.
type Checker struct {
	Registers  *cas.Registers
	Resolver   *txn.Resolver
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
