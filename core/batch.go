package core

import (
	"context"
	"iter"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/ports"
)

// Result is what became of one document of a batch.
type Result[T any] struct {
	Document[T]
	Err error
}

// BatchOptions refine a batch. The zero value works.
type BatchOptions struct {
	// Progress is called after each document with the number of those done so
	// far, in the caller's goroutine.
	Progress func(done, total int)
}

// Batches work on many documents at once, with the concurrency of the
// database. They answer one result for each document, in the order of their
// arguments, and a *DocumentErrors if any failed; the others are done. Each
// document is on its own: a batch is not a transaction. When the context ends,
// what was not begun is reported with its error.

// GetAll reads documents by id; missing ones have ErrNotFound.
func (c *Collection[T]) GetAll(ctx context.Context, ids []string, options ...BatchOptions) ([]Result[T], error) {
	return batch(ctx, c, "get", ids, options, func(ctx context.Context, id string) (Document[T], error) {
		return c.Get(ctx, id)
	})
}

// CreateAll creates documents: each of them under its ID, or, if that is
// empty, as Create chooses.
func (c *Collection[T]) CreateAll(ctx context.Context, docs []Document[T], options ...BatchOptions) ([]Result[T], error) {
	return batch(ctx, c, "create", docs, options, func(ctx context.Context, doc Document[T]) (Document[T], error) {
		return c.Create(ctx, doc.ID, doc.Value)
	})
}

// PutAll stores documents, whether there are any or not. A document with a
// Revision is stored only if it is at that revision.
func (c *Collection[T]) PutAll(ctx context.Context, docs []Document[T], options ...BatchOptions) ([]Result[T], error) {
	return batch(ctx, c, "put", docs, options, func(ctx context.Context, doc Document[T]) (Document[T], error) {
		if doc.Revision.IsZero() {
			return c.Put(ctx, doc.ID, doc.Value)
		}
		return c.Put(ctx, doc.ID, doc.Value, IfRevision(doc.Revision))
	})
}

// DeleteAll deletes documents by id; missing ones are no failure.
func (c *Collection[T]) DeleteAll(ctx context.Context, ids []string, options ...BatchOptions) ([]Result[T], error) {
	return batch(ctx, c, "delete", ids, options, func(ctx context.Context, id string) (Document[T], error) {
		return Document[T]{ID: id}, c.Delete(ctx, id)
	})
}

// ExistsAll reports for each id whether there is a document.
func (c *Collection[T]) ExistsAll(ctx context.Context, ids []string) (map[string]bool, error) {
	found := make(map[string]bool, len(ids))
	results, err := batch(ctx, c, "exists", ids, nil, func(ctx context.Context, id string) (Document[T], error) {
		ok, err := c.Exists(ctx, id)
		if ok {
			return Document[T]{ID: id}, err
		}
		return Document[T]{}, err
	})
	for i, result := range results {
		if result.Err == nil {
			found[ids[i]] = result.ID != ""
		}
	}
	return found, err
}

func batch[In, T any](ctx context.Context, c *Collection[T], op string, inputs []In, options []BatchOptions, work func(ctx context.Context, in In) (Document[T], error)) (results []Result[T], err error) {
	ctx, end := c.docs.db.operation(ctx, ports.OperationInfo{Name: op, Collection: c.docs.name, Batch: len(inputs)})
	defer func() { end(len(results), err) }()
	each := func(ctx context.Context, in In) Result[T] {
		doc, err := work(ctx, in)
		if err != nil {
			err = fail(op, c.docs.name, doc.ID, err)
		}
		return Result[T]{doc, err}
	}
	results = make([]Result[T], 0, len(inputs))
	var failed DocumentErrors
	source := func(context.Context) iter.Seq[In] { return slices.Values(inputs) }
	workers := max(1, min(len(inputs), c.docs.db.options.Concurrency))
	for result := range fetch.Ordered(ctx, workers, source, each) {
		results = append(results, result)
		failed.note(result.Err)
		for _, o := range options {
			if o.Progress != nil {
				o.Progress(len(results), len(inputs))
			}
		}
	}
	for range len(inputs) - len(results) {
		results = append(results, Result[T]{Err: &Error{Op: op, Collection: c.docs.name, Kind: ctx.Err()}})
		failed.note(results[len(results)-1].Err)
	}
	return results, failed.result()
}
