package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/unique"
)

// UniqueReport is what VerifyUnique found. Without Duplicates, Missing and
// Unusable all is well.
type UniqueReport struct {
	Documents int // that were read
	Values    int // unique ones of theirs
	Claims    int // objects that stand for values
	Dead      int // of these, such as block nobody and can go
	Pending   int // of these, such as belong to writes under way, or to crashed ones
	Repaired  int // values that RebuildUnique protected

	Duplicates []DuplicateValue
	Missing    []UnclaimedValue // values that a second document could take
	Unusable   []UnusableDocument
}

// DuplicateValue is a value that several documents have.
type DuplicateValue struct {
	Constraint string
	Fields     []string
	Value      json.RawMessage // as normalised; of several fields an array
	IDs        []string        // of all documents that have it
}

// UnclaimedValue is a value of a document that nothing protects: its claim was
// removed by other means, or the document was written by other means.
type UnclaimedValue struct {
	Constraint string
	Fields     []string
	Value      json.RawMessage
	ID         string
}

// UnusableDocument is one that has values which can't be unique, such as an
// object, or that can't be read.
type UnusableDocument struct {
	Constraint string // empty where the document can't be read
	ID         string
	Err        error
}

// DuplicateValuesError is the cause of an ErrConstraint: a constraint does not
// hold for the documents that were there when it was declared.
type DuplicateValuesError struct {
	Collection string
	Duplicates []DuplicateValue
	Unusable   []UnusableDocument
}

// Error counts, and gives examples.
func (e *DuplicateValuesError) Error() string {
	switch {
	case len(e.Duplicates) > 0:
		first := e.Duplicates[0]
		return fmt.Sprintf("unique values that several documents have: %d, the first: %s of the constraint %s in %q", len(e.Duplicates), short(first.Value), first.Constraint, first.IDs)
	case len(e.Unusable) > 0:
		first := e.Unusable[0]
		return fmt.Sprintf("documents with values that can't be unique: %d, the first: %q: %v", len(e.Unusable), first.ID, first.Err)
	default:
		return "a unique constraint does not hold"
	}
}

// Is makes the error match ErrConstraint.
func (e *DuplicateValuesError) Is(target error) bool { return target == ErrConstraint }

// VerifyUnique reads all documents of the collection, and all claims of its
// unique values, and reports what does not fit. It changes nothing, and others may write
// meanwhile. It costs two requests for each document with one unique value.
func (c *Collection[T]) VerifyUnique(ctx context.Context) (UniqueReport, error) {
	return c.docs.verifyUnique(ctx, "verify unique values", false)
}

// RebuildUnique claims the unique values of all documents anew, where that is
// missing: after objects of the database were lost or removed by other means. It also tries
// again, in the background, what keeps a constraint from being ready; see
// WaitReady.
func (c *Collection[T]) RebuildUnique(ctx context.Context) (UniqueReport, error) {
	return c.docs.verifyUnique(ctx, "rebuild unique values", true)
}

// DropUnique ends a unique constraint, for every program, and removes its
// claims. A program that still declares it brings it back when it opens
// the collection. ErrNotFound if there is none of that name.
func (c *Collection[T]) DropUnique(ctx context.Context, name string) error {
	const op = "drop unique constraint"
	if err := c.docs.db.checkOpen(op, c.docs.name, ""); err != nil {
		return err
	}
	dropped, err := c.docs.holder.DropConstraint(ctx, name)
	if err == nil && !dropped {
		return &Error{Op: op, Collection: c.docs.name, Kind: ErrNotFound, Err: fmt.Errorf("there is no unique constraint %q", name)}
	}
	return readFail(op, c.docs.name, "", err)
}

func (d *documents) verifyUnique(ctx context.Context, op string, repair bool) (UniqueReport, error) {
	if err := d.db.checkOpen(op, d.name, ""); err != nil {
		return UniqueReport{}, err
	}
	found, err := d.scanUnique(ctx, repair)
	if err != nil {
		return UniqueReport{}, readFail(op, d.name, "", err)
	}
	return d.uniqueReport(found), nil
}

func (d *documents) scanUnique(ctx context.Context, repair bool) (*unique.Report, error) {
	constraints, err := d.holder.Constraints(ctx)
	if err != nil || len(constraints) == 0 {
		return &unique.Report{}, err
	}
	found, err := d.holder.Unique.Scan(ctx, constraints, repair)
	if err != nil {
		return nil, err
	}
	if repair {
		d.holder.ResumeConstraints()
	}
	return found, d.holder.Unique.CountClaims(ctx, constraints, found)
}

func (d *documents) uniqueReport(found *unique.Report) UniqueReport {
	r := UniqueReport{
		Documents: found.Documents, Values: found.Values, Claims: found.Claims,
		Dead: found.Dead, Pending: found.Pending, Repaired: found.Claimed,
	}
	for _, x := range found.Repeated {
		r.Duplicates = append(r.Duplicates, DuplicateValue{x.Name, x.Paths(), x.Text, x.IDs})
	}
	for _, x := range found.Missing {
		r.Missing = append(r.Missing, UnclaimedValue{x.Name, x.Paths(), x.Text, x.ID})
	}
	for _, x := range found.Unusable {
		r.Unusable = append(r.Unusable, UnusableDocument{x.Name, x.ID, x.Err})
	}
	return r
}

// notReady makes the error of a wait one for users.
func (d *documents) notReady(err error) error {
	var refused *index.NotUnique
	if !errors.As(err, &refused) {
		return err
	}
	r := d.uniqueReport(&refused.Report)
	return &DuplicateValuesError{Collection: d.name, Duplicates: r.Duplicates, Unusable: r.Unusable}
}
