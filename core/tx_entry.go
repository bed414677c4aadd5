package core

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
)

// txEntry is one document in a transaction.
type txEntry struct {
	docs    *documents
	base    current // as it was read; the bytes of its state are as they were
	pending string  // the other transaction that had it locked then, undecided
	written bool
	next    current // if it was written
}

// errStale is the conflict of a document that changed between two looks.
var errStale = fmt.Errorf("a document changed while the transaction was under way: %w", ports.ErrPrecondition)

func isConflict(err error) bool {
	if errors.Is(err, ports.ErrUnknown) {
		return false
	}
	for _, reason := range []error{ports.ErrPrecondition, cas.ErrTooOld, index.ErrMoved, index.ErrLapsed, txn.ErrEnded, txn.ErrTooLate, errRules} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}

// now is the document as the transaction has it.
func (e *txEntry) now() current {
	if e.written {
		return e.next
	}
	return e.base
}

// get reads a document inside a transaction; outside, tx is nil.
func (tx *Tx) get(ctx context.Context, d *documents, id string) (current, error) {
	if tx == nil {
		return d.get(ctx, id)
	}
	e, err := tx.entry(ctx, d, id, false)
	if err != nil {
		return current{}, err
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	found := e.now()
	switch {
	case found.corrupt != nil:
		return found, corrupt(found.corrupt)
	case !found.exists():
		return found, ports.ErrNotFound
	}
	return found, nil
}

// entry is the transaction's view of a document, which is read if need be:
// forWrite, so that it can be locked.
func (tx *Tx) entry(ctx context.Context, d *documents, id string, forWrite bool) (*txEntry, error) {
	if err := tx.accepts(d, id); err != nil {
		return nil, err
	}
	key := layout.DocumentKey(d.folder, id)
	if e := tx.find(key, forWrite); e != nil {
		return e, nil
	}
	fresh, err := tx.read(ctx, d, id, forWrite)
	if err != nil {
		return nil, err
	}
	return tx.adopt(key, fresh, forWrite)
}

// lockable reports whether a lock can be based on what was read.
func (e *txEntry) lockable() bool { return e.written || e.pending == "" && !e.base.state.Spent() }

// accepts refuses what the transaction can't do.
func (tx *Tx) accepts(d *documents, id string) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	switch {
	case tx.over:
		return &Error{Op: "transaction", Collection: d.name, ID: id, Kind: ErrClosed, Err: errTxOver}
	case d.db != tx.db:
		return invalid("transaction", d.name, id, "the transaction belongs to another database")
	case tx.conflict != nil:
		return tx.conflict
	}
	return nil
}

func (tx *Tx) find(key string, forWrite bool) *txEntry {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if e := tx.entries[key]; e != nil && (!forWrite || e.lockable()) {
		return e
	}
	return nil
}

// read reads a document for a transaction.
func (tx *Tx) read(ctx context.Context, d *documents, id string, forWrite bool) (*txEntry, error) {
	e := &txEntry{docs: d}
	key := layout.DocumentKey(d.folder, id)
	reader := d.db.reads
	if forWrite {
		reader = d.db.registers
	}
	state, err := reader.Read(ctx, key)
	if err != nil {
		return nil, err
	}
	view := txn.View{}
	if forWrite {
		state, err = d.db.resolver.Settle(ctx, state)
		view.Body = state.Body
	} else {
		view, state, err = d.db.resolver.Look(ctx, state, txn.Plain)
	}
	if err != nil {
		return nil, err
	}
	e.pending = view.Pending
	e.base, err = parseIntact(id, state, view)
	return e, err
}

// parseIntact parses what a view shows, and leaves the bytes of the state as
// they are.
func parseIntact(id string, state cas.State, view txn.View) (current, error) {
	if view.Locked {
		state = state.Spend()
	}
	if view.Body == nil {
		return current{id: id, state: state}, nil
	}
	shown := state
	shown.Body = bytes.Clone(view.Body)
	c, err := parseCurrent(id, shown, true)
	c.state = state
	return c, err
}

// adopt makes a document that was read part of the transaction. If it was read
// before, it must be at the same revision.
func (tx *Tx) adopt(key string, fresh *txEntry, forWrite bool) (*txEntry, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	e := tx.entries[key]
	switch {
	case e == nil && tx.full(forWrite):
		return nil, invalid("transaction", fresh.docs.name, fresh.base.id, "the transaction reads more than %d documents", maxTxReads)
	case e == nil:
		tx.entries[key] = fresh
		return fresh, nil
	case e.written:
		return e, nil
	case !sameState(&e.base, &fresh.base):
		tx.conflict = errStale
		return nil, errStale
	}
	if !e.lockable() {
		e.base, e.pending = fresh.base, fresh.pending
	}
	return e, nil
}

// full reports whether the transaction can't read one more document.
func (tx *Tx) full(forWrite bool) bool {
	if forWrite {
		return len(tx.entries) >= maxTxReads+maxTxWrites
	}
	return len(tx.entries)-tx.writes >= maxTxReads
}

// sameState reports whether a document was not changed between two looks at it.
func sameState(a, b *current) bool {
	if a.revision != b.revision || a.exists() != b.exists() {
		return false
	}
	return !a.exists() || bytes.Equal(a.members, b.members) // other programs leave revisions alone
}

// modify changes a document inside a transaction; outside, tx is nil.
func (tx *Tx) modify(ctx context.Context, d *documents, id string, c *change) (current, error) {
	if tx == nil {
		return d.modifyRuled(ctx, id, c)
	}
	if err := d.checkID(c.op, id); err != nil {
		return current{}, err
	}
	if tx.options.readOnly {
		return current{}, invalid(c.op, d.name, id, "the transaction is read-only")
	}
	e, err := tx.entry(ctx, d, id, true)
	if err != nil {
		return current{}, readFail(c.op, d.name, id, err)
	}
	tx.mu.Lock()
	base := e.now()
	tx.mu.Unlock()
	if err := c.check(d, base); err != nil {
		return current{}, err
	}
	members, err := c.build(base.members)
	var own userError
	switch {
	case errors.Is(err, errKeep):
		base.kept = true
		return base, nil
	case errors.As(err, &own):
		return current{}, own.of(c.op, d.name, id)
	case err != nil:
		return current{}, fail(c.op, d.name, id, err)
	}
	honours, err := d.honour(ctx, tx, id, c, base.members, members)
	if err != nil {
		return current{}, fail(c.op, d.name, id, err)
	}
	return tx.write(c.op, e, base, members, honours)
}

// write notes the next state of a document.
func (tx *Tx) write(op string, e *txEntry, base current, members []byte, honours *index.Rules) (current, error) {
	db, id := tx.db, base.id
	next := current{id: id, members: members, schema: base.schema, honours: honours}
	next.revision = revision.Next(base.revision, db.options.Clock.Now(), db.options.Random())
	tx.mu.Lock()
	defer tx.mu.Unlock()
	next.state = e.base.state.Spend()
	next.state.Body = nil
	if changed := e.now(); changed.revision != base.revision {
		return current{}, invalid(op, e.docs.name, id, "two goroutines of the transaction change the document at once")
	}
	before, becomes := len(e.next.members), members != nil || e.base.exists()
	switch {
	case tx.over:
		return current{}, &Error{Op: op, Collection: e.docs.name, ID: id, Kind: ErrClosed, Err: errTxOver}
	case !e.written && tx.writes >= maxTxWrites:
		return current{}, invalid(op, e.docs.name, id, "the transaction writes more than %d documents", maxTxWrites)
	case tx.bytes-before+len(members) > maxTxBytes:
		return current{}, invalid(op, e.docs.name, id, "the transaction writes more than %d bytes", maxTxBytes)
	case e.base.corrupt != nil:
		return current{}, &Error{Op: op, Collection: e.docs.name, ID: id, Kind: ErrCorrupt, Err: e.base.corrupt}
	}
	tx.bytes += len(members) - before
	tx.writes += one(becomes) - one(e.written)
	e.next, e.written = next, becomes
	return next, nil
}
