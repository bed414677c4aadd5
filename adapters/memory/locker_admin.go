package memory

import (
	"context"

	"github.com/smarterbase/smarterbase/ports"
)

var _ ports.LockerAdmin = (*Locker)(nil)

// Info describes the lease on a name, or answers ErrNotFound.
func (l *Locker) Info(ctx context.Context, name string) (ports.LeaseInfo, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(ctx, "lease info", name); err != nil {
		return ports.LeaseInfo{}, err
	}
	if held, found := l.held[name]; found && held.valid() {
		return held.info(), nil
	}
	return ports.LeaseInfo{}, ports.Fail("lease info", name, ports.ErrNotFound, nil)
}

// CleanUp forgets the leases that ran out and whose goroutines have not woken
// up yet.
func (l *Locker) CleanUp(ctx context.Context) (forgotten int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(ctx, "clean up leases", ""); err != nil {
		return 0, err
	}
	for _, held := range l.held {
		if !held.valid() {
			forgotten++
		}
	}
	return forgotten, nil
}

// info describes a lease that is held. The caller holds the lock.
func (h *lease) info() ports.LeaseInfo {
	return ports.LeaseInfo{
		Name: h.name, Token: h.token, Holder: h.locker.opts.Holder,
		Remaining: h.deadline - h.locker.opts.Clock.Elapsed(),
	}
}
