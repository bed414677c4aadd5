package core

import (
	"context"
	"fmt"
	"iter"

	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
)

// ended is one object of the transactions that was looked at.
type ended struct {
	key      string
	id       string
	staged   bool
	unlocked int
	removed  bool
	err      error
}

// decisions removes those that are old, once no object is locked by their
// transaction any more. Until then a decision is what such a lock means.
func (m *maintenance) decisions(ctx context.Context) {
	source := func(ctx context.Context) iter.Seq[ended] { return m.oldDecisions(ctx) }
	for e := range fetch.Ordered(ctx, m.options.Concurrency, source, m.forget) {
		m.report.Locks += e.unlocked
		m.report.Decisions += one(e.removed && !e.staged)
		m.report.Staged += one(e.removed && e.staged)
		m.note(e.err)
	}
}

func (m *maintenance) oldDecisions(ctx context.Context) iter.Seq[ended] {
	return func(yield func(ended) bool) {
		for info, err := range fetch.Objects(ctx, m.registers, ports.ListOptions{Prefix: layout.TxPrefix}) {
			id, staged, ok := layout.TxOf(info.Key)
			if err == nil && (!ok || !m.old(info.ModTime)) {
				continue
			}
			if !yield(ended{key: info.Key, id: id, staged: staged, err: err}) {
				return
			}
		}
	}
}

// forget removes a decision, or a value that a transaction staged beside it,
// after everything that the transaction wrote was looked at.
func (m *maintenance) forget(ctx context.Context, e ended) ended {
	if e.err != nil {
		return e
	}
	d, err := m.resolver.Decision(ctx, e.id)
	if err != nil {
		e.err = err
		return e
	}
	if d != nil && d.Committed {
		if e.unlocked, e.err = m.release(ctx, e.id, d); e.err != nil {
			return e
		}
	}
	if err := m.store.Delete(ctx, e.key, ports.Any); err != nil { // it never changes
		e.err = fmt.Errorf("remove what a transaction left: %w", err)
		return e
	}
	e.removed = true
	return e
}

// release replaces the locks of a committed transaction that are still there.
func (m *maintenance) release(ctx context.Context, id string, d *txn.Decision) (unlocked int, err error) {
	for _, w := range d.Writes {
		state, err := m.registers.Read(ctx, w.Key)
		if err != nil {
			return unlocked, err
		}
		if !state.Exists || !document.IsLocked(state.Body) {
			continue
		}
		lock, _, found, err := document.ParseLock(state.Body)
		if err != nil || !found || lock.ID != id {
			continue // by another transaction, or damaged: none of this one's
		}
		if _, err := m.resolver.Settle(ctx, state); err != nil {
			return unlocked, err
		}
		unlocked++
	}
	return unlocked, nil
}
