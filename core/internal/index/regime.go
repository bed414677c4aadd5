package index

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/ports"
)

// resolve is called when the index answered that the regime of seen is not
// its own. It reads the manifest again; if index and manifest still disagree,
// it moves the manifest to a new epoch under which everything is built anew.
func (h *Holder) resolve(ctx context.Context, seen *view, reason string) error {
	now, err := h.fetch(ctx)
	if err != nil || !now.usable() {
		return err
	}
	if now.regime() != seen.regime() {
		return nil // somebody resolved it already: try with that
	}
	matches, err := h.matches(ctx, now)
	if err != nil || matches {
		return err
	}
	return h.newRegime(ctx, now, reason)
}

// matches asks the index whether it is in the regime that the view names.
func (h *Holder) matches(ctx context.Context, v *view) (bool, error) {
	err := h.Registers.Retry.Do(ctx, "index count", h.space, func() error {
		_, err := h.Index.Count(ctx, h.space, v.regime(), ports.EntryRange{Set: "-", From: []byte{1}, To: []byte{1}})
		return err
	})
	if errors.Is(err, ports.ErrStale) {
		return false, nil
	}
	return err == nil, h.classify(ctx, err)
}

// newRegime moves the manifest from what v says to a new epoch on the index
// as it is now. Only the winner of the compare-and-swap installs the epoch,
// once. If it dies before that, the next one who meets the index starts over.
func (h *Holder) newRegime(ctx context.Context, v *view, reason string) error {
	return h.change(ctx, v, reason, func(m *Manifest, identity string) {
		m.rebuild(h.newEpoch(), identity)
	})
}

// change writes a changed manifest if v is still the current one, and
// installs the epoch if that changed. Losing the race is no error.
func (h *Holder) change(ctx context.Context, v *view, reason string, edit func(m *Manifest, identity string)) error {
	identity, err := h.identity(ctx)
	if err != nil {
		return err
	}
	next := v.manifest.clone()
	edit(next, identity)
	rev := h.Registers.NextRevision(v.state)
	body, err := encodeManifest(next, rev)
	if err != nil {
		return err
	}
	_, err = h.Registers.Write(ctx, v.state, body, rev, nil)
	lost := errors.Is(err, ports.ErrPrecondition) || errors.Is(err, ports.ErrUnknown) || errors.Is(err, cas.ErrTooOld)
	if err != nil && !lost {
		return fmt.Errorf("change index manifest: %w", err)
	}
	won := err == nil
	if won && (v.manifest == nil || v.manifest.Epoch != next.Epoch) {
		if err := h.install(ctx, next); err != nil {
			return err
		}
	}
	now, err := h.fetch(ctx)
	if err != nil {
		return err
	}
	if won && h.Observer.IndexState != nil {
		h.Observer.IndexState(ctx, ports.IndexStateInfo{Collection: h.Collection, Epoch: next.Epoch, State: next.State(), Reason: reason})
	}
	h.startBuild(now)
	return nil
}

func (h *Holder) identity(ctx context.Context) (identity string, err error) {
	err = h.Registers.Retry.Do(ctx, "index identity", h.space, func() error {
		identity, err = h.Index.Identity(ctx)
		return err
	})
	return identity, h.classify(ctx, err)
}

// install sets the epoch, once: an install that may be under way is not sent
// again. If the index then lost everything and the first one arrived after
// that, an empty index would be in the regime that the manifest calls ready.
func (h *Holder) install(ctx context.Context, m *Manifest) error {
	regime := m.regime()
	err := h.Registers.Retry.Do(ctx, "index install", h.space, func() error {
		err := h.Index.Install(ctx, h.space, regime)
		if errors.Is(err, ports.ErrUnknown) || errors.Is(err, ports.ErrStale) {
			return nil // the next call finds out, and moves to another epoch if need be
		}
		return err
	})
	return h.classify(ctx, err)
}

// turnOff moves the manifest to "off", so that writers go on without the
// index and queries scan, and waits until every writer knows.
func (h *Holder) turnOff(ctx context.Context, v *view) error {
	next := v.manifest.clone()
	next.rebuild(h.newEpoch(), "")
	next.Off = true
	rev := h.Registers.NextRevision(v.state)
	body, err := encodeManifest(next, rev)
	if err != nil {
		return err
	}
	_, err = h.Registers.Write(ctx, v.state, body, rev, nil)
	if err != nil && !errors.Is(err, ports.ErrPrecondition) && !errors.Is(err, ports.ErrUnknown) {
		return fmt.Errorf("turn index off: %w", err)
	}
	if _, err := h.fetch(ctx); err != nil {
		return err
	}
	return h.Registers.Clock.Sleep(ctx, h.Lease)
}

// resumeEvery is how often a process that has an index tries to bring indexes
// back that were turned off.
const resumeEvery = 30 * time.Second

// resume tries in the background to bring indexes back that were turned off.
func (h *Holder) resume(v *view) {
	if v.manifest == nil || !v.manifest.Off || h.Index == nil {
		return
	}
	now, last := h.Registers.Clock.Elapsed(), time.Duration(h.resumed.Load())
	if last != 0 && now-last < resumeEvery || !h.resuming.CompareAndSwap(false, true) {
		return
	}
	h.resumed.Store(int64(max(now, 1)))
	started := h.Tasks.Go(func(ctx context.Context) {
		defer h.resuming.Store(false)
		h.Report("index resume", h.Collection, h.newRegime(ctx, v, "the index is reachable again"))
	})
	if !started {
		h.resuming.Store(false)
	}
}

// Declare makes sure that the manifest names these definitions, and that what
// is not built yet is being built. Definitions that others declared stay.
// Without an index store it only reads the manifest; while the index does not
// answer, it goes on trying in the background.
func (h *Holder) Declare(ctx context.Context, definitions []Definition) error {
	err := h.declare(ctx, definitions)
	if !errors.Is(err, ErrUnreachable) || ctx.Err() != nil {
		return err
	}
	h.Report("index declare", h.Collection, err)
	h.Tasks.Go(func(ctx context.Context) {
		for err != nil && h.Registers.Clock.Sleep(ctx, resumeEvery) == nil {
			err = h.declare(ctx, definitions)
		}
	})
	return nil
}

func (h *Holder) declare(ctx context.Context, definitions []Definition) error {
	for range beginRounds {
		v, err := h.fetch(ctx)
		if err != nil {
			return err
		}
		if h.Index == nil || len(definitions) == 0 && v.bare() {
			return nil
		}
		missing := h.missing(v, definitions)
		if v.usable() && len(missing) == 0 {
			settled, err := h.settle(ctx, v)
			if settled || err != nil {
				h.startBuild(v)
				return err
			}
			continue
		}
		err = h.change(ctx, v, "indexes declared", func(m *Manifest, identity string) {
			if v.bare() && m.Place == "" {
				m.Place, m.Partitions = h.newEpoch(), h.Partitions
			}
			if !v.usable() {
				m.rebuild(h.newEpoch(), identity)
			}
			build := h.newEpoch()
			for _, d := range missing {
				m.Indexes = append(m.Indexes, Index{Definition: d, State: StateBuilding, Build: build})
			}
		})
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: its manifest changes faster than it can be read: %s", ErrUnreachable, h.Collection)
}

// settle reports whether the index is in the regime that the manifest names.
// One that lost its memory while nobody was there gets a new regime now rather
// than with the first query.
func (h *Holder) settle(ctx context.Context, v *view) (settled bool, err error) {
	matches, err := h.matches(ctx, v)
	if err != nil || matches {
		return matches, err
	}
	return false, h.newRegime(ctx, v, "the index was found in another regime at open")
}

func (h *Holder) missing(v *view, definitions []Definition) (missing []Definition) {
	for _, d := range definitions {
		if _, found := v.manifest.find(d.Set()); !found {
			missing = append(missing, d)
		}
	}
	return missing
}
