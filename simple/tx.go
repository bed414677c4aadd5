package simple

import (
	"context"

	"github.com/smarterbase/smarterbase/core"
)

// Tx runs fn as a transaction: what it reads and writes through collections in
// tx happens at one moment, or not at all. fn may run again, if others came
// first. See core.DB.Tx.
func (db *DB) Tx(ctx context.Context, fn func(tx *core.Tx) error) error {
	return db.core.Tx(ctx, fn)
}

// In is the collection inside a transaction.
func (c *Collection[T]) In(tx *core.Tx) *Collection[T] {
	return &Collection[T]{core: c.core.In(tx)}
}
