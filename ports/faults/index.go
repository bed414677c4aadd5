package faults

import (
	"context"
	"strconv"

	"github.com/smarterbase/smarterbase/ports"
)

// Index wraps inner, so that every call goes through plan. The answer has
// ports.Pinger and io.Closer if inner has them, and their calls go through plan
// as well.
func Index(inner ports.Index, plan *Plan) ports.Index {
	ix := &index{inner: inner, plan: plan}
	c := connectionOf(inner, plan)
	switch {
	case c.pings && c.closes:
		return struct {
			*index
			pinger
			closer
		}{ix, c.pinger, c.closer}
	case c.pings:
		return struct {
			*index
			pinger
		}{ix, c.pinger}
	case c.closes:
		return struct {
			*index
			closer
		}{ix, c.closer}
	}
	return ix
}

type index struct {
	inner ports.Index
	plan  *Plan
}

func (ix *index) Identity(ctx context.Context) (string, error) {
	return call[string](ctx, ix.plan, &request{
		Call: Call{Method: Identity},
		perform: func(ctx context.Context, _ Call) (any, error) {
			return ix.inner.Identity(ctx)
		},
	})
}

func (ix *index) Install(ctx context.Context, space string, regime ports.Regime) error {
	return ix.write(ctx, Call{Method: Install, Key: space}, func(ctx context.Context, _ Call) error {
		return ix.inner.Install(ctx, space, regime)
	})
}

func (ix *index) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	c := Call{Method: Begin, Key: space, Entries: entries}
	return ix.write(ctx, c, func(ctx context.Context, c Call) error {
		return ix.inner.Begin(ctx, space, regime, c.Entries)
	})
}

func (ix *index) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	c := Call{Method: End, Key: space, Entries: entries}
	return ix.write(ctx, c, func(ctx context.Context, c Call) error {
		return ix.inner.End(ctx, space, regime, c.Entries)
	})
}

func (ix *index) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
	return call[ports.EntryPage](ctx, ix.plan, &request{
		Call: Call{Method: Query, Key: space, Set: r.Set, detail: rangeDetail(r)},
		perform: func(ctx context.Context, _ Call) (any, error) {
			return ix.inner.Query(ctx, space, regime, r)
		},
	})
}

func (ix *index) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (int64, error) {
	return call[int64](ctx, ix.plan, &request{
		Call: Call{Method: Count, Key: space, Set: r.Set, detail: rangeDetail(r)},
		perform: func(ctx context.Context, _ Call) (any, error) {
			return ix.inner.Count(ctx, space, regime, r)
		},
	})
}

func (ix *index) Drop(ctx context.Context, space, set string) error {
	return ix.write(ctx, Call{Method: Drop, Key: space, Set: set}, func(ctx context.Context, _ Call) error {
		return ix.inner.Drop(ctx, space, set)
	})
}

// write sends a call that answers only an error.
func (ix *index) write(ctx context.Context, c Call, perform func(context.Context, Call) error) error {
	_, err := call[none](ctx, ix.plan, &request{
		Call: c,
		perform: func(ctx context.Context, c Call) (any, error) {
			return none{}, perform(ctx, c)
		},
	})
	return err
}

func rangeDetail(r ports.EntryRange) string {
	detail := ""
	if r.From != nil {
		detail += " from " + strconv.QuoteToASCII(string(r.From))
	}
	if r.To != nil {
		detail += " to " + strconv.QuoteToASCII(string(r.To))
	}
	if r.Limit > 0 {
		detail += " limit " + strconv.Itoa(r.Limit)
	}
	return detail
}

var _ ports.Index = (*index)(nil)
