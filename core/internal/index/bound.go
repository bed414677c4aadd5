package index

import (
	"context"
	"sync/atomic"
	"time"
)

// bound is the context of one put on a store where nothing takes effect late.
// It ends with the lease under which the put was begun; while the put goes on
// and the manifest stays the same, the lease is renewed, so that a slow disk
// has all the time that it needs. Err looks at the clock itself: also a process
// that was stopped, and just goes on, is told that its time is over.
type bound struct {
	context.Context // ends when the put is done, or its time is over
	holder          *Holder
	view            atomic.Pointer[view] // whose lease it is
}

// bind starts a bound put. The answer of cancel ends it.
func (h *Holder) bind(ctx context.Context, v *view) (context.Context, context.CancelFunc) {
	inner, cancel := context.WithCancel(ctx)
	b := &bound{Context: inner, holder: h}
	b.view.Store(v)
	h.Tasks.Go(func(life context.Context) {
		defer cancel()
		stop := context.AfterFunc(life, cancel)
		defer stop()
		b.renew(v)
	})
	return b, cancel
}

// renew extends the bound as long as the manifest is the one of v.
func (b *bound) renew(v *view) {
	h := b.holder
	for b.Err() == nil {
		if h.Registers.Clock.Sleep(b.Context, max(h.left(b.view.Load())/2, time.Millisecond)) != nil {
			return
		}
		now, err := h.fetch(b.Context)
		if err == nil && now.state.Exists == v.state.Exists && now.state.Version == v.state.Version {
			b.view.Store(now)
		}
	}
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
