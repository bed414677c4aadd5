package index

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/ports"
)

// Reference says that documents of a collection hold ids of that whose
// manifest it is part of.
type Reference struct {
	Collection string `json:"collection"` // of the documents that refer
	Field      string `json:"field"`      // a member of theirs: an id, or an array of ids
	OnDelete   string `json:"on_delete"`
	MustExist  bool   `json:"must_exist,omitempty"`
}

// Requirement says that what a member of the collection's documents refers to
// must be there when it is written.
type Requirement struct {
	Field      string `json:"field"`
	Collection string `json:"collection"` // of the documents that it refers to
}

// Rules are what a manifest asks of writers beside indexes.
type Rules struct {
	References []Reference
	Requires   []Requirement
}

// None reports whether there are no rules.
func (r Rules) None() bool { return len(r.References) == 0 && len(r.Requires) == 0 }

func (m *Manifest) rules() Rules {
	if m == nil {
		return Rules{}
	}
	return Rules{References: m.References, Requires: m.Requires}
}

// Rules are those that hold now, under the lease.
func (h *Holder) Rules(ctx context.Context) (Rules, error) {
	v, err := h.lease(ctx)
	if err != nil {
		return Rules{}, err
	}
	return v.manifest.rules(), nil
}

// FreshRules are those that the manifest names, read after the call began.
func (h *Holder) FreshRules(ctx context.Context) (Rules, error) {
	v, err := h.fetch(ctx)
	if err != nil {
		return Rules{}, err
	}
	return v.manifest.rules(), nil
}

// KnownRules are those of the manifest at hand, without a request: none if the
// lease on it ran out. The ticket of a write knows better.
func (h *Holder) KnownRules() Rules {
	if v := h.current.Load(); v != nil && h.holds(v) {
		return v.manifest.rules()
	}
	return Rules{}
}

// Rules are those that hold for the write.
func (t *Ticket) Rules() Rules { return t.view.manifest.rules() }

// Honour reports whether a write that honoured these rules may be made: one
// that deletes must have honoured the references, any other the requirements; nil
// stands for none.
func (t *Ticket) Honour(honoured *Rules, deletes bool) bool {
	rules := t.Rules()
	if honoured == nil {
		honoured = &Rules{}
	}
	if deletes {
		return slices.Equal(rules.References, honoured.References)
	}
	return slices.Equal(rules.Requires, honoured.Requires)
}

// Amend changes the rules of the manifest, which it makes if there is none. It
// needs no index. edit may run several times, and answers false to leave the
// manifest as it is.
func (h *Holder) Amend(ctx context.Context, edit func(m *Manifest) (changed bool, err error)) error {
	for range beginRounds {
		v, err := h.fetch(ctx)
		if err != nil {
			return err
		}
		next := v.manifest.clone()
		changed, err := edit(next)
		if err != nil || !changed {
			return err
		}
		rev := h.Registers.NextRevision(v.state)
		body, err := encodeManifest(next, rev)
		if err != nil {
			return err
		}
		_, err = h.Registers.Write(ctx, v.state, body, rev, nil)
		switch {
		case err == nil:
			_, err = h.fetch(ctx) // from now on this process goes by it
			return err
		case !errors.Is(err, ports.ErrPrecondition) && !errors.Is(err, ports.ErrUnknown) && !errors.Is(err, cas.ErrTooOld):
			return fmt.Errorf("change manifest: %w", err)
		}
	}
	return fmt.Errorf("%w: its manifest changes faster than it can be read: %s", ports.ErrBusy, h.Collection)
}
