package faults

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/decorator"
)

// Store wraps inner, so that every call goes through plan. The answer has the
// optional interfaces ports.Streamer, ports.BatchDeleter, ports.Pinger and
// io.Closer if inner has them, and their calls go through plan as well. It has
// no Unwrap: nothing can be reached past the plan.
func Store(inner ports.ObjectStore, plan *Plan) ports.ObjectStore {
	parts := decorator.Parts{Store: &store{inner: inner, plan: plan}}
	if s, ok := ports.As[ports.Streamer](inner); ok {
		parts.Streamer = streamer{plan: plan, inner: s}
	}
	if d, ok := ports.As[ports.BatchDeleter](inner); ok {
		parts.BatchDeleter = batchDeleter{plan: plan, inner: d}
	}
	c := connectionOf(inner, plan)
	if c.pings {
		parts.Pinger = c.pinger
	}
	if c.closes {
		parts.Closer = c.closer
	}
	return decorator.Assemble(parts)
}

type store struct {
	inner ports.ObjectStore
	plan  *Plan
}

func (s *store) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	return call[ports.Object](ctx, s.plan, &request{
		Call: Call{Method: Get, Key: key},
		perform: func(ctx context.Context, _ Call) (any, error) {
			return s.inner.Get(ctx, key, opts)
		},
	})
}

func (s *store) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	return call[ports.Version](ctx, s.plan, &request{
		Call: Call{Method: Put, Key: key, Condition: cond, Data: data},
		perform: func(ctx context.Context, c Call) (any, error) {
			return s.inner.Put(ctx, key, c.Data, cond)
		},
	})
}

func (s *store) Delete(ctx context.Context, key string, cond ports.Condition) error {
	_, err := call[none](ctx, s.plan, &request{
		Call: Call{Method: Delete, Key: key, Condition: cond},
		perform: func(ctx context.Context, _ Call) (any, error) {
			if s.plan.options.NoConditionalDelete && !cond.IsAny() {
				return nil, ports.Fail("delete", key, ports.ErrUnsupported, nil)
			}
			return none{}, s.inner.Delete(ctx, key, cond)
		},
	})
	return err
}

func (s *store) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	return call[ports.ObjectInfo](ctx, s.plan, &request{
		Call: Call{Method: Stat, Key: key},
		perform: func(ctx context.Context, _ Call) (any, error) {
			return s.inner.Stat(ctx, key)
		},
	})
}

// List counts and rules on each walk of the sequence, not on its making.
func (s *store) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		r := &request{
			Call: Call{Method: List, Key: opts.Prefix, detail: listDetail(opts)},
			perform: func(ctx context.Context, _ Call) (any, error) {
				return &listing{seq: s.inner.List(ctx, opts), broken: -1}, nil
			},
		}
		a := s.plan.send(ctx, r)
		if a.err != nil {
			s.plan.record(r.String(), a, "")
			yield(ports.ObjectInfo{}, a.err)
			return
		}
		l := a.value.(*listing)
		// Deferred, so that a loop that panics leaves its line, too.
		defer func() {
			a.err = l.failure
			s.plan.record(r.String(), a, ", "+strconv.Itoa(l.yielded)+" objects")
		}()
		l.walk(yield)
	}
}

// Capabilities are those of the wrapped store, but for what Options say.
func (s *store) Capabilities() ports.Capabilities {
	caps := s.inner.Capabilities()
	caps.LateWrites = caps.LateWrites || s.plan.options.LateWrites
	caps.ConditionalDelete = caps.ConditionalDelete && !s.plan.options.NoConditionalDelete
	return caps
}

// listing is one walk of a List.
type listing struct {
	seq     iter.Seq2[ports.ObjectInfo, error]
	broken  int   // yield so many and then cut; negative: whole
	cut     error // the failure after broken objects
	yielded int
	failure error // that ended the walk
}

func (l *listing) breakAfter(n int, err error) { l.broken, l.cut = n, err }

func (l *listing) walk(yield func(ports.ObjectInfo, error) bool) {
	for info, err := range l.seq {
		if l.yielded == l.broken {
			break
		}
		if err != nil {
			l.failure = err
			yield(info, err)
			return
		}
		l.yielded++
		if !yield(info, nil) {
			return
		}
	}
	if l.cut != nil {
		l.failure = l.cut
		yield(ports.ObjectInfo{}, l.cut)
	}
}

func listDetail(o ports.ListOptions) string {
	var b strings.Builder
	if o.StartAfter != "" {
		b.WriteString(" after " + o.StartAfter)
	}
	if o.EndBefore != "" {
		b.WriteString(" before " + o.EndBefore)
	}
	if o.Limit > 0 {
		b.WriteString(" limit " + strconv.Itoa(o.Limit))
	}
	if o.KeysOnly {
		b.WriteString(" keys only")
	}
	return b.String()
}

var _ ports.ObjectStore = (*store)(nil)
