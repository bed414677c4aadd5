package core

import (
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/core/internal/unique"
)

// wanted is a value that a transaction adds to a document.
type wanted struct {
	unique.Need
	id string
}

// claims answers what else the transaction must lock and write so that the
// documents of the group, which it has locked, can have the values that are new in
// them. Claims of a transaction are never pending: its lock on them is.
func (g *group) claims(ctx context.Context, tx string, workers int) ([]*txn.Write, error) {
	checker := g.docs.holder.Unique
	values, err := g.wanted(checker)
	if err != nil || len(values) == 0 {
		return nil, g.docs.uniqueError(err)
	}
	mine := &unique.Transaction{ID: tx, Writes: make(map[string][]byte, len(g.next))}
	for _, next := range g.next {
		mine.Writes[next.ID] = next.Members
	}
	writes, errs := make([]*txn.Write, len(values)), make([]error, len(values))
	tasks.Parallel(workers, len(values), func(i int) {
		var state cas.State
		v := &values[i]
		if state, errs[i] = checker.Free(ctx, v.Need, unique.Owner{ID: v.id, Base: unique.Never}, mine); errs[i] == nil {
			writes[i] = &txn.Write{Base: state, Body: unique.Body(v.Need, v.id, unique.Never, checker.Registers.NextRevision(state))}
		}
	})
	for _, err := range errs {
		var taken *unique.Duplicate
		if errors.As(err, &taken) {
			return nil, g.docs.uniqueError(err)
		}
	}
	return writes, errors.Join(errs...)
}

// wanted lists the values that the documents of the group gain. Two of them
// can't gain the same.
func (g *group) wanted(checker *unique.Checker) (values []wanted, err error) {
	constraints := g.ticket.Unique()
	if len(constraints) == 0 {
		return nil, nil
	}
	by := make(map[string]string) // key of the claim → id
	for i := range g.next {
		needs, err := checker.Needs(constraints, g.base[i].Members, g.next[i].Members)
		if err != nil {
			return nil, err
		}
		for _, need := range needs {
			if other, twice := by[need.Key]; twice {
				return nil, &unique.Duplicate{Definition: need.Definition, Text: need.Text, Existing: other}
			}
			by[need.Key] = g.next[i].ID
			values = append(values, wanted{need, g.next[i].ID})
		}
	}
	return values, nil
}
