package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/ports"
)

// MinTTL is the least ttl of a lease.
const MinTTL = 10 * time.Millisecond

// Locker is a ports.Locker on an object store. Its leases end with Tasks.
type Locker struct {
	Registers *cas.Registers
	Random    func() uint64
	Holder    string // LeaseInfo.Holder of its leases
	Tasks     *tasks.Group
	Workers   int // requests at once of a List or CleanUp

	mu   sync.Mutex
	seen map[string]sighting
}

var (
	_ ports.Locker      = (*Locker)(nil)
	_ ports.LockerAdmin = (*Locker)(nil)
)

// Acquire takes the lease if it is free or may be taken over.
func (l *Locker) Acquire(ctx context.Context, name string, ttl time.Duration) (ports.Lease, error) {
	key, err := l.begin(ctx, "acquire", name)
	if err != nil {
		return nil, err
	}
	if ttl < MinTTL {
		return nil, ports.Fail("acquire", name, ports.ErrInvalidKey, fmt.Errorf("the ttl is %v, at least %v is needed", ttl, MinTTL))
	}
	taken := &lease{
		locker: l, name: name, key: key, ttl: ttl,
		owner: revision.Next(0, l.Registers.Clock.Now(), l.Random()).String(),
		turn:  make(chan struct{}, 1), lost: make(chan struct{}),
	}
	state, err := l.Registers.Update(ctx, key, func(current cas.State) ([]byte, revision.Revision, error) {
		return taken.claim(ctx, current)
	})
	switch {
	case errors.Is(err, ports.ErrUnknown):
		l.abandon(taken)
	case errors.Is(err, ports.ErrPrecondition):
		return nil, ports.Fail("acquire", name, ports.ErrBusy, errors.New("others acquire and release it all the time"))
	}
	if err != nil {
		return nil, fmt.Errorf("acquire %q: %w", name, err)
	}
	l.forget(key)
	taken.state, taken.sure = state, true
	if err := taken.start(); err != nil {
		_ = taken.Release(ctx) // it would run out by itself
		return nil, err
	}
	return taken, nil
}

// begin checks what every call starts with.
func (l *Locker) begin(ctx context.Context, op, name string) (key string, err error) {
	if problem := layout.CheckName(name); problem != "" {
		return "", ports.Fail(op, name, ports.ErrInvalidKey, errors.New(problem))
	}
	return layout.NamedKey(layout.LockPrefix, name), l.open(ctx, op, name)
}

func (l *Locker) open(ctx context.Context, op, name string) error {
	if l.Tasks.Life().Err() != nil {
		return ports.Fail(op, name, ports.ErrClosed, nil)
	}
	return ports.ContextDone(ctx, op, name)
}

// abandon frees a lease whose acquisition may have taken effect without our
// knowing, so that others need not wait for its end.
func (l *Locker) abandon(s *lease) {
	l.Tasks.Go(func(ctx context.Context) {
		_, _ = l.Registers.Update(ctx, s.key, func(current cas.State) ([]byte, revision.Revision, error) {
			return l.freed(current, func(r record) error {
				if !s.owns(r) {
					return cas.ErrKeep
				}
				return nil
			})
		})
	})
}

// freed computes the state after current, which check may refuse to give up.
func (l *Locker) freed(current cas.State, check func(r record) error) ([]byte, revision.Revision, error) {
	r, err := decode(current)
	if err == nil {
		err = check(r)
	}
	if err != nil {
		return nil, 0, err
	}
	rev := l.Registers.NextRevision(current)
	body, err := r.free().encode(rev)
	return body, rev, err
}
