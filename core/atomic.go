package core

import (
	"context"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/deadline"
)

const (
	atomicTTL  = 10 * time.Second
	atomicWait = 5 * time.Second
)

// Atomic is Update behind a lease on the document, for one that many change at
// once: they take turns rather than starting over. It is as safe as
// Update, and not by the lease: where that can't be had within five seconds, or
// is lost, the update goes on without. It costs the requests of the lease on
// top of those of Update, so it pays only where Update would start over often.
func (c *Collection[T]) Atomic(ctx context.Context, id string, fn func(value *T) error, options ...WriteOption) (Document[T], error) {
	if err := c.docs.checkID("update", id); err != nil {
		return Document[T]{}, err
	}
	if c.tx != nil {
		return c.Update(ctx, id, fn, options...)
	}
	db := c.docs.db
	lock := db.lockOptions(LockOptions{TTL: atomicTTL, Wait: atomicWait})
	wait, cancel := deadline.Within(ctx, lock.Clock, atomicWait) // also for a locker that does not answer
	held, err := lockWithin(wait, ctx, db.locker, atomicName(c.docs.name, id), lock)
	cancel()
	if err == nil {
		defer held.letGo(ctx)
	}
	return c.Update(ctx, id, fn, options...)
}

// atomicName is that of the lease on a document. Long names are no reason to
// refuse an update: without a lease it goes on all the same.
func atomicName(collection, id string) string { return "document/" + collection + "/" + id }
