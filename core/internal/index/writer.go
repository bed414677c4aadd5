package index

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// Content is one state of a document as indexes see it: no Members means that
// the document does not exist in that state.
type Content struct {
	Revision revision.Revision
	Members  []byte
}

// State is a document with one of its contents.
type State struct {
	ID string
	Content
}

// Ticket accompanies one write of one or several documents of a collection.
// After Begin exactly one of Committed, Failed and Unknown must be called.
type Ticket struct {
	holder  *Holder
	view    *view
	entries []ports.Entry // added by Begin
}

// Begun reports whether Begin added anything to the index.
func (t *Ticket) Begun() bool { return len(t.entries) > 0 }

// ErrMoved says that the index manifest is another one than that under which
// entries were added.
var ErrMoved = errors.New("the index manifest changed while the transaction was under way")

// Renew makes sure that the ticket's lease is valid. It answers ErrMoved if
// that takes another manifest.
func (t *Ticket) Renew(ctx context.Context) error {
	if t.holder.left(t.view) > t.holder.Lease/4 {
		return nil
	}
	v, err := t.holder.fetch(ctx)
	if err != nil {
		return err
	}
	if v.state.Exists != t.view.state.Exists || v.state.Version != t.view.state.Version {
		return fmt.Errorf("%w: %s", ErrMoved, t.holder.Collection)
	}
	t.view = v
	return nil
}

// beginRounds bounds how often a write starts over because the index or its
// manifest changed under it.
const beginRounds = 8

// Begin adds the entries of the documents' next states to every index that the
// manifest names. The write must follow under the ticket's Gate.
func (h *Holder) Begin(ctx context.Context, next ...State) (*Ticket, error) {
	for range beginRounds {
		v, err := h.lease(ctx)
		if err != nil {
			return nil, err
		}
		t := &Ticket{holder: h, view: v}
		if !v.usable() {
			h.resume(v)
			return t, nil
		}
		if h.Index == nil {
			err = ErrNoIndex
		} else {
			err = t.begin(ctx, next)
		}
		switch {
		case err == nil:
			return t, nil
		case errors.Is(err, ports.ErrStale):
			err = h.resolve(ctx, v, "a writer found the index in another regime")
		case h.Available && !errors.Is(err, ports.ErrClosed) && !errors.Is(err, ports.ErrPermission) && (errors.Is(err, ErrNoIndex) || errors.Is(err, ErrUnreachable)):
			err = h.turnOff(ctx, v)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: its regime changed %d times during one write: %s", ErrUnreachable, beginRounds, h.Collection)
}

func (t *Ticket) begin(ctx context.Context, next []State) error {
	entries, err := t.entriesOf(next)
	if err != nil || len(entries) == 0 {
		return err
	}
	h := t.holder
	for batch := range slices.Chunk(entries, endBatch) {
		err = h.Registers.Retry.Do(ctx, "index begin", h.space, func() error {
			return h.Index.Begin(ctx, h.space, t.view.regime(), batch)
		})
		if err != nil {
			return h.classify(ctx, err)
		}
	}
	t.entries = entries
	return nil
}

// classify turns errors of an index that does not answer into ErrUnreachable.
func (h *Holder) classify(ctx context.Context, err error) error {
	switch {
	case err == nil, errors.Is(err, ports.ErrStale), errors.Is(err, ports.ErrTooLarge), errors.Is(err, ports.ErrInvalidKey):
		return err
	case ctx.Err() != nil:
		return ctx.Err() // not the index's own, which may say that its outcome is unknown
	default:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
}

func (t *Ticket) entriesOf(states []State) ([]ports.Entry, error) {
	if !t.view.usable() {
		return nil, nil
	}
	var all []ports.Entry
	m := t.view.manifest
	extract := t.holder.extractorMap(m)
	for _, state := range states {
		if state.Members == nil {
			continue
		}
		for i := range m.Indexes {
			entries, err := m.Indexes[i].Entries(state.ID, state.Revision, state.Members, extract)
			if err != nil {
				return nil, err
			}
			all = append(all, entries...)
		}
	}
	return all, nil
}

// Gate refuses to send once the lease under which Begin was made has run out.
// Where no request can take effect late, it also bounds the request itself.
func (t *Ticket) Gate(ctx context.Context) (context.Context, context.CancelFunc, error) {
	h := t.holder
	if h.left(t.view) <= 0 {
		return nil, nil, cas.Refuse(ErrLapsed)
	}
	if h.LateWait == 0 {
		ctx, cancel := h.bind(ctx, t.view)
		return ctx, cancel, nil
	}
	return ctx, func() {}, nil
}

// Committed tells that the write took effect on top of base: the entries of
// base, and no other, are removed in the background. Values that the write
// itself holds under the same revision are never among them.
func (t *Ticket) Committed(base ...State) {
	old, err := t.entriesOf(base)
	if err != nil {
		return // what base was can't be told: its entries stay, and are found dead
	}
	t.end(old)
}

// Failed tells that the write never took effect, and never will.
func (t *Ticket) Failed() { t.end(t.entries) }

// Unknown tells that the write may have taken effect: nothing is removed.
func (t *Ticket) Unknown() {}

func (t *Ticket) end(entries []ports.Entry) {
	if h := t.holder; len(entries) > 0 && h.Index != nil {
		h.Ender.Add(h.space, t.view.regime(), entries)
	}
}
