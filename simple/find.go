package simple

import (
	"context"

	"github.com/smarterbase/smarterbase/core"
)

// Query starts a query that can sort, limit, filter in Go, stream, and tell
// what it cost.
func (c *Collection[T]) Query() core.Query[T] { return c.core.Query() }

// Find returns the documents for which all conditions hold. If some documents
// could not be read, it returns the others and a *core.DocumentErrors.
func (c *Collection[T]) Find(ctx context.Context, conditions ...Predicate) ([]T, error) {
	docs, err := c.core.Query().Where(conditions...).All(ctx)
	values := make([]T, len(docs))
	for i := range docs {
		values[i] = docs[i].Value
	}
	return values, err
}

// FindOne returns the first document found for which all conditions hold;
// core.ErrNotFound if there is none. Which one of several is first is not
// said: use Query with an order where it matters.
func (c *Collection[T]) FindOne(ctx context.Context, conditions ...Predicate) (T, error) {
	return valueOf(c.core.Query().Where(conditions...).First(ctx))
}

// Each calls fn for each document for which all conditions hold, until fn
// answers an error, which Each returns as it is. Documents are read
// as they are needed, not all at once. Those that can't be read are passed over
// and reported in a *core.DocumentErrors at the end.
func (c *Collection[T]) Each(ctx context.Context, fn func(value T) error, conditions ...Predicate) error {
	return c.core.Query().Where(conditions...).Each(ctx, func(doc core.Document[T]) error {
		return fn(doc.Value)
	})
}

// All returns every document, as Find does.
func (c *Collection[T]) All(ctx context.Context) ([]T, error) { return c.Find(ctx) }

// Count returns for how many documents all conditions hold. It is exact, and
// reads them.
func (c *Collection[T]) Count(ctx context.Context, conditions ...Predicate) (int, error) {
	return c.core.Query().Where(conditions...).Count(ctx)
}
