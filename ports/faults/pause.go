package faults

import (
	"context"
	"sync"
)

// Pause is the handle on the calls that a rule holds.
type Pause struct {
	*Rule
	reached chan Call
	open    chan struct{}
	once    sync.Once
}

// Pause holds a call before it is done, until Release. A context that ends
// meanwhile ends the call, and nothing is done.
func (r *Rule) Pause() *Pause {
	p := r.newPause()
	r.do(func(ctx context.Context, req *request) answer {
		if err := p.hold(ctx, req.Call); err != nil {
			return req.fail(err, context.Cause(ctx), "paused")
		}
		return noted(req.next(ctx), "paused")
	})
	return p
}

// PauseAfter holds a call once it was done, before it answers, until Release.
// If the context ends meanwhile, a write answers ErrUnknown, a read the
// context's error.
func (r *Rule) PauseAfter() *Pause {
	p := r.newPause()
	r.do(func(ctx context.Context, req *request) answer {
		a := req.next(ctx)
		err := p.hold(ctx, req.Call)
		switch {
		case err == nil:
			return noted(a, "paused after")
		case req.Method.IsWrite():
			return req.lost(err, "paused after")
		}
		release(a)
		return req.fail(err, context.Cause(ctx), "paused after")
	})
	return p
}

func (r *Rule) newPause() *Pause {
	p := &Pause{Rule: r, reached: make(chan Call), open: make(chan struct{})}
	r.plan.mu.Lock()
	defer r.plan.mu.Unlock()
	r.plan.pauses = append(r.plan.pauses, p)
	return p
}

// Reached yields each call when it gets to the pause. Nobody has to receive.
func (p *Pause) Reached() <-chan Call { return p.reached }

// Release lets the held calls, and all later ones, go on. It can be called
// more than once; Plan.Heal and Plan.Reset do it, too.
func (p *Pause) Release() { p.once.Do(func() { close(p.open) }) }

// hold blocks until Release, or answers ctx.Err() when ctx is done.
func (p *Pause) hold(ctx context.Context, c Call) error {
	select {
	case p.reached <- c:
	case <-p.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-p.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
