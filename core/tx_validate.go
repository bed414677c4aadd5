package core

import (
	"context"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/core/internal/txn"
)

// validate makes sure that what was only read is still so: first every query,
// then every document. There is then one moment, before this ends and after
// everything that is written was locked, at which all of it was true. The
// order matters: the documents hold that moment still while the queries are
// looked at.
func (tx *Tx) validate(ctx context.Context, reads []*txEntry) error {
	if clock := tx.db.options.Clock; clock.Elapsed()-tx.began > maxTxAge || clock.Now().Sub(tx.wall) > maxTxAge {
		return txn.ErrTooLate
	}
	if len(reads) == 1 && len(tx.entries) == 1 && len(tx.predicates)+len(tx.checks)+len(tx.system) == 0 {
		return nil // one document alone was as it was
	}
	if err := tx.validateQueries(ctx); err != nil {
		return err
	}
	if err := tx.validateReads(ctx, reads); err != nil {
		return err
	}
	for _, check := range tx.checks {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) validateReads(ctx context.Context, reads []*txEntry) error {
	errs := make([]error, len(reads))
	var failed atomic.Bool
	tasks.Parallel(tx.db.options.Concurrency, len(reads), func(i int) {
		if failed.Load() {
			return
		}
		if errs[i] = tx.validateRead(ctx, reads[i]); errs[i] != nil {
			failed.Store(true)
		}
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) validateRead(ctx context.Context, e *txEntry) error {
	same, err := tx.db.resolver.Unchanged(ctx, txn.Seen{
		State: e.base.state, Exists: e.base.exists(), Revision: e.base.revision, Members: e.base.members, Pending: e.pending,
	})
	if err == nil && !same {
		return errStale
	}
	return err
}
