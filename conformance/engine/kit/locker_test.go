package kit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// patchedLocker is a memory locker with some methods replaced; lease, if not
// nil, wraps what Acquire answers.
type patchedLocker struct {
	*memory.Locker
	acquire func(ctx context.Context, name string, ttl time.Duration) (ports.Lease, error)
	lease   func(ports.Lease) ports.Lease
	list    func(ctx context.Context) ([]ports.LeaseInfo, error)
	force   func(ctx context.Context, name string, token uint64) error
	info    func(ctx context.Context, name string) (ports.LeaseInfo, error)
	cleanUp func(ctx context.Context) (int, error)
}

func (p *patchedLocker) Acquire(ctx context.Context, name string, ttl time.Duration) (ports.Lease, error) {
	acquire := p.Locker.Acquire
	if p.acquire != nil {
		acquire = p.acquire
	}
	l, err := acquire(ctx, name, ttl)
	if err == nil && p.lease != nil {
		l = p.lease(l)
	}
	return l, err
}

func (p *patchedLocker) List(ctx context.Context) ([]ports.LeaseInfo, error) {
	if p.list != nil {
		return p.list(ctx)
	}
	return p.Locker.List(ctx)
}

func (p *patchedLocker) ForceRelease(ctx context.Context, name string, token uint64) error {
	if p.force != nil {
		return p.force(ctx, name, token)
	}
	return p.Locker.ForceRelease(ctx, name, token)
}

func (p *patchedLocker) Info(ctx context.Context, name string) (ports.LeaseInfo, error) {
	if p.info != nil {
		return p.info(ctx, name)
	}
	return p.Locker.Info(ctx, name)
}

func (p *patchedLocker) CleanUp(ctx context.Context) (int, error) {
	if p.cleanUp != nil {
		return p.cleanUp(ctx)
	}
	return p.Locker.CleanUp(ctx)
}

func lockerHarness(patch func(p *patchedLocker)) conformance.LockerHarness {
	return conformance.LockerHarness{New: func(testing.TB) ports.Locker {
		p := &patchedLocker{Locker: memory.NewLocker(memory.LockerOptions{})}
		patch(p)
		return p
	}}
}

// leaseHarness makes lockers whose leases have a fault.
func leaseHarness(wrap func(ports.Lease) ports.Lease) conformance.LockerHarness {
	return lockerHarness(func(p *patchedLocker) { p.lease = wrap })
}

type (
	shrinking  struct{ ports.Lease }
	immortal   struct{ ports.Lease }
	forgiving  struct{ ports.Lease }
	complainer struct{ ports.Lease }
	oblivious  struct{ ports.Lease }
)

func (l shrinking) Token() uint64 { return 1<<40 - l.Lease.Token() }

func (l forgiving) Renew(context.Context) error { return nil }

func (l complainer) Release(ctx context.Context) error {
	if err := l.Renew(ctx); err != nil {
		return err
	}
	return l.Lease.Release(ctx)
}

func (l oblivious) Lost() <-chan struct{} { return nil }

func (l immortal) Release(ctx context.Context) error { return ctx.Err() }

func TestGoodLockersPass(t *testing.T) {
	t.Parallel()
	conformance.TestLocker(t, lockerHarness(func(*patchedLocker) {}))
}

func TestBrokenLockersFail(t *testing.T) {
	t.Parallel()
	mustFail(t, conformance.LockerClauses(), []broken[conformance.LockerHarness]{
		{"LK-CTX-1", "never looks at the context", lockerHarness(func(p *patchedLocker) {
			p.acquire = func(ctx context.Context, name string, ttl time.Duration) (ports.Lease, error) {
				return p.Locker.Acquire(context.WithoutCancel(ctx), name, ttl)
			}
		})},
		{"LK-RAC-1", "lets two holders in", lockerHarness(twoHolders)},
		{"LK-ACQ-1", "waves through who waits", lockerHarness(twoHolders)},
		{"LK-ACQ-1", "takes any ttl", lockerHarness(func(p *patchedLocker) {
			p.acquire = func(ctx context.Context, name string, ttl time.Duration) (ports.Lease, error) {
				return p.Locker.Acquire(ctx, name, max(ttl, 10*time.Millisecond))
			}
		})},
		{"LK-ACQ-2", "lets two holders in", lockerHarness(twoHolders)},
		{"LK-ACQ-3", "counts its tokens down", leaseHarness(func(l ports.Lease) ports.Lease { return shrinking{l} })},
		{"LK-LST-1", "lists nothing", lockerHarness(func(p *patchedLocker) {
			p.list = func(context.Context) ([]ports.LeaseInfo, error) { return nil, nil }
		})},
		{"LK-FRC-1", "releases by force whatever the token", lockerHarness(forceAnyToken)},
		{"LK-REN-1", "renews what is gone", leaseHarness(func(l ports.Lease) ports.Lease { return forgiving{l} })},
		{"LK-REL-1", "answers an error to a second release", leaseHarness(func(l ports.Lease) ports.Lease { return complainer{l} })},
		{"LK-REL-1", "releases nothing", leaseHarness(func(l ports.Lease) ports.Lease { return immortal{l} })},
		{"LK-LOS-1", "never closes Lost", leaseHarness(func(l ports.Lease) ports.Lease { return oblivious{l} })},
		{"LK-INF-1", "describes what nobody holds", lockerHarness(func(p *patchedLocker) {
			p.info = func(_ context.Context, name string) (ports.LeaseInfo, error) {
				return ports.LeaseInfo{Name: name, Token: 1, Remaining: time.Hour}, nil
			}
		})},
		{"LK-CLN-1", "clears everything away", lockerHarness(func(p *patchedLocker) {
			p.cleanUp = func(ctx context.Context) (int, error) {
				infos, err := p.Locker.List(ctx)
				for _, info := range infos {
					err = errors.Join(err, p.Locker.ForceRelease(ctx, info.Name, info.Token))
				}
				return len(infos), err
			}
		})},
	})
}

// twoHolders hands the lease on a name of its own to whom it should send away.
func twoHolders(p *patchedLocker) {
	p.acquire = func(ctx context.Context, name string, ttl time.Duration) (ports.Lease, error) {
		l, err := p.Locker.Acquire(ctx, name, ttl)
		if errors.Is(err, ports.ErrBusy) {
			return p.Locker.Acquire(ctx, name+" again", ttl)
		}
		return l, err
	}
}

func forceAnyToken(p *patchedLocker) {
	p.force = func(ctx context.Context, name string, _ uint64) error {
		held, err := p.List(ctx)
		for _, info := range held {
			if info.Name == name {
				return p.Locker.ForceRelease(ctx, name, info.Token)
			}
		}
		return err
	}
}
