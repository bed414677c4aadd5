package core

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// Query is a question to a collection. It is an immutable value: every method
// answers a new one, and one Query can be run many times, also at once.
//
// A query sees each document as it is when it is read. Every document that
// matches throughout the query is returned, none that fails throughout is;
// what changes meanwhile may be seen before or after the change.
type Query[T any] struct {
	c        *Collection[T]
	where    []Predicate
	residual []func(value T) bool
	order    []orderField
	limit    int
	profile  *Profile
	problem  error
}

// Query starts a query that matches all documents.
func (c *Collection[T]) Query() Query[T] { return Query[T]{c: c} }

// Where adds conditions; all of them must hold.
func (q Query[T]) Where(conditions ...Predicate) Query[T] {
	q.where = slices.Concat(q.where, conditions)
	return q
}

// Filter adds a condition in Go. It is called for documents that fulfil all
// other conditions, from several goroutines at once.
func (q Query[T]) Filter(fn func(value T) bool) Query[T] {
	q.residual = append(slices.Clone(q.residual), fn)
	return q
}

// OrderBy sorts by a field, after the fields of earlier calls. Documents that
// are equal in all of them come in the order of their ids. The order of types
// is null, false, true, numbers, strings, arrays, objects; a missing member
// counts as null.
func (q Query[T]) OrderBy(field string, direction Direction) Query[T] {
	if problem := checkPath(field); problem != "" && q.problem == nil {
		q.problem = errors.New("order by: " + problem)
	}
	q.order = append(slices.Clone(q.order), orderField{field: field, descending: bool(direction)})
	return q
}

// Limit bounds the number of documents, after sorting; 0 is no limit.
func (q Query[T]) Limit(n int) Query[T] {
	if n < 0 && q.problem == nil {
		q.problem = errors.New("the limit is negative")
	}
	q.limit = n
	return q
}

// Profile lets each run of the query write into p how it was carried out. Runs
// at the same time need a Profile each.
func (q Query[T]) Profile(p *Profile) Query[T] {
	q.profile = p
	return q
}

// Iter yields the matching documents. One that can't be read is yielded as an
// *Error that names it, with a zero Document, and the iteration goes on; an
// error that ends the iteration comes last. Without an order documents come as
// they are found: memory then holds the candidates that an index named, or, in
// a scan, a few documents, whatever their number. Leaving the loop early ends
// the query.
func (q Query[T]) Iter(ctx context.Context) iter.Seq2[Document[T], error] {
	return func(yield func(Document[T], error) bool) {
		for found, err := range q.hits(ctx) {
			var doc Document[T]
			if err == nil {
				doc, err = q.document(found)
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}

// All returns the matching documents. If some could not be read, it returns
// the others and a *DocumentErrors.
func (q Query[T]) All(ctx context.Context) ([]Document[T], error) {
	var docs []Document[T]
	var failed DocumentErrors
	for doc, err := range q.Iter(ctx) {
		if err == nil {
			docs = append(docs, doc)
		} else if err := failed.add(err); err != nil {
			return docs, err
		}
	}
	return docs, failed.result()
}

// Each calls fn for each matching document until it answers an error, which
// Each returns as it is. Documents that can't be read are passed over and
// reported in a *DocumentErrors at the end.
func (q Query[T]) Each(ctx context.Context, fn func(doc Document[T]) error) error {
	var failed DocumentErrors
	for doc, err := range q.Iter(ctx) {
		if err == nil {
			if err := fn(doc); err != nil {
				return err
			}
		} else if err := failed.add(err); err != nil {
			return err
		}
	}
	return failed.result()
}

// First returns the first document, or any where there is no order;
// ErrNotFound if none matches. With a *DocumentErrors, documents that could
// not be read might have come before it.
func (q Query[T]) First(ctx context.Context) (Document[T], error) {
	if q.limit == 0 || q.limit > 1 {
		q.limit = 1
	}
	docs, err := q.All(ctx)
	switch {
	case len(docs) > 0:
		return docs[0], err
	case err != nil:
		return Document[T]{}, err
	default:
		return Document[T]{}, &Error{Op: "query", Collection: q.c.docs.name, Kind: ErrNotFound}
	}
}

// IDs returns the ids of the matching documents, as All does.
func (q Query[T]) IDs(ctx context.Context) ([]string, error) {
	var ids []string
	var failed DocumentErrors
	for found, err := range q.hits(ctx) {
		if err == nil {
			ids = append(ids, found.read.id)
		} else if err := failed.add(err); err != nil {
			return ids, err
		}
	}
	return ids, failed.result()
}

// Count returns how many documents match, at most the limit. It is exact:
// candidates are read. If some could not be read, it returns the count of the
// others and a *DocumentErrors.
func (q Query[T]) Count(ctx context.Context) (int, error) {
	q.order = nil
	count := 0
	var failed DocumentErrors
	for _, err := range q.hits(ctx) {
		if err == nil {
			count++
		} else if err := failed.add(err); err != nil {
			return count, err
		}
	}
	return count, failed.result()
}

// Explain runs the query and returns how it was carried out and what it cost.
func (q Query[T]) Explain(ctx context.Context) (Profile, error) {
	var p Profile
	q.profile = &p
	var failed DocumentErrors
	for _, err := range q.hits(ctx) {
		if err != nil {
			if err := failed.add(err); err != nil {
				return p, err
			}
		}
	}
	return p, failed.result()
}

// hits runs the query. Errors are public ones.
func (q Query[T]) hits(ctx context.Context) iter.Seq2[hit, error] {
	return func(yield func(hit, error) bool) {
		name := q.c.docs.name
		began := q.c.docs.db.options.Clock.Elapsed()
		ctx, end := q.c.docs.operation(ctx, "query", "")
		r, err := q.compile()
		if err == nil {
			r.yield = yield
			if q.c.tx != nil {
				err = q.c.tx.query(ctx, r)
			} else {
				err = r.run(ctx)
			}
			err = readFail("query", name, "", err)
		}
		r.profile.Duration = q.c.docs.db.options.Clock.Elapsed() - began
		end(r.profile.Matched, err)
		if q.profile != nil {
			*q.profile = r.profile
		}
		if err != nil && !r.stopped {
			yield(hit{}, err)
		}
	}
}

func (q Query[T]) compile() (*runner, error) {
	docs := q.c.docs
	r := &runner{docs: docs, limit: q.limit, profile: Profile{Collection: docs.name}}
	if err := docs.db.checkOpen("query", docs.name, ""); err != nil {
		return r, err
	}
	if q.problem != nil {
		return r, invalid("query", docs.name, "", "%w", q.problem)
	}
	for _, p := range q.where {
		r.profile.Conditions = append(r.profile.Conditions, p.String())
	}
	var err error
	if r.filter, err = compileFilter(q.where, q.c.shape, docs); err != nil {
		return r, invalid("query", docs.name, "", "%w", err)
	}
	r.order = compileOrder(q.order, q.c.shape)
	if len(q.residual) > 0 {
		r.residual = q.runResidual
	}
	return r, nil
}

// runResidual decodes a document for the conditions in Go, and keeps what it
// decoded for the answer.
func (q Query[T]) runResidual(read *current) (any, bool, error) {
	doc, err := q.c.decode("query", read)
	if err != nil {
		return nil, false, err
	}
	for _, fn := range q.residual {
		if !fn(doc.Value) {
			return nil, false, nil
		}
	}
	return &doc, true, nil
}

func (q Query[T]) document(found hit) (Document[T], error) {
	if doc, ok := found.decoded.(*Document[T]); ok {
		return *doc, nil
	}
	return q.c.decode("query", &found.read)
}

// All returns every document of the collection, in the order of its object
// keys; see Query.All.
func (c *Collection[T]) All(ctx context.Context) ([]Document[T], error) { return c.Query().All(ctx) }

// Iter yields every document of the collection; see Query.Iter.
func (c *Collection[T]) Iter(ctx context.Context) iter.Seq2[Document[T], error] {
	return c.Query().Iter(ctx)
}

// Count returns how many documents the collection has; see Query.Count.
func (c *Collection[T]) Count(ctx context.Context) (int, error) { return c.Query().Count(ctx) }
