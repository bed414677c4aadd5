package core

import (
	"context"
	"iter"
	"slices"
	"sync"

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
	return batch(ctx, c, "get", ids, options, itself, c.Get)
}

// CreateAll creates documents: each of them under its ID, or, if that is
// empty, as Create chooses.
func (c *Collection[T]) CreateAll(ctx context.Context, docs []Document[T], options ...BatchOptions) ([]Result[T], error) {
	return batch(ctx, c, "create", docs, options, idOf[T], func(ctx context.Context, doc Document[T]) (Document[T], error) {
		return c.Create(ctx, doc.ID, doc.Value)
	})
}

// PutAll stores documents, whether there are any or not. A document with a
// Revision is stored only if it is at that revision.
func (c *Collection[T]) PutAll(ctx context.Context, docs []Document[T], options ...BatchOptions) ([]Result[T], error) {
	return batch(ctx, c, "put", docs, options, idOf[T], func(ctx context.Context, doc Document[T]) (Document[T], error) {
		if doc.Revision.IsZero() && doc.Revision.origin == nil {
			return c.Put(ctx, doc.ID, doc.Value)
		}
		return c.Put(ctx, doc.ID, doc.Value, IfRevision(doc.Revision))
	})
}

// DeleteAll deletes documents by id; missing ones are no failure.
func (c *Collection[T]) DeleteAll(ctx context.Context, ids []string, options ...BatchOptions) ([]Result[T], error) {
	return batch(ctx, c, "delete", ids, options, itself, func(ctx context.Context, id string) (Document[T], error) {
		return Document[T]{ID: id}, c.Delete(ctx, id)
	})
}

// ExistsAll reports for each id whether there is a document; ids that could
// not be looked up are left out, and in the error.
func (c *Collection[T]) ExistsAll(ctx context.Context, ids []string, options ...BatchOptions) (map[string]bool, error) {
	var mu sync.Mutex
	found := make(map[string]bool, len(ids))
	_, err := batch(ctx, c, "exists", ids, options, itself, func(ctx context.Context, id string) (Document[T], error) {
		ok, err := c.Exists(ctx, id)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			found[id] = ok
		}
		return Document[T]{ID: id}, err
	})
	return found, err
}

func itself(id string) string            { return id }
func idOf[T any](doc Document[T]) string { return doc.ID }

func batch[In, T any](ctx context.Context, c *Collection[T], op string, inputs []In, options []BatchOptions, id func(In) string, work func(ctx context.Context, in In) (Document[T], error)) (results []Result[T], err error) {
	ctx, end := c.docs.db.operation(ctx, ports.OperationInfo{Name: op, Collection: c.docs.name, Batch: len(inputs)})
	defer func() { end(len(results), err) }()
	each := func(ctx context.Context, in In) Result[T] {
		doc, err := work(ctx, in)
		if err != nil {
			doc.ID = id(in)
		}
		return Result[T]{doc, fail(op, c.docs.name, doc.ID, err)}
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
	for _, in := range inputs[len(results):] { // the context ended before they were begun
		result := Result[T]{Document[T]{ID: id(in)}, fail(op, c.docs.name, id(in), ctx.Err())}
		results = append(results, result)
		failed.note(result.Err)
	}
	return results, failed.result()
}
