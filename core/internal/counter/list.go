package counter

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/ports"
)

// Value is a counter with its name, as List yields it.
type Value struct {
	Name  string
	Value int64

	exists bool
	err    error
}

// List yields the counters whose name starts with prefix, in the order of
// their object keys. A failure comes as the last pair.
func (c *Counter) List(ctx context.Context, prefix string) iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) {
		for v := range c.all(ctx, prefix) {
			switch {
			case v.err != nil:
				yield(Value{}, fmt.Errorf("list counters: %w", v.err))
				return
			case v.exists && !yield(v, nil):
				return
			}
		}
	}
}

// all yields what lies under the names that start with prefix, also what is no
// counter any more. A failure of the listing itself has no name and comes last.
func (c *Counter) all(ctx context.Context, prefix string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if c.Tasks.Life().Err() != nil {
			yield(Value{err: ports.Fail("list counters", prefix, ports.ErrClosed, nil)})
			return
		}
		inputs := func(ctx context.Context) iter.Seq[Value] { return c.names(ctx, prefix) }
		for v := range fetch.Ordered(ctx, max(c.Workers, 1), inputs, c.read) {
			if !yield(v) || v.Name == "" {
				return
			}
		}
		if err := ports.ContextDone(ctx, "list counters", prefix); err != nil {
			yield(Value{err: err})
		}
	}
}

// Names yields the names of the counters that start with prefix, as List does,
// but also of those whose values can't be read.
func (c *Counter) Names(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for v := range c.all(ctx, prefix) {
			unreadable := v.Name != "" && errors.Is(v.err, ports.ErrCorrupt)
			switch {
			case v.err != nil && !unreadable:
				yield("", fmt.Errorf("list counters: %w", v.err))
				return
			case (v.exists || unreadable) && !yield(v.Name, nil):
				return
			}
		}
	}
}

func (c *Counter) names(ctx context.Context, prefix string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		options := ports.ListOptions{Prefix: layout.CounterPrefix + layout.Escape(prefix), KeysOnly: true}
		for info, err := range fetch.Objects(ctx, c.Registers, options) {
			name, ok := layout.NameOf(layout.CounterPrefix, info.Key)
			ok = ok && strings.HasPrefix(name, prefix) // the suffix of a key may look like a part of its name
			if (ok || err != nil) && !yield(Value{Name: name, err: err}) {
				return
			}
		}
	}
}

func (c *Counter) read(ctx context.Context, v Value) Value {
	if v.err != nil {
		return v
	}
	state, err := c.Registers.Read(ctx, layout.NamedKey(layout.CounterPrefix, v.Name))
	if err != nil {
		v.err = err
		return v
	}
	value, err := decode(state)
	if v.err = err; value != nil {
		v.Value, v.exists = *value, true
	}
	return v
}
