package ports

import "context"

// Counter keeps named 64-bit integers. [CT-CTX-1] A call whose context is done
// MUST change nothing and answer an error matching ctx.Err(). [CT-RAC-1] All
// methods MUST be safe for concurrent use; concurrent Adds never lose one.
type Counter interface {
	// Add adds delta, which may be negative, and returns the new value.
	// [CT-ADD-1] An absent counter MUST count as 0. [CT-ADD-2] An addition that
	// would overflow MUST be refused with ErrTooLarge and change nothing.
	Add(ctx context.Context, name string, delta int64) (int64, error)

	// Value returns the value. [CT-VAL-1] An absent counter MUST answer
	// ErrNotFound.
	Value(ctx context.Context, name string) (int64, error)

	// Set stores a value, for repairs; it is not ordered with concurrent Adds.
	Set(ctx context.Context, name string, value int64) error

	// Remove forgets the counter. [CT-REM-1] Removing an absent one MUST answer
	// nil; after it Value MUST answer ErrNotFound.
	Remove(ctx context.Context, name string) error
}
