package ports

import (
	"context"
	"time"
)

// Cache keeps byte strings for a while. It may forget anything at any time,
// but [CA-LIE-1] it MUST NOT answer with bytes that were not the last ones
// stored under that name, nor with any after a Remove that returned.
// [CA-CTX-1] A call whose context is done MUST answer an error matching
// ctx.Err(). [CA-RAC-1] All methods MUST be safe for concurrent use.
type Cache interface {
	// Load returns a copy of what is stored. [CA-LOA-1] A forgotten or expired
	// name MUST answer ErrNotFound.
	Load(ctx context.Context, name string) ([]byte, error)

	// Store keeps a copy of data for at most ttl; ttl 0 means as long as it
	// likes. [CA-STO-1] The caller's slice MUST NOT be kept.
	Store(ctx context.Context, name string, data []byte, ttl time.Duration) error

	// Remove forgets a name; an absent one answers nil.
	Remove(ctx context.Context, name string) error
}
