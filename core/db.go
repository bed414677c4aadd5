package core

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/counter"
	"github.com/smarterbase/smarterbase/core/internal/deadline"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/lease"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/core/internal/turns"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
)

// DB is a database on one object store. It is safe for concurrent use, also
// by many processes on the same store at once.
type DB struct {
	store     ports.ObjectStore
	caps      ports.Capabilities
	options   Options
	registers *cas.Registers
	reads     *cas.Registers // for single documents by id
	resolver  *txn.Resolver
	indexes   *index.System
	tasks     *tasks.Group
	finishing *tasks.Group // of transactions that are decided
	locker    ports.Locker
	counter   ports.Counter

	turns turns.Turns // of those who lost a race for an object

	endStop chan struct{} // closed to stop the removal of old entries
	endDone chan struct{}

	mu          sync.Mutex
	collections map[string]*documents
	sequences   map[string]*sequenceState
	closed      atomic.Bool
}

// Open opens the database that the store holds; an empty store is an empty
// database. It first probes the store with about twenty requests on scratch
// keys, and refuses one that does not honour conditions. The store and the
// index stay the caller's: Close does not close them.
func Open(ctx context.Context, store ports.ObjectStore, options Options) (*DB, error) {
	if store == nil {
		return nil, invalid("open", "", "", "the store is nil")
	}
	caps := store.Capabilities()
	if err := options.Settings.applyDefaults(caps); err != nil {
		return nil, invalid("open", "", "", "%w", err)
	}
	options.Components.applyDefaults()
	if !options.SkipProbe {
		if err := probe(ctx, store, options.Random); err != nil {
			return nil, readFail("open", "", "", err)
		}
	}
	db := &DB{
		store: observeStore(store, &options.Components), caps: caps, options: options,
		tasks: tasks.New(ctx), finishing: tasks.New(ctx), collections: make(map[string]*documents), sequences: make(map[string]*sequenceState),
		endStop: make(chan struct{}), endDone: make(chan struct{}),
	}
	db.assemble()
	go func() {
		defer close(db.endDone)
		db.indexes.Ender.Run(context.WithoutCancel(ctx), db.endStop)
	}()
	if options.MaintainEvery > 0 {
		db.tasks.Go(db.maintainBackground)
	}
	return db, nil
}

// assemble connects the parts.
func (db *DB) assemble() {
	o := &db.options
	retrier := &retry.Retrier{Policy: o.policy(), Clock: o.Clock, Random: o.Random, Notify: o.Observer.Retry}
	db.registers = &cas.Registers{Objects: db.store, Clock: o.Clock, Retry: retrier, Conflicts: o.ConflictAttempts}
	db.reads = db.readers()
	db.locker, db.counter = o.Locker, o.Counter
	if db.locker == nil {
		db.locker = &lease.Locker{Registers: db.registers, Random: o.Random, Holder: o.Holder, Tasks: db.tasks, Workers: o.Concurrency}
	}
	if db.counter == nil {
		db.counter = &counter.Counter{Registers: db.registers, Random: o.Random, Tasks: db.tasks, Workers: o.Concurrency}
	}
	lease, late, patience := localLease, 0*lateWait, localPatience
	if db.caps.LateWrites {
		lease, late, patience = networkLease, lateWait, networkPatience
	}
	db.resolver = &txn.Resolver{Registers: db.registers, Random: o.Random, Patience: patience}
	db.indexes = &index.System{
		Registers: db.registers, Index: index.Partitioned(observeIndex(o.Index, &o.Components)), Partitions: o.IndexPartitions, Available: o.IndexPolicy == IndexAvailable,
		Lease: lease, LateWait: late, Random: o.Random, Observer: o.Observer, Tasks: db.tasks, Resolver: db.resolver,
	}
	db.indexes.Ender = index.NewEnder(db.indexes.Index, retrier, db.indexes.Report)
}

// Close ends background work: the locks of transactions are replaced by what
// came of them and what is still to be removed from the index is removed, for
// five seconds at most each; builds stop and are taken up by the next process. It does not
// close the store or the index. Calls under way may fail; later ones answer
// ErrClosed. A second Close answers nil.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	db.finishing.Drain(db.options.Clock, closeGrace)
	db.tasks.Close()
	close(db.endStop)
	<-db.endDone
	return nil
}

var _ io.Closer = (*DB)(nil)

// Capabilities says what the store can do.
func (db *DB) Capabilities() ports.Capabilities { return db.caps }

// Store is the object store underneath, for what the database does not do.
// Objects of documents must not be written through it.
func (db *DB) Store() ports.ObjectStore { return db.store }

// documents returns the one state that all users of a collection share.
func (db *DB) documents(collection string) *documents {
	db.mu.Lock()
	defer db.mu.Unlock()
	docs := db.collections[collection]
	if docs == nil {
		docs = newDocuments(db, collection)
		db.collections[collection] = docs
	}
	return docs
}

func (db *DB) checkOpen(op, collection, id string) error {
	if db.closed.Load() {
		return &Error{Op: op, Collection: collection, ID: id, Kind: ErrClosed}
	}
	return nil
}

// maxTurn is how long somebody who lost a race waits for his turn at most: those
// before him may wait for what he is about to do.
const maxTurn = time.Second

// takeTurn waits for a turn at an object among those of this process who lost a
// race for it; the empty key is none. Without a turn it goes on all the same.
func (db *DB) takeTurn(ctx context.Context, key string) (end func()) {
	if key == "" {
		return func() {}
	}
	wait, cancel := deadline.Within(ctx, db.options.Clock, maxTurn)
	defer cancel()
	end, err := db.turns.Take(wait, key)
	if err != nil {
		return func() {}
	}
	return end
}
