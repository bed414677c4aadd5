package memory

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	_ ports.Index = (*Index)(nil)
	_ io.Closer   = (*Index)(nil)
)

// IndexOptions configures an Index. The zero value is ready to use.
type IndexOptions struct {
	// NewIdentity makes an identity that never was before; nil: a random one.
	// Simulations hand in a source of their own.
	NewIdentity func() string
}

// Index is an index in memory. It is safe for concurrent use. ErrBusy,
// ErrUnavailable and ErrUnknown never happen.
type Index struct {
	spaces *spaces
	closed atomic.Bool
}

// spaces is what all clients of one index share: the "server".
type spaces struct {
	newIdentity func() string

	mu       sync.RWMutex
	identity string
	byName   map[string]*keyspace
}

// keyspace is the sets of one collection, with the regime they are under.
type keyspace struct {
	epoch  string // empty until Install
	begins uint64
	sets   map[string]*ordered[struct{}]
}

// NewIndex returns an empty index with a new identity.
func NewIndex(opts IndexOptions) *Index {
	if opts.NewIdentity == nil {
		opts.NewIdentity = rand.Text
	}
	return &Index{spaces: &spaces{
		newIdentity: opts.NewIdentity,
		identity:    opts.NewIdentity(),
		byName:      make(map[string]*keyspace),
	}}
}

// Client returns another client of the same index, which is closed on its own.
func (x *Index) Client() *Index { return &Index{spaces: x.spaces} }

// Identity names the current memory; Restart and Failover change it.
func (x *Index) Identity(ctx context.Context) (identity string, err error) {
	err = x.locked(ctx, "identity", "", func() error {
		identity = x.spaces.identity
		return nil
	})
	return identity, err
}

// Install sets the epoch of a space. An empty epoch is refused with
// ErrInvalidKey: it would look like a space that has none.
func (x *Index) Install(ctx context.Context, space string, regime ports.Regime) error {
	if err := ports.ValidateInstall(space, regime); err != nil {
		return err
	}
	return x.locked(ctx, "install", space, func() error {
		if regime.Identity != x.spaces.identity {
			return ports.Fail("install", space, ports.ErrStale, errors.New("another identity"))
		}
		x.spaces.space(space).epoch = regime.Epoch
		return nil
	})
}

// Begin adds entries and counts itself.
func (x *Index) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.write(ctx, "begin", space, regime, entries, func(s *keyspace) {
		s.begins++
		for _, e := range entries {
			s.set(e.Set).set(string(e.Member), struct{}{})
		}
	})
}

// End removes entries.
func (x *Index) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.write(ctx, "end", space, regime, entries, func(s *keyspace) {
		for _, e := range entries {
			s.set(e.Set).remove(string(e.Member))
		}
	})
}

// write checks everything first, so that what change does can't fail: that
// makes it all or nothing.
func (x *Index) write(ctx context.Context, op, space string, regime ports.Regime, entries []ports.Entry, change func(*keyspace)) error {
	if err := ports.ValidateEntries(op, space, entries); err != nil {
		return err
	}
	return x.locked(ctx, op, space, func() error {
		s, err := x.spaces.under(op, space, regime)
		if err == nil {
			change(s)
		}
		return err
	})
}

// Drop forgets a set, or a whole space.
func (x *Index) Drop(ctx context.Context, space, set string) error {
	if err := ports.ValidateDrop(space, set); err != nil {
		return err
	}
	return x.locked(ctx, "drop", space, func() error {
		if s, found := x.spaces.byName[space]; found && set != "" {
			delete(s.sets, set)
		} else {
			delete(x.spaces.byName, space)
		}
		return nil
	})
}

// Close ends this client; others of the same index stay open.
func (x *Index) Close() error {
	x.closed.Store(true)
	return nil
}

// locked runs fn under the lock if the call may start.
func (x *Index) locked(ctx context.Context, op, space string, fn func() error) error {
	x.spaces.mu.Lock()
	defer x.spaces.mu.Unlock()
	if err := x.open(ctx, op, space); err != nil {
		return err
	}
	return fn()
}

// open refuses calls of a closed client and of an ended context.
func (x *Index) open(ctx context.Context, op, space string) error {
	if x.closed.Load() {
		return ports.Fail(op, space, ports.ErrClosed, nil)
	}
	return ports.ContextDone(ctx, op, space)
}

// under returns the space if it is under the regime. The caller holds the
// lock, for reading at least, until its work is done.
func (s *spaces) under(op, name string, regime ports.Regime) (*keyspace, error) {
	found, ok := s.byName[name]
	switch {
	case regime.Identity != s.identity:
		return nil, ports.Fail(op, name, ports.ErrStale, errors.New("another identity"))
	case !ok || found.epoch == "" || regime.Epoch != found.epoch:
		return nil, ports.Fail(op, name, ports.ErrStale, errors.New("another epoch"))
	}
	return found, nil
}

// space returns the space of that name, made if need be.
func (s *spaces) space(name string) *keyspace {
	found, ok := s.byName[name]
	if !ok {
		found = &keyspace{sets: make(map[string]*ordered[struct{}])}
		s.byName[name] = found
	}
	return found
}

// set returns the set of that name, made if need be.
func (s *keyspace) set(name string) *ordered[struct{}] {
	found, ok := s.sets[name]
	if !ok {
		found = &ordered[struct{}]{}
		s.sets[name] = found
	}
	return found
}
