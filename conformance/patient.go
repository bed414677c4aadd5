package conformance

import (
	"context"
	"errors"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// patient is a store as the checks use it: a call that answers ErrBusy is made
// again, because a store may answer it at any time, and nothing was decided.
type patient struct{ ports.ObjectStore }

// Unwrap lets the checks find the optional interfaces.
func (p patient) Unwrap() any { return p.ObjectStore }

// Get is that of the store, repeated while it is busy.
func (p patient) Get(ctx context.Context, key string, opts ports.GetOptions) (o ports.Object, err error) {
	err = untilDecided(ctx, func() error {
		o, err = p.ObjectStore.Get(ctx, key, opts)
		return err
	})
	return o, err
}

// Put is that of the store, repeated while it is busy.
func (p patient) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (v ports.Version, err error) {
	err = untilDecided(ctx, func() error {
		v, err = p.ObjectStore.Put(ctx, key, data, cond)
		return err
	})
	return v, err
}

// Delete is that of the store, repeated while it is busy.
func (p patient) Delete(ctx context.Context, key string, cond ports.Condition) error {
	return untilDecided(ctx, func() error { return p.ObjectStore.Delete(ctx, key, cond) })
}

// untilDecided calls try until it answers something other than ErrBusy, for at
// most as long as patience. It waits a little longer each time, up to a second:
// stores that throttle a key let about one write a second through.
func untilDecided(ctx context.Context, try func() error) error {
	end := time.Now().Add(patience)
	for wait := 2 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := try()
		if !errors.Is(err, ports.ErrBusy) || time.Now().After(end) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}
