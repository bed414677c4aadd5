package index

import (
	"context"
	"sync"
	"sync/atomic"
)

// bound is the context of one put on a store where nothing takes effect late.
// It ends with the lease under which the put was begun; while the put goes on
// and the manifest stays the same, the lease is renewed, so that a slow disk
// has all the time that it needs. Err looks at the clock itself: also a process
// that was stopped, and just goes on, is told that its time is over.
type bound struct {
	context.Context // ends when the put is done, or its time is over
	cancel          context.CancelFunc
	holder          *Holder
	view            atomic.Pointer[view] // whose lease it is
}

// bounds are the puts of one collection that are under way. One goroutine
// renews them all, and ends when there was none for a while.
type bounds struct {
	mu       sync.Mutex
	live     map[*bound]struct{}
	renewing bool
}

// bind makes the context of a put that is begun under the lease of v.
func (h *Holder) bind(ctx context.Context, v *view) (context.Context, context.CancelFunc) {
	b := &bound{holder: h}
	b.Context, b.cancel = context.WithCancel(ctx)
	b.view.Store(v)
	h.bounds.mu.Lock()
	defer h.bounds.mu.Unlock()
	if h.bounds.live == nil {
		h.bounds.live = make(map[*bound]struct{})
	}
	h.bounds.live[b] = struct{}{}
	if !h.bounds.renewing {
		h.bounds.renewing = h.Tasks.Go(h.renewBounds)
	}
	return b, b.release
}

func (b *bound) release() {
	b.cancel()
	b.holder.bounds.mu.Lock()
	defer b.holder.bounds.mu.Unlock()
	delete(b.holder.bounds.live, b)
}

// renewBounds runs while there are puts under way.
func (h *Holder) renewBounds(ctx context.Context) {
	for h.Registers.Clock.Sleep(ctx, h.Lease/4) == nil {
		live := h.liveBounds()
		if len(live) == 0 {
			return
		}
		now, err := h.fetch(ctx)
		for _, b := range live {
			old := b.view.Load()
			switch {
			case err == nil && now.state.Exists == old.state.Exists && now.state.Version == old.state.Version:
				b.view.Store(now)
			case b.Err() != nil:
				b.cancel()
			}
		}
	}
}

// liveBounds lists the puts under way; if there is none, the next one starts
// another goroutine.
func (h *Holder) liveBounds() []*bound {
	h.bounds.mu.Lock()
	defer h.bounds.mu.Unlock()
	live := make([]*bound, 0, len(h.bounds.live))
	for b := range h.bounds.live {
		live = append(live, b)
	}
	h.bounds.renewing = len(live) > 0
	return live
}

// Err is that of the context, or DeadlineExceeded once the lease is over.
func (b *bound) Err() error {
	if err := b.Context.Err(); err != nil {
		return err
	}
	if !b.holder.holds(b.view.Load()) {
		return context.DeadlineExceeded
	}
	return nil
}
