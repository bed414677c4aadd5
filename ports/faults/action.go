package faults

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// action is what a rule does with a call that it hits. It answers for it, with
// or without r.next.
type action func(ctx context.Context, r *request) answer

// Fail answers err and does nothing. What is not a *ports.Error yet becomes the
// Kind of one, so errors.Is holds in every case.
func (r *Rule) Fail(err error) *Rule {
	return r.do(func(_ context.Context, req *request) answer {
		if _, wrapped := errors.AsType[*ports.Error](err); wrapped {
			return answer{err: err, note: "injected"}
		}
		return req.fail(err, nil, "injected")
	})
}

// Busy answers ErrBusy and does nothing.
func (r *Rule) Busy() *Rule { return r.Fail(ports.ErrBusy) }

// LoseRequest loses the call on its way: nothing is done, a write answers
// ErrUnknown and a read ErrUnavailable.
func (r *Rule) LoseRequest() *Rule {
	return r.do(func(_ context.Context, req *request) answer { return req.lost(nil, "request lost") })
}

// LoseAnswer does the call and loses what it answers: a write answers
// ErrUnknown and a read ErrUnavailable.
func (r *Rule) LoseAnswer() *Rule {
	return r.do(func(ctx context.Context, req *request) answer {
		release(req.next(ctx))
		return req.lost(nil, "answer lost")
	})
}

// Duplicate does a write twice at once and answers what the first one did.
// A read is done once.
func (r *Rule) Duplicate() *Rule {
	return r.do(func(ctx context.Context, req *request) answer {
		first, _ := twice(ctx, req)
		return noted(first, "duplicated")
	})
}

// Retry does a write twice at once and answers what the second one did, as a
// client does that repeats a request whose answer was lost: a conditional
// write answers ErrPrecondition for its own success. A read is done once.
func (r *Rule) Retry() *Rule {
	return r.do(func(ctx context.Context, req *request) answer {
		_, second := twice(ctx, req)
		return noted(second, "retried")
	})
}

func twice(ctx context.Context, req *request) (first, second answer) {
	if !req.Method.IsWrite() {
		first = req.next(ctx)
		return first, first
	}
	copied := req.again()
	first = req.next(ctx)
	return first, copied.next(ctx)
}

// Delay waits for d on the plan's clock before the call is done. A context
// that ends meanwhile ends the call, and nothing is done.
func (r *Rule) Delay(d time.Duration) *Rule {
	return r.do(func(ctx context.Context, req *request) answer {
		if err := req.plan.options.Clock.Sleep(ctx, d); err != nil {
			return req.fail(err, context.Cause(ctx), "delayed")
		}
		return noted(req.next(ctx), "delayed")
	})
}

// BreakAfter lets a List yield n objects, or a GetStream read n bytes, and
// then fail with err. A List or stream that is shorter breaks at its end.
// Other calls fail at once, as with Fail.
func (r *Rule) BreakAfter(n int, err error) *Rule {
	return r.do(func(ctx context.Context, req *request) answer {
		failure := req.fail(err, nil, "broken off")
		if req.Method != List && req.Method != GetStream {
			return failure
		}
		a := req.next(ctx)
		if breakable, ok := a.value.(interface{ breakAfter(int, error) }); ok && a.err == nil {
			breakable.breakAfter(n, failure.err)
		}
		return noted(a, failure.note)
	})
}

// Throttle lets at most one write in an interval of the plan's clock through
// to one key, and answers ErrBusy to the others, as Google Cloud Storage does
// with an interval of a second. Use it with Times: Always. Reads and batches
// are not throttled.
func (r *Rule) Throttle(interval time.Duration) *Rule {
	var mu sync.Mutex
	last := map[string]time.Duration{}
	admitted := func(key string, now time.Duration) bool {
		mu.Lock()
		defer mu.Unlock()
		if before, seen := last[key]; seen && now-before < interval {
			return false
		}
		last[key] = now
		return true
	}
	return r.do(func(ctx context.Context, req *request) answer {
		throttled := req.Method.IsWrite() && req.Keys == nil
		if throttled && !admitted(req.Key, req.plan.options.Clock.Elapsed()) {
			return req.fail(ports.ErrBusy, nil, "throttled")
		}
		return req.next(ctx)
	})
}

// Before calls fn before the call is done. If it answers an error, so does the
// call, and nothing is done.
func (r *Rule) Before(fn func(ctx context.Context, c Call) error) *Rule {
	return r.do(func(ctx context.Context, req *request) answer {
		if err := fn(ctx, req.Call); err != nil {
			return answer{err: err, note: "injected"}
		}
		return req.next(ctx)
	})
}

// After calls fn once the call was done, with its error or nil. An error that
// fn answers is what the caller gets; a failure can't become a success. For a
// List, fn is called before it is walked.
func (r *Rule) After(fn func(ctx context.Context, c Call, err error) error) *Rule {
	return r.do(func(ctx context.Context, req *request) answer {
		a := req.next(ctx)
		if err := fn(ctx, req.Call, a.err); err != nil {
			release(a)
			return answer{err: err, note: a.note}
		}
		return a
	})
}

// noted adds what was done to a call to its answer.
func noted(a answer, note string) answer {
	if a.note != "" {
		note += ", " + a.note
	}
	a.note = note
	return a
}

// release frees what an answer holds that its caller will never see.
func release(a answer) {
	if s, ok := a.value.(*stream); ok && s != nil {
		_ = s.Close() // nobody is left to be told
	}
}
