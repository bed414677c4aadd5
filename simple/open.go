package simple

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	core  *core.DB
	store ports.ObjectStore
	index ports.Index // nil if there is none

	mu     sync.Mutex
	closed bool
}

// Open opens the database that the URL names, and makes it where there is
// none; the package comment lists the URLs. The errors are core's:
// core.ErrInvalid for a URL or option that can't be used,
// core.ErrUnsupported for a scheme whose adapter is not imported, with the
// import line to add, and core.ErrUnavailable where the store or index does not
// serve now, above all where another process holds the index file.
func Open(ctx context.Context, rawURL string, opts ...Option) (*DB, error) {
	o, err := gather(opts)
	if err != nil {
		return nil, err
	}
	t, err := parse(ctx, rawURL)
	if err != nil {
		return nil, failure("open", err)
	}
	return open(ctx, t, o)
}

// open opens store, index and database, in this order.
func open(ctx context.Context, t target, o options) (*DB, error) {
	db := new(DB)
	err := func() (err error) {
		if db.store, err = urls.OpenStore(ctx, t.store); err != nil {
			return err
		}
		if db.index, err = t.openIndex(ctx); err != nil {
			return err
		}
		o.core.Index = db.index
		db.core, err = core.Open(ctx, db.store, o.core)
		return err
	}()
	if err != nil {
		// Nothing was written: what closing has to say adds nothing.
		_ = errors.Join(closeOne(db.store), closeOne(db.index))
		return nil, failure("open", err)
	}
	return db, nil
}

// Close ends background work and closes database, store and index, in this
// order, so that the index never outlives what it knows; what fails of it is
// answered together. Calls that are under way may
// fail, later ones answer core.ErrClosed. A second Close answers nil. An
// embedded index that was not closed is built anew at the next Open.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return nil
	}
	db.closed = true
	return failure("close", errors.Join(db.core.Close(), closeOne(db.store), closeOne(db.index)))
}

var _ io.Closer = (*DB)(nil)

// closeOne closes an adapter that can be closed.
func closeOne(adapter any) error {
	if closer, ok := ports.As[io.Closer](adapter); ok {
		return closer.Close()
	}
	return nil
}

// Core is the database underneath. It is closed by Close of this one.
func (db *DB) Core() *core.DB { return db.core }

// Store is the object store underneath. Objects of documents must not be
// written through it.
func (db *DB) Store() ports.ObjectStore { return db.store }

// Index is the index underneath, nil where the database was opened without.
func (db *DB) Index() ports.Index { return db.index }
