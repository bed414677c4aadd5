package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
)

// commit makes the transaction's effects happen, or answers why that can't be.
func (tx *Tx) commit(ctx context.Context) error {
	if err := tx.settled(); err != nil {
		return err
	}
	writes, reads := tx.split()
	switch {
	case len(writes)+len(tx.system) == 0:
		return notSent(ctx, tx.validate(ctx, reads))
	case tx.alone(writes, reads):
		return tx.writeAlone(ctx, writes[0])
	}
	c := &commit{Tx: tx, writes: writes, reads: reads}
	c.attempt = &txn.Attempt{
		Resolver: tx.db.resolver, ID: tx.id, Wait: tx.wait, Careful: tx.lost > 0, Workers: tx.db.options.Concurrency,
		Reads: len(reads)+len(tx.predicates)+len(tx.checks) > 0,
	}
	return c.run(ctx)
}

// settled answers the conflict that is known already, if there is one.
func (tx *Tx) settled() error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.conflict
}

// split tells what the transaction writes from what it only read, both in the
// order of their keys.
func (tx *Tx) split() (writes, reads []*txEntry) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	for _, e := range tx.entries {
		if e.written {
			writes = append(writes, e)
		} else {
			reads = append(reads, e)
		}
	}
	byKey := func(a, b *txEntry) int { return strings.Compare(a.base.state.Key, b.base.state.Key) }
	slices.SortFunc(writes, byKey)
	slices.SortFunc(reads, byKey)
	return writes, reads
}

// alone reports whether one compare-and-swap does all of it.
func (tx *Tx) alone(writes, reads []*txEntry) bool {
	return len(writes) == 1 && len(reads)+len(tx.predicates)+len(tx.checks)+len(tx.system) == 0
}

func (tx *Tx) writeAlone(ctx context.Context, e *txEntry) error {
	_, err := e.docs.writeAs(ctx, e.base, e.next)
	return err
}

// consistent answers a conflict if what the function saw was not consistent.
func (tx *Tx) consistent(ctx context.Context) error {
	if err := tx.settled(); err != nil {
		return err
	}
	writes, reads := tx.split()
	return notSent(ctx, tx.validate(ctx, append(reads, writes...)))
}

// commit is the commit of several documents under way.
type commit struct {
	*Tx
	attempt       *txn.Attempt
	writes, reads []*txEntry
	groups        []*group
}

// group is what a commit writes to one collection.
type group struct {
	docs       *documents
	base, next []index.State
	ticket     *index.Ticket
}

func (c *commit) run(ctx context.Context) error {
	err := c.prepare(ctx)
	if err != nil {
		return notSent(ctx, err)
	}
	if err = c.attempt.Lock(ctx, c.objects()...); err == nil {
		err = c.begin(ctx)
	}
	if err == nil {
		err = c.claim(ctx)
	}
	if err == nil {
		err = c.validate(ctx, c.reads)
	} else {
		err = c.certain(ctx, err)
	}
	if err == nil {
		err = c.decide(ctx)
	}
	switch {
	case err == nil:
		c.committed(ctx)
	case errors.Is(err, ports.ErrUnknown) && c.attempt.Sent():
		c.each(func(t *index.Ticket) { t.Unknown() })
		c.later(ctx, c.resolve)
	default:
		err = c.failed(ctx, notSent(ctx, err))
	}
	return err
}

// certain answers a conflict in place of an error that says what the documents do
// not allow, if the function saw something else than what was true at that moment:
// the next run might not ask for that. All that is written is locked by now.
func (c *commit) certain(ctx context.Context, cause error) error {
	if kind := KindOf(cause); !errors.Is(kind, ErrConstraint) && !errors.Is(kind, ErrInvalid) {
		return cause
	}
	if err := c.validate(ctx, c.reads); err != nil {
		return err
	}
	ended, err := c.attempt.Decision(ctx, c.id)
	switch {
	case err != nil:
		return err
	case ended != nil:
		return txn.ErrEnded
	}
	return cause
}

// notSent is the error of an attempt whose commit was never sent or is known to
// have failed. What it did before may be of unknown outcome; the transaction
// itself is not.
func notSent(ctx context.Context, cause error) error {
	switch {
	case !errors.Is(cause, ports.ErrUnknown):
		return cause
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s", ctx.Err(), cause.Error())
	default:
		return ports.Fail("prepare", "", ports.ErrUnavailable, errors.New(cause.Error()))
	}
}

// prepare reads again what was read too long ago to base a lock on.
func (c *commit) prepare(ctx context.Context) error {
	for _, e := range c.writes {
		if c.db.registers.Fresh(e.base.state) {
			continue
		}
		fresh, err := c.read(ctx, e.docs, e.base.id, true)
		if err != nil {
			return err
		}
		if !sameState(&e.base, &fresh.base) {
			return errStale
		}
		e.base = fresh.base
	}
	for _, w := range c.system {
		if c.db.registers.Fresh(w.Base) {
			continue
		}
		fresh, err := c.db.resolver.Read(ctx, w.Base.Key)
		if err != nil {
			return err
		}
		if fresh.Exists != w.Base.Exists || fresh.Version != w.Base.Version {
			return errStale
		}
		w.Base = fresh
	}
	return nil
}

// objects are the documents, and what else is written with them.
func (c *commit) objects() []*txn.Write {
	objects := slices.Clone(c.system)
	for _, e := range c.writes {
		objects = append(objects, &txn.Write{Base: e.base.state, Body: e.next.body()})
	}
	return objects
}

// begin adds the entries of the new states to the indexes, collection by
// collection, once everything is locked.
func (c *commit) begin(ctx context.Context) (err error) {
	for _, e := range c.writes {
		g := c.groupOf(e.docs)
		g.base, g.next = append(g.base, e.base.content()), append(g.next, e.next.content())
	}
	for _, g := range c.groups {
		if g.ticket, err = g.docs.holder.Begin(ctx, g.next...); err != nil {
			return fmt.Errorf("write to collection %q: %w", g.docs.name, err)
		}
	}
	for _, e := range c.writes {
		if !c.groupOf(e.docs).ticket.Honour(e.next.honours, e.next.members == nil) {
			return errRules
		}
	}
	return nil
}

func (c *commit) groupOf(docs *documents) *group {
	for _, g := range c.groups {
		if g.docs == docs {
			return g
		}
	}
	g := &group{docs: docs}
	c.groups = append(c.groups, g)
	return g
}

// claim makes the unique values of the new states the transaction's.
func (c *commit) claim(ctx context.Context) error {
	var writes []*txn.Write
	for _, g := range c.groups {
		more, err := g.claims(ctx, c.id, c.db.options.Concurrency)
		if err != nil {
			return err
		}
		writes = append(writes, more...)
	}
	if len(writes) == 0 {
		return nil
	}
	return c.attempt.Lock(ctx, writes...)
}

// decide commits, under a valid lease on the manifest of each collection.
func (c *commit) decide(ctx context.Context) error {
	for _, g := range c.groups {
		if err := g.ticket.Renew(ctx); err != nil {
			return err
		}
	}
	return c.attempt.Decide(ctx, c.gate)
}

// gate asks all leases at once.
func (c *commit) gate(ctx context.Context) (context.Context, context.CancelFunc, error) {
	var cancels []context.CancelFunc
	cancel := func() {
		for _, fn := range slices.Backward(cancels) {
			fn()
		}
	}
	for _, g := range c.groups {
		inner, end, err := g.ticket.Gate(ctx)
		if err != nil {
			cancel()
			return nil, nil, err
		}
		ctx, cancels = inner, append(cancels, end)
	}
	return ctx, cancel, nil
}

func (c *commit) each(fn func(*index.Ticket)) {
	for _, g := range c.groups {
		if g.ticket != nil {
			fn(g.ticket)
		}
	}
}

// addCheck adds a condition of the commit. It is asked once everything that is
// written is locked.
func (tx *Tx) addCheck(check func(ctx context.Context) error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.checks = append(tx.checks, check)
}

// writeSystem adds an object of the system to what is written, in place of base.
func (tx *Tx) writeSystem(key string, base cas.State, body []byte) error {
	if tx.options.readOnly {
		return invalid("transaction", "", "", "the transaction is read-only")
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if w := tx.systemWrite(key); w != nil {
		w.Body = body
		return nil
	}
	tx.system = append(tx.system, &txn.Write{Base: base, Body: body})
	return nil
}

// systemWrite is what the transaction writes to that object of the system; nil:
// nothing. The caller holds the lock.
func (tx *Tx) systemWrite(key string) *txn.Write {
	for _, w := range tx.system {
		if w.Base.Key == key {
			return w
		}
	}
	return nil
}
