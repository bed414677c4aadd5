package counter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"strconv"
	"sync"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/ports"
)

// Counter is a ports.Counter on an object store.
type Counter struct {
	Registers *cas.Registers
	Random    func() uint64
	Tasks     *tasks.Group // calls after its end answer ErrClosed
	Workers   int          // requests at once of a List

	once  sync.Once
	seed  maphash.Seed
	turns [64]chan struct{}
}

var _ ports.Counter = (*Counter)(nil)

// Add adds delta and returns the new value.
func (c *Counter) Add(ctx context.Context, name string, delta int64) (value int64, err error) {
	err = c.change(ctx, "add", name, func(current cas.State) (*int64, error) {
		old, err := decode(current)
		if err != nil {
			return nil, err
		}
		value = 0
		if old != nil {
			value = *old
		}
		if delta > 0 && value > math.MaxInt64-delta || delta < 0 && value < math.MinInt64-delta {
			return nil, fmt.Errorf("%w: %d and %d overflow", ports.ErrTooLarge, value, delta)
		}
		value += delta
		return &value, nil
	})
	if err != nil {
		return 0, err
	}
	return value, nil
}

// Set stores a value, also in place of one that can't be read.
func (c *Counter) Set(ctx context.Context, name string, value int64) error {
	return c.change(ctx, "set", name, func(cas.State) (*int64, error) { return &value, nil })
}

// Remove leaves a tombstone where there is a counter, readable or not.
func (c *Counter) Remove(ctx context.Context, name string) error {
	return c.change(ctx, "remove", name, func(current cas.State) (*int64, error) {
		if old, err := decode(current); old == nil && err == nil {
			return nil, cas.ErrKeep
		}
		return nil, nil
	})
}

// Value returns the value, or ErrNotFound.
func (c *Counter) Value(ctx context.Context, name string) (int64, error) {
	key, err := c.begin(ctx, "value", name)
	if err != nil {
		return 0, err
	}
	state, err := c.Registers.Read(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("value of counter %q: %w", name, err)
	}
	value, err := decode(state)
	switch {
	case err != nil:
		return 0, err
	case value == nil:
		return 0, ports.Fail("value", name, ports.ErrNotFound, nil)
	}
	return *value, nil
}

// change replaces the value, nil for none, by what next answers.
func (c *Counter) change(ctx context.Context, op, name string, next func(current cas.State) (*int64, error)) error {
	key, err := c.begin(ctx, op, name)
	if err != nil {
		return err
	}
	leave, err := c.enter(ctx, op, name)
	if err != nil {
		return err
	}
	defer leave()
	_, err = c.Registers.Update(ctx, key, func(current cas.State) ([]byte, revision.Revision, error) {
		value, err := next(current)
		if err != nil {
			return nil, 0, err
		}
		rev := c.Registers.NextRevision(current)
		return encode(rev, value), rev, nil
	})
	overtaken := errors.Is(err, ports.ErrPrecondition) || errors.Is(err, cas.ErrTooOld)
	switch {
	case err == nil:
		return nil
	case overtaken && !errors.Is(err, ports.ErrUnknown):
		return ports.Fail(op, name, ports.ErrBusy, errors.New("others change it all the time"))
	default:
		return fmt.Errorf("%s counter %q: %w", op, name, err)
	}
}

// begin checks what every call starts with.
func (c *Counter) begin(ctx context.Context, op, name string) (key string, err error) {
	if problem := layout.CheckName(name); problem != "" {
		return "", ports.Fail(op, name, ports.ErrInvalidKey, errors.New(problem))
	}
	if c.Tasks.Life().Err() != nil {
		return "", ports.Fail(op, name, ports.ErrClosed, nil)
	}
	return layout.NamedKey(layout.CounterPrefix, name), ports.ContextDone(ctx, op, name)
}

// enter waits for the turn of this call among those of the process.
func (c *Counter) enter(ctx context.Context, op, name string) (leave func(), err error) {
	c.once.Do(func() {
		c.seed = maphash.MakeSeed()
		for i := range c.turns {
			c.turns[i] = make(chan struct{}, 1)
		}
	})
	turn := c.turns[maphash.String(c.seed, name)%uint64(len(c.turns))]
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ports.ContextDone(ctx, op, name)
	}
}

// decode answers nil where there is no counter.
func decode(state cas.State) (*int64, error) {
	if !state.Exists {
		return nil, nil
	}
	d, err := document.Parse(bytes.Clone(state.Body), true)
	var stored struct {
		Value *int64 `json:"value"`
	}
	if err == nil && !d.Deleted {
		err = json.Unmarshal(d.Members, &stored)
		if err == nil && stored.Value == nil {
			err = errors.New("it has no value")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("decode counter: %w: %w: %s", ports.ErrCorrupt, err, state.Key)
	}
	return stored.Value, nil
}

func encode(rev revision.Revision, value *int64) []byte {
	if value == nil {
		return document.Tombstone(rev)
	}
	members := strconv.AppendInt([]byte(`{"value":`), *value, 10)
	return document.Compose(rev, 0, append(members, '}'))
}
