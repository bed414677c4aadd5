package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/core/internal/unique"
	"github.com/smarterbase/smarterbase/ports"
)

// ErrDefinition says that a constraint is declared in a way that contradicts
// the manifest.
var ErrDefinition = errors.New("the declaration contradicts an earlier one")

// Unique are the constraints that hold for the write.
func (t *Ticket) Unique() []unique.Constraint { return t.view.manifest.unique() }

func (m *Manifest) unique() []unique.Constraint {
	if m == nil {
		return nil
	}
	return m.Unique
}

// Constraints are those that the manifest names, read after the call began.
func (h *Holder) Constraints(ctx context.Context) ([]unique.Constraint, error) {
	v, err := h.fetch(ctx)
	if err != nil {
		return nil, err
	}
	return v.manifest.unique(), nil
}

// constraintBuild adds the claims of documents that were there before a
// constraint was declared.
type constraintBuild struct {
	running atomic.Bool
	failed  atomic.Pointer[failedBuild]
}

// DeclareUnique makes sure that the manifest names these constraints, and that
// what documents have already is being claimed. Constraints that others
// declared stay. It needs no index.
func (h *Holder) DeclareUnique(ctx context.Context, definitions []unique.Definition) error {
	if len(definitions) == 0 {
		return nil
	}
	err := h.Amend(ctx, func(m *Manifest) (changed bool, err error) {
		build := h.newEpoch()
		for _, d := range definitions {
			known, err := m.knows(d)
			if err != nil {
				return false, err
			}
			if !known {
				m.Unique = append(m.Unique, unique.Constraint{Definition: d, State: unique.StateBuilding, Build: build})
				changed = true
			}
		}
		return changed, nil
	})
	if err == nil {
		h.startConstraints(h.current.Load())
	}
	return err
}

// knows reports whether the manifest has a constraint with the same values,
// under whatever name.
func (m *Manifest) knows(d unique.Definition) (bool, error) {
	for _, x := range m.Unique {
		if x.Same(d) {
			return true, nil
		}
	}
	for _, x := range m.Unique {
		if x.Name == d.Name {
			return false, fmt.Errorf("%w: the unique constraint %q is kept with other fields, normalisers or options: give this one another name, or drop that one first", ErrDefinition, d.Name)
		}
	}
	return false, nil
}

func (v *view) unclaimed() []unique.Constraint {
	if v == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(v.manifest.unique()), func(x unique.Constraint) bool { return x.State == unique.StateReady })
}

// startConstraints starts in the background what is due, unless this process is
// at it already.
func (h *Holder) startConstraints(v *view) {
	if len(v.unclaimed()) == 0 || !h.constraints.running.CompareAndSwap(false, true) {
		return
	}
	started := h.Tasks.Go(func(ctx context.Context) {
		err := h.claimUntilReady(ctx)
		if err != nil {
			h.constraints.failed.Store(&failedBuild{err, h.Registers.Clock.Elapsed()})
			h.Report("unique build", h.Collection, err)
		}
		h.constraints.running.Store(false)
	})
	if !started {
		h.constraints.running.Store(false)
	}
}

// ResumeConstraints tries again what is due.
func (h *Holder) ResumeConstraints() { h.startConstraints(h.current.Load()) }

func (h *Holder) claimUntilReady(ctx context.Context) error {
	for round := 1; ; round++ {
		v, err := h.fetch(ctx)
		if err != nil {
			return err
		}
		due := v.unclaimed()
		if len(due) == 0 {
			return nil
		}
		err = h.claimAll(ctx, due)
		var refused *NotUnique
		switch {
		case err == nil:
			continue
		case errors.As(err, &refused), round >= beginRounds:
			return err
		}
		if err := h.Registers.Retry.Wait(ctx, "unique build", h.space, round, err); err != nil {
			return err
		}
	}
}

// NotUnique says that documents have values that constraints forbid.
type NotUnique struct{ unique.Report }

func (e *NotUnique) Error() string {
	return fmt.Sprintf("%d values are in several documents, and %d documents have values that can't be unique", len(e.Repeated), len(e.Unusable))
}

// claimAll waits until every write that does not know of the constraints has
// landed or never will, as an index build does, claims what a scan sees, and
// declares the constraints ready that hold.
func (h *Holder) claimAll(ctx context.Context, due []unique.Constraint) error {
	if err := h.Registers.Clock.Sleep(ctx, h.Lease+h.LateWait+h.Lease/4); err != nil {
		return err
	}
	report, err := h.Unique.Scan(ctx, due, true)
	if err != nil {
		return err
	}
	clean := slices.DeleteFunc(slices.Clone(due), func(x unique.Constraint) bool { return !report.Clean(x.Name) })
	if err := h.publishConstraints(ctx, clean); err != nil {
		return err
	}
	if len(clean) < len(due) {
		return &NotUnique{*report}
	}
	return nil
}

// publishConstraints declares constraints ready, unless they are due again for
// another reason.
func (h *Holder) publishConstraints(ctx context.Context, done []unique.Constraint) error {
	return h.Amend(ctx, func(m *Manifest) (changed bool, err error) {
		for i := range m.Unique {
			x := &m.Unique[i]
			same := func(d unique.Constraint) bool { return d.Same(x.Definition) && d.Build == x.Build }
			if x.State != unique.StateReady && slices.ContainsFunc(done, same) {
				x.State, x.Build, changed = unique.StateReady, "", true
			}
		}
		return changed, nil
	})
}

// waitConstraints returns when every constraint is ready, or with the reason
// why that won't come by itself. What failed before is tried again.
func (h *Holder) waitConstraints(ctx context.Context) error {
	began := h.Registers.Clock.Elapsed()
	for v := h.current.Load(); len(v.unclaimed()) > 0; {
		if h.Tasks.Life().Err() != nil {
			return fmt.Errorf("wait for unique values: %w", ports.ErrClosed)
		}
		if f := h.constraints.failed.Load(); f != nil && f.at > began {
			return f.err
		}
		h.startConstraints(v)
		err := h.Registers.Clock.Sleep(ctx, h.Lease/20)
		if err != nil {
			return err
		}
		if v, err = h.fetch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// DropConstraint takes a constraint out of the manifest, waits until every
// writer knows, and removes its claims. It is false if there is none of that
// name.
func (h *Holder) DropConstraint(ctx context.Context, name string) (dropped bool, err error) {
	var gone unique.Definition
	err = h.Amend(ctx, func(m *Manifest) (changed bool, err error) {
		m.Unique = slices.DeleteFunc(m.Unique, func(x unique.Constraint) bool {
			if x.Name == name {
				gone, changed = x.Definition, true
			}
			return x.Name == name
		})
		return changed, nil
	})
	if err != nil || gone.Name == "" {
		return false, err
	}
	if err := h.Registers.Clock.Sleep(ctx, h.Lease); err != nil {
		return true, err
	}
	// A claim that is removed although the constraint is declared again by
	// then is added again by its build, which waits for as long as this lease
	// can last, and what is sent under it.
	return true, h.Unique.Remove(ctx, gone, func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		v, err := h.lease(ctx)
		if err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(v.manifest.unique(), func(x unique.Constraint) bool { return x.Name == name }) {
			return nil, nil, fmt.Errorf("%w: the unique constraint %q was declared again while its claims were being removed", ports.ErrPrecondition, name)
		}
		return (&Ticket{holder: h, view: v}).Gate(ctx)
	})
}
