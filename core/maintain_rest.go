package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/storetime"
	"github.com/smarterbase/smarterbase/core/internal/unique"
	"github.com/smarterbase/smarterbase/ports"
)

// cascades takes up deletes that were left half done.
func (m *maintenance) cascades(ctx context.Context) { m.note(m.resumeCascades(ctx)) }

// claims releases unique values that no document has any more.
func (m *maintenance) claims(ctx context.Context) {
	for info, err := range fetch.Objects(ctx, m.registers, ports.ListOptions{Prefix: layout.ManifestPrefix, KeysOnly: true}) {
		if err != nil {
			m.note(err)
			return
		}
		if collection, ok := layout.ManifestCollection(info.Key); ok {
			m.note(m.claimsOf(ctx, m.documents(collection)))
		}
	}
}

func (m *maintenance) claimsOf(ctx context.Context, docs *documents) error {
	constraints, err := docs.holder.Constraints(ctx)
	if err != nil {
		return err
	}
	for i := range constraints {
		released, err := docs.holder.Unique.ReleaseDead(ctx, constraints[i].Definition, func(claim cas.State) bool {
			return m.old(claim.ModTime)
		})
		m.report.Claims += released
		if errors.Is(err, unique.ErrNoNormalizer) {
			continue // only a program that has it can tell
		}
		if err != nil {
			return fmt.Errorf("release unique values of %q: %w", docs.name, err)
		}
	}
	return nil
}

// leases frees those that ran out.
func (m *maintenance) leases(ctx context.Context) {
	freed, err := m.CleanUpLocks(ctx)
	m.report.Leases += freed
	m.note(err)
}

// scratch removes what probes and questions for the time have left.
func (m *maintenance) scratch(ctx context.Context) {
	removed, err := storetime.Clock{Registers: m.registers, Random: m.options.Random}.RemoveLeftovers(ctx, retention)
	m.report.Scratch += removed
	m.note(err)
	for info, err := range fetch.Objects(ctx, m.registers, ports.ListOptions{Prefix: layout.ProbePrefix}) {
		if err == nil && !m.old(info.ModTime) {
			continue
		}
		if err == nil {
			err = m.store.Delete(ctx, info.Key, ports.Any)
			m.report.Scratch += one(err == nil)
		}
		m.note(err)
	}
}
