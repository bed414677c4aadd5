package lease

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
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
	Workers   int // requests at once of a List

	mu   sync.Mutex
	seen map[string]sighting
}

var _ ports.Locker = (*Locker)(nil)

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
	rev := l.nextRevision(current)
	body, err := r.free().encode(rev)
	return body, rev, err
}

func (l *Locker) nextRevision(current cas.State) revision.Revision {
	previous, _ := document.RevisionOf(current.Body)
	return revision.Next(previous, l.Registers.Clock.Now(), l.Random())
}

// ForceRelease ends exactly that lease. Its holder learns of it when it renews.
func (l *Locker) ForceRelease(ctx context.Context, name string, token uint64) error {
	key, err := l.begin(ctx, "force release", name)
	if err != nil {
		return err
	}
	_, err = l.Registers.Update(ctx, key, func(current cas.State) ([]byte, revision.Revision, error) {
		return l.freed(current, func(r record) error {
			if !r.held() || r.Token != token {
				return ports.Fail("force release", name, ports.ErrLost, fmt.Errorf("the token %d is not held", token))
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("force release %q: %w", name, err)
	}
	l.forget(key)
	return nil
}

// List returns the leases that are held now.
func (l *Locker) List(ctx context.Context) ([]ports.LeaseInfo, error) {
	if err := l.open(ctx, "list leases", ""); err != nil {
		return nil, err
	}
	var infos []ports.LeaseInfo
	var now time.Time
	inputs := func(ctx context.Context) iter.Seq[held] { return l.names(ctx) }
	for h := range fetch.Ordered(ctx, max(l.Workers, 1), inputs, l.read) {
		if h.err != nil {
			return nil, fmt.Errorf("list leases: %w", h.err)
		}
		if !h.record.held() {
			continue
		}
		if now.IsZero() {
			now, _ = l.storeTime(ctx)
		}
		passed := age(now, h.state.ModTime)
		if over(passed, h.record.ttl) {
			continue
		}
		infos = append(infos, ports.LeaseInfo{
			Name: h.name, Token: h.record.Token, Holder: h.record.Holder,
			Remaining: max(h.record.ttl-passed, time.Nanosecond),
		})
	}
	return infos, ports.ContextDone(ctx, "list leases", "")
}

// held is one lock as List finds it.
type held struct {
	name   string
	state  cas.State
	record record
	err    error
}

func (l *Locker) names(ctx context.Context) iter.Seq[held] {
	return func(yield func(held) bool) {
		for info, err := range fetch.Objects(ctx, l.Registers, ports.ListOptions{Prefix: layout.LockPrefix, KeysOnly: true}) {
			name, ok := layout.NameOf(layout.LockPrefix, info.Key)
			if (ok || err != nil) && !yield(held{name: name, err: err}) {
				return
			}
		}
	}
}

func (l *Locker) read(ctx context.Context, h held) held {
	if h.err == nil {
		h.state, h.err = l.Registers.Read(ctx, layout.NamedKey(layout.LockPrefix, h.name))
	}
	if h.err == nil {
		h.record, h.err = decode(h.state)
	}
	return h
}
