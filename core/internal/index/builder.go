package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
)

const (
	buildBatch    = 500 // entries of one round trip
	buildWorkers  = 16
	maxUnreadable = 1000 // documents that a build tolerates
)

// startBuild starts a build in the background if one is due and this process
// is not at it already. Several processes may build at once: what they add is
// the same.
func (h *Holder) startBuild(v *view) {
	if h.Index == nil || !v.usable() || v.manifest.State() != StateBuilding || h.gaveUp() != nil || !h.building.CompareAndSwap(false, true) {
		return
	}
	started := h.Tasks.Go(func(ctx context.Context) {
		defer h.building.Store(false)
		if err := h.buildUntilReady(ctx); err != nil {
			h.failed.Store(&failedBuild{err, h.Registers.Clock.Elapsed()})
			h.Report("index build", h.Collection, err)
		}
	})
	if !started {
		h.building.Store(false)
	}
}

// failedBuild is a build that was given up; the next one waits for a while.
type failedBuild struct {
	err error
	at  time.Duration // on the monotonic clock
}

// gaveUp answers why there is no build although one is due.
func (h *Holder) gaveUp() error {
	if f := h.failed.Load(); f != nil && h.Registers.Clock.Elapsed()-f.at < resumeEvery {
		return f.err
	}
	return nil
}

// buildUntilReady builds what the manifest says is due, again if it changes
// meanwhile.
func (h *Holder) buildUntilReady(ctx context.Context) error {
	for round := 1; ; round++ {
		v, err := h.fetch(ctx)
		if err != nil || !v.usable() || v.manifest.State() == StateReady {
			return err
		}
		err = h.build(ctx, v)
		switch {
		case errors.Is(err, ports.ErrStale):
			err = h.resolve(ctx, v, "a builder found the index in another regime")
		case err == nil:
			continue
		}
		if err != nil {
			h.progress(ctx, &build{err: err})
			if round >= beginRounds {
				return err
			}
			if err := h.Registers.Retry.Wait(ctx, "index build", h.space, round, err); err != nil {
				return err
			}
		}
	}
}

// build is one pass over the documents of a collection.
type build struct {
	due        []Index
	regime     ports.Regime
	extract    map[string]Extractor
	entries    []ports.Entry
	unreadable []string
	documents  int
	added      int
	done       bool
	err        error
}

// build waits until every write that does not know of the indexes has landed
// or never will, with a quarter of a lease to spare for one that was let go in
// the last moment, adds what a scan sees, and declares the indexes ready.
// Writers maintain them all the while.
func (h *Holder) build(ctx context.Context, v *view) error {
	if err := h.Registers.Clock.Sleep(ctx, h.Lease+h.LateWait+h.Lease/4); err != nil {
		return err
	}
	b := &build{regime: v.regime(), extract: h.extractorMap(v.manifest)}
	for _, x := range v.manifest.Indexes {
		if x.State == StateBuilding {
			b.due = append(b.due, x)
		}
	}
	for item := range fetch.Documents(ctx, h.Registers, h.folder, buildWorkers) {
		if err := h.addDocument(ctx, b, item); err != nil {
			return err
		}
	}
	if err := h.flush(ctx, b); err != nil {
		return err
	}
	if matches, err := h.matches(ctx, v); err != nil || !matches {
		return errors.Join(err, ports.ErrStale) // nothing was added, so nobody checked
	}
	b.done = true
	h.progress(ctx, b)
	return h.publish(ctx, b)
}

func (h *Holder) addDocument(ctx context.Context, b *build, item fetch.Item) error {
	switch {
	case item.Listing && item.Err != nil:
		return item.Err
	case errors.Is(item.Err, ports.ErrNotFound), item.Stray:
		return nil
	case item.Err != nil && !errors.Is(item.Err, ports.ErrCorrupt) && !errors.Is(item.Err, ports.ErrPermission):
		return item.Err // it may be readable in a moment
	}
	d, err := document.Document{}, item.Err
	if err == nil {
		d, err = document.Parse(item.Body, true)
	}
	if errors.Is(err, document.ErrLocked) {
		body, settleErr := h.beneath(ctx, layout.DocumentKey(h.folder, item.ID))
		if settleErr != nil && !errors.Is(settleErr, ports.ErrCorrupt) {
			return settleErr
		}
		if d, err = (document.Document{Deleted: true}), settleErr; body != nil {
			d, err = document.Parse(body, true)
		}
	}
	if err != nil {
		return b.skip(item.ID, err)
	}
	b.documents++
	if d.Deleted {
		return nil
	}
	for i := range b.due {
		entries, err := b.due[i].Entries(item.ID, d.Revision, d.Members, b.extract)
		if errors.Is(err, ErrNotIndexable) {
			return b.skip(item.ID, err)
		}
		if err != nil {
			return err
		}
		b.entries = append(b.entries, entries...)
	}
	if len(b.entries) >= buildBatch {
		return h.flush(ctx, b)
	}
	return nil
}

// beneath reads a document that a transaction has locked, as it is without that
// transaction as long as it is under way; nil: there is none.
func (h *Holder) beneath(ctx context.Context, key string) ([]byte, error) {
	state, err := h.Registers.Read(ctx, key)
	if err != nil {
		return nil, err
	}
	view, _, err := h.Resolver.Look(ctx, state, txn.Strict)
	return slices.Clone(view.Body), err
}

// skip notes a document that can't be read, so that every query will try it.
func (b *build) skip(id string, cause error) error {
	if b.unreadable = append(b.unreadable, id); len(b.unreadable) > maxUnreadable {
		return fmt.Errorf("build index: more than %d documents can't be read, the last because: %w: %s", maxUnreadable, cause, id)
	}
	return nil
}

func (h *Holder) flush(ctx context.Context, b *build) error {
	for len(b.entries) > 0 {
		batch := b.entries[:min(len(b.entries), buildBatch)]
		err := h.Registers.Retry.Do(ctx, "index build", h.space, func() error {
			return h.Index.Begin(ctx, h.space, b.regime, batch)
		})
		if err != nil {
			return err
		}
		b.entries, b.added = b.entries[len(batch):], b.added+len(batch)
	}
	b.entries = nil
	h.progress(ctx, b)
	return nil
}

func (h *Holder) progress(ctx context.Context, b *build) {
	if h.Observer.IndexBuild != nil {
		h.Observer.IndexBuild(ctx, ports.IndexBuildInfo{Collection: h.Collection, Documents: b.documents, Entries: b.added, Done: b.done, Err: b.err})
	}
}

// publish declares the indexes of b ready, unless the regime changed or they
// are due again for another reason.
func (h *Holder) publish(ctx context.Context, b *build) error {
	_, err := h.Registers.Update(ctx, h.key, func(current cas.State) ([]byte, revision.Revision, error) {
		if !current.Exists {
			return nil, 0, cas.ErrKeep
		}
		m, err := decodeManifest(current.Body)
		if err != nil {
			return nil, 0, err
		}
		if m.Off || m.regime() != b.regime {
			return nil, 0, cas.ErrKeep
		}
		for i := range m.Indexes {
			x := &m.Indexes[i]
			if slices.ContainsFunc(b.due, func(d Index) bool { return d.Set() == x.Set() && d.Build == x.Build }) {
				x.State, x.Build, x.Unreadable = StateReady, "", b.unreadable
			}
		}
		rev := h.Registers.NextRevision(current)
		body, err := encodeManifest(m, rev)
		return body, rev, err
	})
	return err
}

// WaitReady returns when every index and every constraint of the collection is
// ready, or with the reason why that won't come by itself.
func (h *Holder) WaitReady(ctx context.Context) error {
	if err := h.waitIndexes(ctx); err != nil {
		return err
	}
	return h.waitConstraints(ctx)
}

func (h *Holder) waitIndexes(ctx context.Context) error {
	for {
		v, err := h.fetch(ctx)
		switch {
		case err != nil:
			return err
		case v.manifest == nil:
			return nil
		case v.manifest.Off:
			return fmt.Errorf("%w: it was turned off: %s", ErrUnreachable, h.Collection)
		case v.manifest.State() == StateReady:
			return nil
		case h.Index == nil:
			return ErrNoIndex
		case h.Tasks.Life().Err() != nil:
			return fmt.Errorf("wait for an index build: %w", ports.ErrClosed)
		}
		if err := h.gaveUp(); err != nil {
			return err
		}
		h.startBuild(v)
		if err := h.Registers.Clock.Sleep(ctx, h.Lease/20); err != nil {
			return err
		}
	}
}
