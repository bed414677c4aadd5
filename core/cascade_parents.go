package core

import (
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/core/internal/index"
)

// modifyRuled is modify for all changes that leave a document behind: where
// what it refers to must be there, they become transactions. Whether it must,
// tells the manifest that every write holds under its lease anyway.
func (d *documents) modifyRuled(ctx context.Context, id string, c *change) (written current, err error) {
	if len(d.holder.KnownRules().Requires) == 0 {
		if written, err = d.modify(ctx, id, c); !errors.Is(err, errRules) {
			return written, err
		}
	}
	err = d.db.Tx(ctx, func(tx *Tx) (err error) {
		written, err = tx.modify(ctx, d, id, c)
		return err
	})
	return written, d.named(c.op, id, err)
}

// honour does in a transaction what the rules of the collection ask of a write,
// and answers them.
func (d *documents) honour(ctx context.Context, tx *Tx, id string, c *change, base, next []byte) (*index.Rules, error) {
	if next == nil {
		return c.honours, nil
	}
	rules, err := d.holder.Rules(ctx)
	if err != nil || len(rules.Requires) == 0 {
		return nil, err
	}
	return &rules, d.checkParents(ctx, tx, c.op, id, rules.Requires, base, next)
}

// checkParents answers an ErrConstraint if the next state of a document newly
// refers to something that must be there, and is not. Its reads are part of the
// transaction, so nobody can delete what they found before it is committed.
func (d *documents) checkParents(ctx context.Context, tx *Tx, op, id string, requires []index.Requirement, base, next []byte) error {
	for _, r := range requires {
		before := make(map[string]bool)
		if base != nil {
			for _, known := range idsIn(base, r.Field) {
				before[known] = true
			}
		}
		for _, parent := range idsIn(next, r.Field) {
			if before[parent] || r.Collection == d.name && parent == id {
				continue
			}
			before[parent] = true
			if err := d.checkParent(ctx, tx, op, id, r, parent); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *documents) checkParent(ctx context.Context, tx *Tx, op, id string, r index.Requirement, parent string) error {
	missing := &Error{Op: op, Collection: d.name, ID: id, Kind: ErrConstraint, Err: &MissingReferenceError{Field: r.Field, Collection: r.Collection, ID: parent}}
	if d.db.documents(r.Collection).checkID(op, parent) != nil {
		return missing // no document can have such an id
	}
	there, err := d.db.untyped(tx, r.Collection).Exists(ctx, parent)
	if err == nil && !there {
		return missing
	}
	return err
}
