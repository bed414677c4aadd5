package core

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
)

// errRules says that a write meets rules of its collection that it did not
// honour. Nothing was written.
var errRules = errors.New("the collection has rules that the write did not honour")

// delete deletes a document, and does to those that refer to it what their
// references say. Where there are no references, it is one plain write; whether
// there are tells the manifest that every write holds under its lease anyway.
func (d *documents) delete(ctx context.Context, tx *Tx, id string, want expectation) error {
	if tx != nil {
		return d.deleteInside(ctx, tx, id, want)
	}
	if len(d.holder.KnownRules().References) == 0 {
		_, err := d.modify(ctx, id, deletion(want, nil))
		if !errors.Is(err, errRules) {
			return err
		}
	}
	return d.deleteAll(ctx, id, want)
}

// deleteInside is delete as a part of a transaction of the user's.
func (d *documents) deleteInside(ctx context.Context, tx *Tx, id string, want expectation) error {
	if err := d.checkID("delete", id); err != nil {
		return err
	}
	rules, err := d.holder.Rules(ctx)
	switch {
	case err != nil:
		return fail("delete", d.name, id, err)
	case len(rules.References) == 0:
		_, err := tx.modify(ctx, d, id, deletion(want, nil))
		return err
	}
	if err = d.deleteIn(ctx, tx, id, want); errors.Is(err, errTooMany) {
		return invalid("delete", d.name, id, "%w: more than %d; outside of a transaction it can be deleted", errTooMany, cascadeLimit)
	}
	return fail("delete", d.name, id, err)
}

// deletion is the change that deletes a document, once these references are
// honoured.
func deletion(want expectation, honoured []index.Reference) *change {
	return &change{
		op: "delete", expectation: want, replaces: true, honours: &index.Rules{References: honoured},
		build: func([]byte) ([]byte, error) { return nil, nil },
	}
}

// deleteAll deletes a document with all that it takes with it: in one
// transaction, or if that is too much for one, step by step.
func (d *documents) deleteAll(ctx context.Context, id string, want expectation) error {
	for round := 1; ; round++ {
		err := d.db.Tx(ctx, func(tx *Tx) error { return fail("delete", d.name, id, d.deleteIn(ctx, tx, id, want)) })
		if d.cantRead(id, err) {
			err = d.deleteUnreadable(ctx, id, want)
		}
		switch {
		case errors.Is(err, errTooMany):
			return d.deleteByJob(ctx, id, want)
		case !errors.Is(err, errRules) || round == cascadeRounds:
			return d.named("delete", id, err)
		}
	}
}

// named completes the error of a transaction that did no more than one
// operation on the document.
func (d *documents) named(op, id string, err error) error {
	e, ok := err.(*Error) //nolint:errorlint // what is wrapped names something else
	if !ok || e.Collection != "" || e.ID != "" {
		return err
	}
	named := *e
	named.Op, named.Collection, named.ID = op, d.name, id
	return &named
}

// cantRead reports whether an error says that the document itself can't be
// read.
func (d *documents) cantRead(id string, err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == ErrCorrupt && e.Collection == d.name && e.ID == id
}

// deleteUnreadable deletes a document that no transaction can lock, since it
// can't be read: first, in a transaction, all that it takes with it, and then it
// alone. It answers errRules if the document is another one by then.
func (d *documents) deleteUnreadable(ctx context.Context, id string, want expectation) error {
	base, err := d.read(ctx, id)
	switch {
	case err != nil:
		return fail("delete", d.name, id, err)
	case base.corrupt == nil:
		return errRules
	}
	if err := deletion(want, nil).check(d, base); err != nil {
		return err
	}
	e := &expansion{db: d.db, limit: cascadeLimit}
	err = d.db.Tx(ctx, func(tx *Tx) error {
		root := node{d.name, id}
		e.tx, e.order, e.deletes, e.blocked = tx, nil, nil, nil
		_, err := d.db.untyped(tx, d.name).Get(ctx, id)
		switch {
		case err == nil, kindIs(err, ErrNotFound):
			return errRules
		case !kindIs(err, ErrCorrupt):
			return err
		}
		if err = e.expand(ctx, root); err == nil {
			err = e.refused("delete", root)
		}
		if err == nil {
			err = e.applyFrom(ctx, 1, want)
		}
		return fail("delete", d.name, id, err)
	})
	if err != nil {
		return err
	}
	next := current{id: id, honours: &index.Rules{References: e.rules[d.name]}}
	next.revision = revision.Next(base.revision, d.db.options.Clock.Now(), d.db.options.Random())
	if _, err = d.writeAs(ctx, base, next); isConflict(err) {
		return errRules // another writer came first
	}
	return fail("delete", d.name, id, err)
}

// deleteIn deletes a document with all that it takes with it as a part of a
// transaction. It answers errTooMany, before it did anything, beyond the limit.
func (d *documents) deleteIn(ctx context.Context, tx *Tx, id string, want expectation) error {
	root := node{d.name, id}
	if there, err := d.db.isThere(ctx, tx, root); err != nil || !there && want.revision == nil {
		return err
	}
	e := &expansion{db: d.db, tx: tx, limit: cascadeLimit}
	if err := e.expand(ctx, root); err != nil {
		return err
	}
	if err := e.refused("delete", root); err != nil {
		return err
	}
	return e.apply(ctx, want)
}

// isThere reports whether there is anything to delete. What can't be read can
// still be deleted.
func (db *DB) isThere(ctx context.Context, tx *Tx, n node) (bool, error) {
	_, err := db.untyped(tx, n.collection).Get(ctx, n.id)
	switch {
	case err == nil, kindIs(err, ErrCorrupt):
		return true, nil
	case kindIs(err, ErrNotFound):
		return false, nil
	default:
		return false, err
	}
}

// refused answers the error that says what restricts the delete, if anything
// does.
func (e *expansion) refused(op string, root node) error {
	if len(e.blocked) == 0 {
		return nil
	}
	causes := make([]error, len(e.blocked))
	for i := range e.blocked {
		causes[i] = &e.blocked[i]
	}
	cause := causes[0]
	if len(causes) > 1 {
		cause = errors.Join(causes...)
	}
	return &Error{Op: op, Collection: root.collection, ID: root.id, Kind: ErrConstraint, Err: cause}
}

// apply does in the transaction what was found. want is what the caller asks of
// the first root.
func (e *expansion) apply(ctx context.Context, want expectation) error {
	return e.applyFrom(ctx, 0, want)
}

// applyFrom is apply without the first of the deletes.
func (e *expansion) applyFrom(ctx context.Context, first int, want expectation) error {
	return e.db.together(len(e.order)+len(e.deletes)-first, func(i int) error {
		if i < len(e.order) {
			return e.change(ctx, e.order[i].node)
		}
		i += first - len(e.order)
		if i == 0 {
			return e.drop(ctx, e.deletes[i].node, want)
		}
		return e.drop(ctx, e.deletes[i].node, expectation{})
	})
}

// together calls fn for 0 to n-1, as many at once as the database may do, and
// answers the first error by number.
func (db *DB) together(n int, fn func(i int) error) error {
	errs := make([]error, n)
	tasks.Parallel(db.options.Concurrency, n, func(i int) { errs[i] = fn(i) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// drop deletes one document, and no other.
func (e *expansion) drop(ctx context.Context, n node, want expectation) error {
	want.present = true
	_, err := e.tx.modify(ctx, e.db.documents(n.collection), n.id, deletion(want, e.rules[n.collection]))
	if kindIs(err, ErrNotFound) {
		return nil
	}
	return err
}

// change takes the ids of what is deleted out of a document.
func (e *expansion) change(ctx context.Context, n node) error {
	c := e.db.untyped(e.tx, n.collection)
	_, err := c.Update(ctx, n.id, func(members *json.RawMessage) error {
		for _, lost := range e.changes[n] {
			patch := without(*members, lost.field, func(id string) bool { return e.goes(node{lost.parent, id}) })
			if patch != nil {
				*members = rawjson.Patch(*members, patch)
			}
		}
		return nil
	})
	if kindIs(err, ErrNotFound) {
		return nil
	}
	return err
}
