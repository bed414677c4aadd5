package lease

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/storetime"
	"github.com/smarterbase/smarterbase/ports"
)

// found is one lock as an operator finds it.
type found struct {
	name   string
	state  cas.State
	record record
	err    error
}

// outlived reports whether the lease that was held then can be taken over, by
// the clock of the store, and how long it is valid yet.
func (f found) outlived(now time.Time) (left time.Duration, over bool) {
	age := storetime.Age(now, f.state.ModTime)
	return max(f.record.ttl-age, time.Nanosecond), outlived(age, f.record.ttl)
}

func (f found) info(left time.Duration) ports.LeaseInfo {
	return ports.LeaseInfo{Name: f.name, Token: f.record.Token, Holder: f.record.Holder, Remaining: left}
}

// List returns the leases that are held now.
func (l *Locker) List(ctx context.Context) ([]ports.LeaseInfo, error) {
	var infos []ports.LeaseInfo
	err := l.each(ctx, "list leases", func(f found, now time.Time) error {
		if left, over := f.outlived(now); !over {
			infos = append(infos, f.info(left))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return infos, nil
}

// CleanUp frees the locks whose leases can be taken over, each only in the
// version that was judged. The objects stay, since they keep the tokens.
func (l *Locker) CleanUp(ctx context.Context) (freed int, err error) {
	const op = "clean up leases"
	err = l.each(ctx, op, func(f found, now time.Time) error {
		if _, over := f.outlived(now); !over {
			return nil
		}
		rev := l.Registers.NextRevision(f.state)
		body, err := f.record.free().encode(rev)
		if err != nil {
			return err
		}
		_, err = l.Registers.Write(ctx, f.state, body, rev, nil)
		switch {
		case err == nil:
			freed++
			l.forget(f.state.Key)
		case errors.Is(err, ports.ErrUnknown): // freed, or taken by another since
		case errors.Is(err, ports.ErrPrecondition), errors.Is(err, cas.ErrTooOld): // it lives, or a later call frees it
		default:
			return fmt.Errorf("%s: %w", op, err)
		}
		return nil
	})
	return freed, err
}

// each calls fn with every lock that somebody holds or has let run out, and with
// a time by the clock of the store that is not later than now. Where that is
// not known it is the zero time, by which nothing has run out.
func (l *Locker) each(ctx context.Context, op string, fn func(f found, now time.Time) error) error {
	if err := l.open(ctx, op, ""); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var now time.Time
	asked := false
	inputs := func(ctx context.Context) iter.Seq[found] { return l.names(ctx) }
	for f := range fetch.Ordered(ctx, max(l.Workers, 1), inputs, l.read) {
		if f.err != nil {
			return fmt.Errorf("%s: %w", op, f.err)
		}
		if !f.record.held() {
			continue
		}
		if !asked {
			now, _ = l.clock().Now(ctx)
			asked = true
		}
		if err := fn(f, now); err != nil {
			return err
		}
	}
	return ports.ContextDone(ctx, op, "")
}

func (l *Locker) names(ctx context.Context) iter.Seq[found] {
	return func(yield func(found) bool) {
		for info, err := range fetch.Objects(ctx, l.Registers, ports.ListOptions{Prefix: layout.LockPrefix, KeysOnly: true}) {
			name, ok := layout.NameOf(layout.LockPrefix, info.Key)
			if (ok || err != nil) && !yield(found{name: name, err: err}) {
				return
			}
		}
	}
}

func (l *Locker) read(ctx context.Context, f found) found {
	if f.err == nil {
		f.state, f.err = l.Registers.Read(ctx, layout.NamedKey(layout.LockPrefix, f.name))
	}
	if f.err == nil {
		f.record, f.err = decode(f.state)
	}
	return f
}

// Info describes one lease: a request, and three more if it is held.
func (l *Locker) Info(ctx context.Context, name string) (ports.LeaseInfo, error) {
	const op = "lease info"
	if _, err := l.begin(ctx, op, name); err != nil {
		return ports.LeaseInfo{}, err
	}
	f := l.read(ctx, found{name: name})
	if f.err != nil {
		return ports.LeaseInfo{}, fmt.Errorf("%s %q: %w", op, name, f.err)
	}
	if f.record.held() {
		now, _ := l.clock().Now(ctx)
		if left, over := f.outlived(now); !over {
			return f.info(left), nil
		}
	}
	return ports.LeaseInfo{}, ports.Fail(op, name, ports.ErrNotFound, nil)
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
