package simulation_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core"
)

// txn is one run of a transaction's function.
type txn struct {
	*client
	*attempt
	tx *core.Tx
}

// transact runs a transaction, mostly as a function, now and then in its long
// form, which ends with the first conflict.
func (c *client) transact(kind string, fn func(ctx context.Context, x *txn) error, options ...core.TxOption) error {
	return c.do(kind, func(ctx context.Context, o *operation) error {
		run := func(tx *core.Tx) error {
			x := &txn{client: c, attempt: o.try(), tx: tx}
			return fn(ctx, x)
		}
		if c.rng.IntN(8) > 0 {
			err := c.db.Tx(ctx, run, options...)
			o.judge(err)
			return err
		}
		tx, err := c.db.Begin(ctx, options...)
		if err != nil {
			return err
		}
		if err := run(tx); err != nil {
			tx.Rollback()
			return err
		}
		return tx.Commit(ctx)
	})
}

// judge notes that the function's own error came back: what it had seen until
// then was consistent.
func (o *operation) judge(err error) {
	if a := o.current(); a != nil && errors.Is(err, errOwn) {
		o.refusedBy = a.sees
	}
}

func (x *txn) in(key string) (*core.Collection[doc], string) {
	coll, id := x.collection(key)
	return coll.In(x.tx), id
}

// get reads a document, and answers whether there is one.
func (x *txn) get(ctx context.Context, key string) (d doc, found bool, err error) {
	coll, id := x.in(key)
	got, err := coll.Get(ctx, id)
	switch {
	case errors.Is(err, core.ErrNotFound):
		if w, own := x.writes[key]; own && !w.delete {
			x.object("own write: %v reads %s as absent that it has written", x.operation, key)
		}
		if _, own := x.writes[key]; !own {
			x.sawAbsent(key)
		}
		return doc{}, false, nil
	case err != nil:
		return doc{}, false, err
	}
	if w, own := x.writes[key]; !own {
		x.saw(key, got.Value.T)
	} else if w.delete || got.Value.T != x.token {
		x.object("own write: %v reads %s as %+v", x.operation, key, got.Value)
	}
	return got.Value, true, nil
}

// object notes what is a problem if the attempt takes effect: those that don't
// may see anything.
func (a *attempt) object(format string, args ...any) {
	a.objections = append(a.objections, fmt.Sprintf(format, args...))
}

// query asks in the transaction: every document of the folder was seen, either
// in one state, or in one that does not match.
func (x *txn) query(ctx context.Context, folder string, q question) (map[string]doc, error) {
	coll, _ := x.in(folder)
	found, err := coll.Query().Where(q.where).All(ctx)
	if err != nil {
		return nil, err
	}
	answer := make(map[string]doc)
	for _, d := range found {
		key := folder + d.ID + ".json"
		answer[key] = d.Value
		if w, own := x.writes[key]; !own {
			x.saw(key, d.Value.T)
		} else if w.delete || d.Value.T != x.token {
			x.object("own write: %v finds %s as %+v", x.operation, key, d.Value)
		}
		if !q.holds(d.Value) {
			x.object("wrong: %v asks for %s and gets %+v", x.operation, q.text, d.Value)
		}
	}
	for _, key := range x.history.workload.keys {
		if _, returned := answer[key]; returned || key[:len(folder)] != folder {
			continue
		}
		if _, own := x.writes[key]; !own {
			x.sees = append(x.sees, observation{key: key, reason: "not " + q.text, holds: func(v version) bool {
				return !v.exists || !q.holds(v.doc)
			}})
		}
	}
	return answer, nil
}

// set writes a document, whether there is one or not.
func (x *txn) set(ctx context.Context, key string, d doc) error {
	d.T = x.token
	coll, id := x.in(key)
	_, err := coll.Put(ctx, id, d)
	if err == nil {
		x.puts(key)
	}
	return err
}

// change changes a document that is there.
func (x *txn) change(ctx context.Context, key string, fn func(d *doc)) error {
	coll, id := x.in(key)
	_, own := x.writes[key]
	seen := ""
	_, err := coll.Update(ctx, id, func(d *doc) error {
		seen = d.T
		fn(d)
		d.T = x.token
		return nil
	})
	if errors.Is(err, core.ErrNotFound) && !own {
		x.sawAbsent(key)
	}
	if err != nil {
		return err
	}
	if !own {
		x.saw(key, seen)
	}
	x.puts(key)
	return nil
}

// create writes a document that is not there.
func (x *txn) create(ctx context.Context, key string, d doc) error {
	d.T = x.token
	coll, id := x.in(key)
	_, own := x.writes[key]
	_, err := coll.Create(ctx, id, d)
	if errors.Is(err, core.ErrExists) && !own {
		x.sees = append(x.sees, exists(key))
	}
	if err != nil {
		return err
	}
	if !own {
		x.sawAbsent(key)
	}
	x.puts(key)
	return nil
}

func (x *txn) remove(ctx context.Context, key string) error {
	coll, id := x.in(key)
	if err := coll.Delete(ctx, id); err != nil {
		return err
	}
	x.writes[key] = write{delete: true, maybe: true}
	return nil
}

// any does one thing to a document.
func (x *txn) any(ctx context.Context, key string) error {
	switch n := x.rng.IntN(10); {
	case n < 3:
		return x.set(ctx, key, x.fresh(x.attempt))
	case n < 6:
		return gone(x.change(ctx, key, func(d *doc) { *d = x.fresh(x.attempt) }))
	case n < 8:
		return gone(x.create(ctx, key, x.fresh(x.attempt)))
	default:
		return x.remove(ctx, key)
	}
}

// gone lets a transaction go on although a document was there, or not.
func gone(err error) error {
	if errors.Is(err, core.ErrNotFound) || errors.Is(err, core.ErrExists) {
		return nil
	}
	return err
}

// mixed is a transaction of everything: reads, queries and writes, in any
// order.
func (c *client) mixed(folder string, all []string) {
	reads, asks, writes := some(c.rng, all, 0, 2), c.rng.IntN(3), some(c.rng, all, 0, 2)
	questions := make([]question, asks)
	for i := range questions {
		questions[i] = c.question()
	}
	var options []core.TxOption
	if len(writes) == 0 && c.rng.IntN(2) == 0 {
		options = append(options, core.ReadOnly())
	}
	kind := "transaction"
	if len(writes) == 0 {
		kind = "read-only transaction"
	}
	seed, giveUp := c.rng.Uint64(), c.rng.IntN(12) == 0
	_ = c.transact(kind, func(ctx context.Context, x *txn) error {
		steps := make([]func() error, 0, 6)
		for _, key := range reads {
			steps = append(steps, func() error { _, _, err := x.get(ctx, key); return err })
		}
		for _, q := range questions {
			steps = append(steps, func() error { _, err := x.query(ctx, folder, q); return err })
		}
		for _, key := range writes {
			steps = append(steps, func() error { return x.any(ctx, key) })
		}
		for i := range steps { // each run in another order
			at := i + int(mix(seed, uint64(len(x.operation.attempts)), uint64(i))%uint64(len(steps)-i))
			steps[i], steps[at] = steps[at], steps[i]
			if err := steps[i](); err != nil {
				return err
			}
		}
		if giveUp {
			return fmt.Errorf("give up: %w", errOwn)
		}
		return nil
	}, options...)
}
