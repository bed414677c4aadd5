package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	_ ports.Locker = (*Locker)(nil)
	_ ports.Lease  = (*lease)(nil)
	_ io.Closer    = (*Locker)(nil)
)

const minTTL = 10 * time.Millisecond

// LockerOptions configures a Locker. The zero value is ready to use.
type LockerOptions struct {
	// Clock measures leases; nil: the clock of the machine.
	Clock ports.Clock

	// Holder is LeaseInfo.Holder; empty: the number of the process.
	Holder string
}

// Locker hands out leases in memory. It is safe for concurrent use. Each
// lease that is held has one goroutine, which ends with it.
type Locker struct {
	opts LockerOptions

	mu     sync.Mutex
	closed bool
	held   map[string]*lease
	token  uint64 // the last one: one sequence for all names is enough
	timers sync.WaitGroup
}

// lease is held as long as it is the one in Locker.held; nothing puts it back.
type lease struct {
	locker *Locker
	name   string
	token  uint64
	ttl    time.Duration
	lost   chan struct{}
	cancel context.CancelFunc // ends the goroutine

	deadline time.Duration // on Clock.Elapsed; under Locker.mu
}

// NewLocker returns a Locker that holds nothing.
func NewLocker(opts LockerOptions) *Locker {
	if opts.Clock == nil {
		opts.Clock = ports.SystemClock()
	}
	if opts.Holder == "" {
		opts.Holder = fmt.Sprintf("process %d", os.Getpid())
	}
	return &Locker{opts: opts, held: make(map[string]*lease)}
}

// Acquire takes the lease if it is free or expired.
func (l *Locker) Acquire(ctx context.Context, name string, ttl time.Duration) (ports.Lease, error) {
	if name == "" || ttl < minTTL {
		return nil, ports.Fail("acquire", name, ports.ErrInvalidKey, fmt.Errorf("a name and at least %v are needed", minTTL))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(ctx, "acquire", name); err != nil {
		return nil, err
	}
	if holder, found := l.held[name]; found && holder.valid() {
		return nil, ports.Fail("acquire", name, ports.ErrBusy, errors.New("the lease is held"))
	}
	l.token++
	alive, cancel := context.WithCancel(context.Background())
	taken := &lease{
		locker: l, name: name, token: l.token, ttl: ttl, lost: make(chan struct{}),
		cancel: cancel, deadline: l.deadline(ttl),
	}
	l.held[name] = taken
	l.timers.Go(func() { taken.expire(alive) })
	return taken, nil
}

// List returns the leases that are held now.
func (l *Locker) List(ctx context.Context) ([]ports.LeaseInfo, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(ctx, "list leases", ""); err != nil {
		return nil, err
	}
	infos := make([]ports.LeaseInfo, 0, len(l.held))
	for _, held := range l.held {
		if held.valid() {
			infos = append(infos, held.info())
		}
	}
	return infos, nil
}

// ForceRelease ends exactly that lease.
func (l *Locker) ForceRelease(ctx context.Context, name string, token uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(ctx, "force release", name); err != nil {
		return err
	}
	holder, found := l.held[name]
	if !found || holder.token != token || !holder.valid() {
		return ports.Fail("force release", name, ports.ErrLost, fmt.Errorf("the token %d is not held", token))
	}
	holder.end()
	return nil
}

// Close ends all leases and waits for their goroutines. Further calls answer
// ErrClosed, those of leases ErrLost; a second Close answers nil.
func (l *Locker) Close() error {
	l.mu.Lock()
	l.closed = true
	for _, held := range l.held {
		held.end()
	}
	l.mu.Unlock()
	l.timers.Wait()
	return nil
}

// open refuses calls of a closed locker and of an ended context.
func (l *Locker) open(ctx context.Context, op, name string) error {
	if l.closed {
		return ports.Fail(op, name, ports.ErrClosed, nil)
	}
	return ports.ContextDone(ctx, op, name)
}

// deadline is ttl from now, or never where the sum overflows.
func (l *Locker) deadline(ttl time.Duration) time.Duration {
	if now := l.opts.Clock.Elapsed(); ttl <= 1<<63-1-now {
		return now + ttl
	}
	return 1<<63 - 1
}

func (h *lease) Name() string          { return h.name }
func (h *lease) Token() uint64         { return h.token }
func (h *lease) Lost() <-chan struct{} { return h.lost }

// Renew counts the ttl from before it looks, never from after.
func (h *lease) Renew(ctx context.Context) error {
	l := h.locker
	deadline := l.deadline(h.ttl)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ports.ContextDone(ctx, "renew", h.name); err != nil {
		return err
	}
	if !h.valid() {
		return ports.Fail("renew", h.name, ports.ErrLost, nil)
	}
	h.deadline = max(h.deadline, deadline)
	return nil
}

// Release gives the lease up if it is still held.
func (h *lease) Release(ctx context.Context) error {
	h.locker.mu.Lock()
	defer h.locker.mu.Unlock()
	if err := ports.ContextDone(ctx, "release", h.name); err != nil {
		return err
	}
	if h.valid() {
		h.end()
	}
	return nil
}

// valid reports whether the lease is held, and ends it where its time is over
// and its goroutine has not woken up yet. The caller holds the lock.
func (h *lease) valid() bool {
	if h.locker.held[h.name] != h {
		return false
	}
	if h.locker.opts.Clock.Elapsed() < h.deadline {
		return true
	}
	h.end()
	return false
}

// end lets go of a lease that is held. The caller holds the lock.
func (h *lease) end() {
	delete(h.locker.held, h.name)
	close(h.lost)
	h.cancel()
}

// expire sleeps until the deadline, as often as Renew has moved it meanwhile.
func (h *lease) expire(alive context.Context) {
	l := h.locker
	l.mu.Lock()
	defer l.mu.Unlock()
	for h.valid() {
		wait := h.deadline - l.opts.Clock.Elapsed()
		l.mu.Unlock()
		err := l.opts.Clock.Sleep(alive, wait)
		l.mu.Lock()
		if err != nil {
			return
		}
	}
}
