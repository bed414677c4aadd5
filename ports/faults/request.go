package faults

import (
	"bytes"
	"context"
	"slices"

	"github.com/smarterbase/smarterbase/ports"
)

// answer is what a call gives back: value is the answer of the port, in a
// form that the wrapper of that method knows, and nil on failure.
type answer struct {
	value any
	err   error
	note  string // for the trace: what was done to the call
}

// request is a call on its way to what is wrapped.
type request struct {
	Call
	plan *Plan

	// perform makes the call that c describes. It is used more than once when
	// the call is duplicated.
	perform func(ctx context.Context, c Call) (any, error)

	// detach reads a stream to its end, so that perform can be used later or
	// twice. It is called on the caller's goroutine. Nil where there is none.
	detach func()

	actions []action // that are still to come
}

// send starts a request: it counts it and runs it through the rules.
func (p *Plan) send(ctx context.Context, r *request) answer {
	r.plan = p
	r.actions = p.admit(ctx, &r.Call)
	return r.next(ctx)
}

// next runs the rest of the actions, and at last the call itself.
func (r *request) next(ctx context.Context) answer {
	if len(r.actions) == 0 {
		value, err := r.perform(ctx, r.Call)
		return answer{value: value, err: err}
	}
	act := r.actions[0]
	r.actions = r.actions[1:]
	return act(ctx, r)
}

// again returns a copy of the request that can be performed later, with the
// actions that are still to come. It shares nothing with the caller.
func (r *request) again() *request {
	if r.detach != nil {
		r.detach()
		r.detach = nil
	}
	second := *r
	second.Data = bytes.Clone(r.Data)
	second.Keys = slices.Clone(r.Keys)
	second.Entries = slices.Clone(r.Entries)
	for i, e := range second.Entries {
		second.Entries[i].Member = bytes.Clone(e.Member)
	}
	return &second
}

// fail is the answer to a call that was not done, or whose answer was lost.
func (r *request) fail(kind, cause error, note string) answer {
	return answer{err: ports.Fail(string(r.Method), r.Key, kind, cause), note: note}
}

// lost is the answer to a call whose real answer never arrives: a write may
// have happened, a read only is not there.
func (r *request) lost(cause error, note string) answer {
	if r.Method.IsWrite() {
		return r.fail(ports.ErrUnknown, cause, note)
	}
	return r.fail(ports.ErrUnavailable, cause, note)
}

// call sends a request whose answer is a T, and traces it.
func call[T any](ctx context.Context, p *Plan, r *request) (T, error) {
	a := p.send(ctx, r)
	p.record(r.String(), a, summary(a.value))
	value, _ := a.value.(T)
	return value, a.err
}

// none is the answer of calls that answer only an error.
type none = struct{}
