package core

import (
	"context"

	"github.com/smarterbase/smarterbase/core/internal/deadline"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/txn"
)

// committed replaces the locks in the background, and removes the entries of
// the old states.
func (c *commit) committed(ctx context.Context) {
	for _, g := range c.groups {
		g.ticket.Committed(g.base...)
	}
	done := c.db.resolver.Finishing(c.id)
	started := c.later(ctx, func(ctx context.Context) error {
		defer done()
		return c.attempt.Finish(ctx)
	})
	if !started {
		done()
	}
}

// failed takes the locks off again. If the caller has no more time, that is
// done in the background.
func (c *commit) failed(ctx context.Context, cause error) error {
	c.each(func(t *index.Ticket) { t.Failed() })
	abort := func(ctx context.Context) error {
		_, err := c.attempt.Abort(ctx)
		return err
	}
	if ctx.Err() != nil {
		c.later(ctx, abort)
		return cause
	}
	if err := abort(ctx); err != nil {
		c.db.indexes.Report("transaction abort", "", err)
	}
	return cause
}

// later does in the background what others could do, too. It answers false if the
// database is being closed.
func (c *commit) later(ctx context.Context, work func(ctx context.Context) error) bool {
	values := context.WithoutCancel(ctx)
	return c.db.finishing.Go(func(life context.Context) {
		ctx, cancel := deadline.Within(values, c.db.options.Clock, txn.MaxDuration)
		defer cancel()
		stop := context.AfterFunc(life, cancel)
		defer stop()
		if err := work(ctx); err != nil && life.Err() == nil {
			c.db.indexes.Report("transaction end", "", err)
		}
	})
}

// resolve finds out what became of a commit whose outcome is unknown, so that
// nobody has to wait for it, and acts on it.
func (c *commit) resolve(ctx context.Context) error {
	committed, err := c.attempt.Abort(ctx)
	if committed {
		return c.attempt.Finish(ctx)
	}
	return err
}
