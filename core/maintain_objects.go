package core

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/ports"
)

// maxTombstone is the greatest size of a tombstone, with the longest nonce.
const maxTombstone = 64

// cared is one object that was looked at.
type cared struct {
	info     ports.ObjectInfo
	read     bool
	unlocked bool
	purged   bool
	err      error
}

// objects replaces locks and removes tombstones, wherever they are.
func (m *maintenance) objects(ctx context.Context) {
	source := func(ctx context.Context) iter.Seq[cared] { return m.lockable(ctx) }
	for c := range fetch.Ordered(ctx, m.options.Concurrency, source, m.care) {
		m.report.Listed++
		m.report.Read += one(c.read)
		m.report.Locks += one(c.unlocked)
		m.report.Tombstones += one(c.purged)
		m.note(c.err)
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// lockable lists what a transaction can have locked: documents, claims and
// fences.
func (m *maintenance) lockable(ctx context.Context) iter.Seq[cared] {
	return func(yield func(cared) bool) {
		for _, part := range []ports.ListOptions{
			{EndBefore: layout.SystemPrefix}, {Prefix: layout.UniquePrefix}, {Prefix: layout.FencePrefix}, {StartAfter: layout.SystemEnd},
		} {
			for info, err := range fetch.Objects(ctx, m.registers, part) {
				if !yield(cared{info: info, err: err}) {
					return
				}
			}
		}
	}
}

func (m *maintenance) care(ctx context.Context, c cared) cared {
	changed := m.since.IsZero() || m.now.IsZero() || !c.info.ModTime.Before(m.since)
	purgeable := m.caps.ConditionalDelete && m.old(c.info.ModTime) && c.info.Size <= maxTombstone && !strings.HasPrefix(c.info.Key, layout.SystemPrefix)
	if c.err != nil || !strings.HasSuffix(c.info.Key, ".json") || !changed && !purgeable {
		return c
	}
	state, err := m.registers.Read(ctx, c.info.Key)
	if err != nil || !state.Exists {
		c.err = err
		return c
	}
	c.read = true
	if document.IsLocked(state.Body) {
		if state, c.err = m.resolver.Settle(ctx, state); c.err != nil {
			return c
		}
		c.unlocked = true
	}
	if purgeable && !c.unlocked && state.Version == c.info.Version && document.IsTombstone(state.Body) {
		c.purged, c.err = m.purge(ctx, state)
	}
	return c
}

// purge removes exactly that tombstone.
func (m *maintenance) purge(ctx context.Context, state cas.State) (bool, error) {
	err := m.store.Delete(ctx, state.Key, ports.IfVersion(state.Version))
	if errors.Is(err, ports.ErrPrecondition) {
		return false, nil // somebody wrote the document anew
	}
	if err != nil {
		return false, fmt.Errorf("remove a tombstone: %w", err)
	}
	return true, nil
}
