package core

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
)

// Tx is a transaction; see DB.Tx. Its methods, and those of collections inside
// it, can be called by several goroutines at once, but none of them may go on
// when the function that it was given to has returned.
type Tx struct {
	db      *DB
	options txOptions
	ctx     context.Context
	id      string        // of this run
	began   time.Duration // on the monotonic clock
	wall    time.Time
	wait    time.Duration // for how long others are asked to wait for it
	lost    int           // runs that lost a race before this one

	mu         sync.Mutex
	entries    map[string]*txEntry // by object key
	writes     int                 // documents among them that are written
	bytes      int                 // of what is written
	predicates []*predicate
	checks     []func(ctx context.Context) error
	system     []*txn.Write
	conflict   error // why this run can't commit, if that is known
	over       bool
}

// A TxOption refines a transaction.
type TxOption func(*txOptions)

type txOptions struct {
	readOnly bool
	attempts int
}

// ReadOnly refuses every write in the transaction with ErrInvalid.
func ReadOnly() TxOption { return func(o *txOptions) { o.readOnly = true } }

// TxAttempts bounds how often the function of a transaction is run because
// others came first: 1 to 10,000; default Settings.ConflictAttempts.
func TxAttempts(n int) TxOption { return func(o *txOptions) { o.attempts = n } }

// The limits of one transaction.
const (
	maxTxWrites = 1000     // documents
	maxTxReads  = 10_000   // documents
	maxTxBytes  = 64 << 20 // of all documents written

	// conflictSteps bounds how often the wait after a conflict is doubled. What
	// was lost is one write; a long wait leaves the documents idle, and is unfair to
	// those who wait.
	conflictSteps = 4

	// maxTxAge is how old a read may be that a commit rests on: less than it
	// takes until what was deleted is purged, since an absence could recur.
	maxTxAge = time.Hour
)

// Tx runs fn as a transaction: everything that it reads and writes through tx,
// and through collections inside tx, happens at one moment, or not at all. The
// isolation is strict serializability, the strongest there is: the result is
// that of some order in which transactions, and all plain reads and writes, ran
// one after another, and what was acknowledged before a transaction began comes
// before it in that order.
//
// If others came first, fn runs again, so it should do nothing else that can't
// be done twice. What fn reads may be inconsistent in a run that can't commit,
// but no such run has an effect, and no error of it is returned. An error of
// fn ends the transaction without effect and comes back as it is.
//
// A query inside is validated as a whole: a document that comes to match it, or
// ceases to, is a conflict. It reads all documents that match, whatever its
// limit.
//
// The error matches ErrConflict if others came first again and again,
// ErrOutcomeUnknown if the commit was sent and it can't be told what became of
// it, and ErrInvalid beyond the limits: 1,000 documents written, 10,000 read by
// id, and 64 MiB written. No more than 60 seconds may pass between the first lock
// and the decision, which is what a transaction does after fn, and no more than an
// hour between its beginning and its end.
//
// With n documents written, a commit costs 2n+1 writes in two rounds, and another
// round of reads if something was only read. One document that is written, and
// nothing else read, costs what it costs without a transaction. If nothing is
// written, all is read once, and looked at once more. After ErrOutcomeUnknown, and
// after a crash, whoever meets a lock that is left brings the transaction to its
// end; see also Maintain.
func (db *DB) Tx(ctx context.Context, fn func(tx *Tx) error, options ...TxOption) (err error) {
	o, err := db.txOptions(ctx, "transaction", options)
	if err != nil {
		return err
	}
	ctx, end := db.operation(ctx, ports.OperationInfo{Name: "transaction"})
	documents := 0
	defer func() { end(documents, err) }()
	wait, turn := db.resolver.Patience, ""
	for attempt := 1; ; attempt++ {
		tx := db.newTx(ctx, o)
		tx.lost, tx.wait = attempt-1, wait
		own, err := tx.runInTurn(ctx, turn, fn)
		if err == nil {
			documents = tx.written()
			return own
		}
		if !isConflict(err) || attempt >= o.attempts || errors.Is(err, txn.ErrTooLate) && attempt >= 3 {
			return fail("transaction", "", "", err)
		}
		if errors.Is(err, txn.ErrEnded) {
			wait = min(2*wait, txn.MaxPatience) // it needs more time than others had
		}
		if err := db.registers.Retry.Wait(ctx, "transaction", tx.id, min(attempt, conflictSteps), err); err != nil {
			return fail("transaction", "", "", err)
		}
		turn = tx.firstWrite()
	}
}

// runInTurn is run, among those of this process who lost a race for an object.
func (tx *Tx) runInTurn(ctx context.Context, object string, fn func(tx *Tx) error) (own, err error) {
	end := tx.db.takeTurn(ctx, object)
	defer end()
	return tx.run(ctx, fn)
}

// firstWrite is the first key of what the transaction writes.
func (tx *Tx) firstWrite() string {
	if writes, _ := tx.split(); len(writes) > 0 {
		return writes[0].base.state.Key
	}
	return ""
}

// run is one run of the function, and its commit. own is the error of the
// function, which counts only if what it saw was consistent.
func (tx *Tx) run(ctx context.Context, fn func(tx *Tx) error) (own, err error) {
	defer tx.end()
	own = fn(tx)
	tx.end() // what still runs learns that it comes too late
	if own == nil {
		return nil, tx.commit(ctx)
	}
	if ctx.Err() != nil {
		return own, nil
	}
	return own, tx.consistent(ctx)
}

// Begin starts a transaction in its long form, for callers that can't put it
// into a function: Commit must be called, or Rollback. Begin costs nothing and
// locks nothing.
func (db *DB) Begin(ctx context.Context, options ...TxOption) (*Tx, error) {
	o, err := db.txOptions(ctx, "begin", options)
	if err != nil {
		return nil, err
	}
	tx := db.newTx(ctx, o)
	tx.wait = db.resolver.Patience
	return tx, nil
}

// Commit ends a transaction of Begin. ErrConflict says that others came first,
// and that nothing was changed: begin another one. See DB.Tx for other errors.
func (tx *Tx) Commit(ctx context.Context) (err error) {
	if err := tx.usable("commit"); err != nil {
		return err
	}
	if tx.end() {
		return &Error{Op: "commit", Kind: ErrClosed, Err: errTxOver} // another goroutine does it
	}
	ctx, end := tx.db.operation(ctx, ports.OperationInfo{Name: "transaction"})
	defer func() { end(tx.written(), err) }()
	return fail("commit", "", "", tx.commit(ctx))
}

// Rollback ends a transaction of Begin without effect. After Commit it does
// nothing, so that it can be deferred.
func (tx *Tx) Rollback() { tx.end() }

// Context is the one that DB.Tx got, marked so that a transaction inside this
// one is refused. It is what code should be handed that is called from inside.
func (tx *Tx) Context() context.Context { return context.WithValue(tx.ctx, txKey{}, tx) }

type txKey struct{}

// In is the collection inside a transaction: the same methods, whose effects
// come with the commit. A document that was written inside reads as it was
// written. Batches answer one result a document, as they do outside; Atomic is
// Update.
func (c *Collection[T]) In(tx *Tx) *Collection[T] {
	inside := *c
	inside.tx = tx
	return &inside
}

func (db *DB) newTx(ctx context.Context, o txOptions) *Tx {
	clock := db.options.Clock
	return &Tx{
		db: db, options: o, ctx: ctx, id: txn.NewID(clock.Now(), db.options.Random),
		began: clock.Elapsed(), wall: clock.Now(), entries: make(map[string]*txEntry),
	}
}

func (db *DB) txOptions(ctx context.Context, op string, options []TxOption) (o txOptions, err error) {
	o.attempts = db.options.ConflictAttempts
	for _, option := range options {
		option(&o)
	}
	switch outer, _ := ctx.Value(txKey{}).(*Tx); {
	case outer != nil:
		return o, invalid(op, "", "", "there is a transaction around this one; use that")
	case o.attempts < 1 || o.attempts > 10_000:
		return o, invalid(op, "", "", "TxAttempts is %d, not within 1 to 10000", o.attempts)
	}
	return o, db.checkOpen(op, "", "")
}

// end makes the transaction unusable, and answers whether it was already.
func (tx *Tx) end() (already bool) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	already, tx.over = tx.over, true
	return already
}

// usable refuses calls after the end.
func (tx *Tx) usable(op string) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.over {
		return &Error{Op: op, Kind: ErrClosed, Err: errTxOver}
	}
	return tx.db.checkOpen(op, "", "")
}

var errTxOver = errors.New("the transaction is over")

func (tx *Tx) written() int {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.writes
}
