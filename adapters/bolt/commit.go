package bolt

import (
	"context"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
)

// committer puts the writes that wait at the same time into one transaction.
// The first caller leads: it commits what has gathered, its own write with it,
// and hands the lead to one of those who came meanwhile. So a single caller
// never waits for company, there is no goroutine to own, and sixteen callers
// pay for about two commits.
type committer struct {
	db *bbolt.DB

	mu      sync.Mutex
	leading bool
	queue   []*write

	// wedged: bbolt panicked in a way that left its locks taken, so that its
	// Close would wait for ever. Only read when no write is going on.
	wedged bool
}

// write is one caller's part of a transaction.
type write struct {
	ctx context.Context
	op  string
	key string

	// check refuses the write, having changed nothing; it may be nil.
	check func(*bbolt.Tx) error

	// change may only fail where bbolt does, and then for the whole group.
	change func(*bbolt.Tx) error

	lead chan bool // true: lead now; false: done
	err  error
}

// do commits one write. It returns when the outcome is known: a context that
// ends while the write waits for its turn takes it back, one that ends later
// has no effect.
func (c *committer) do(w *write) error {
	w.lead = make(chan bool, 1)
	c.mu.Lock()
	c.queue = append(c.queue, w)
	waits := c.leading
	c.leading = true
	c.mu.Unlock()
	if waits && !<-w.lead {
		return w.err
	}

	c.mu.Lock()
	group := c.queue
	c.queue = nil
	c.mu.Unlock()
	c.commit(group)
	for _, other := range group {
		if other != w {
			other.lead <- false
		}
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leading = len(c.queue) > 0; c.leading {
		c.queue[0].lead <- true
	}
	return w.err
}

// commit gives each write of the group its outcome.
func (c *committer) commit(group []*write) {
	var tx *bbolt.Tx
	var id int
	err := guarded(func() (err error) {
		if tx, err = c.db.Begin(true); err != nil {
			return err
		}
		id = tx.ID()
		if changed, err := apply(tx, group); !changed || err != nil {
			return err
		}
		return tx.Commit()
	})
	if tx != nil {
		// A committed transaction answers ErrTxClosed, which says nothing new.
		c.wedged = isPanic(guarded(func() error { _ = tx.Rollback(); return nil })) || c.wedged
	}
	if err == nil {
		return
	}
	kind := c.failure(err, id)
	for _, w := range group {
		if w.err == nil {
			w.err = ports.Fail(w.op, w.key, kind, err)
		}
	}
}

// apply runs the writes one after another. A refused one has changed nothing,
// so the others go on.
func apply(tx *bbolt.Tx, group []*write) (changed bool, err error) {
	for _, w := range group {
		if w.err = ports.ContextDone(w.ctx, w.op, w.key); w.err == nil && w.check != nil {
			w.err = w.check(tx)
		}
		if w.err != nil {
			continue
		}
		changed = true
		if err := w.change(tx); err != nil {
			return true, err
		}
	}
	return changed, nil
}

// failure tells whether a commit that failed took effect all the same: it did
// if the meta page that bbolt reads now is the one of that transaction.
func (c *committer) failure(err error, id int) error {
	if isPanic(err) {
		return ports.ErrCorrupt
	}
	kind := ports.ErrUnknown
	_ = guarded(func() error {
		return c.db.View(func(now *bbolt.Tx) error {
			if now.ID() < id {
				kind = ports.ErrUnavailable
			}
			return nil
		})
	})
	return kind
}
