package memory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
)

var _ ports.Counter = (*Counter)(nil)

// Counter keeps named integers in memory. It is safe for concurrent use. An
// empty name is refused with ErrInvalidKey.
type Counter struct {
	mu     sync.Mutex
	values map[string]int64
}

// NewCounter returns a Counter without any value.
func NewCounter() *Counter { return &Counter{values: make(map[string]int64)} }

// Add adds delta and returns the new value.
func (c *Counter) Add(ctx context.Context, name string, delta int64) (value int64, err error) {
	err = c.do(ctx, "add", name, func() error {
		value = c.values[name]
		if (delta > 0 && value > math.MaxInt64-delta) || (delta < 0 && value < math.MinInt64-delta) {
			err := fmt.Errorf("%d and %d overflow", value, delta)
			value = 0
			return ports.Fail("add", name, ports.ErrTooLarge, err)
		}
		value += delta
		c.values[name] = value
		return nil
	})
	return value, err
}

// Value returns the value, or ErrNotFound.
func (c *Counter) Value(ctx context.Context, name string) (value int64, err error) {
	err = c.do(ctx, "value", name, func() error {
		found := false
		if value, found = c.values[name]; !found {
			return ports.Fail("value", name, ports.ErrNotFound, nil)
		}
		return nil
	})
	return value, err
}

// Set stores a value.
func (c *Counter) Set(ctx context.Context, name string, value int64) error {
	return c.do(ctx, "set", name, func() error {
		c.values[name] = value
		return nil
	})
}

// Remove forgets a counter.
func (c *Counter) Remove(ctx context.Context, name string) error {
	return c.do(ctx, "remove", name, func() error {
		delete(c.values, name)
		return nil
	})
}

// do runs fn under the lock if the call may start.
func (c *Counter) do(ctx context.Context, op, name string, fn func() error) error {
	if name == "" {
		return ports.Fail(op, name, ports.ErrInvalidKey, errors.New("the name is empty"))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ports.ContextDone(ctx, op, name); err != nil {
		return err
	}
	return fn()
}
