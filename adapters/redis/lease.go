package redis

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

var _ ports.Lease = (*lease)(nil)

// lease is what its holder believes; Redis decides.
type lease struct {
	locker *Locker
	name   string
	token  uint64
	text   string // in Redis: token, owner and holder; nobody else's is equal
	ttl    time.Duration
	lost   chan struct{}
	alive  context.Context // ends with the lease
	cancel context.CancelFunc

	mu       sync.Mutex
	deadline time.Duration // on Clock.Elapsed
	ended    bool          // lost is closed; nothing opens it again
	gone     bool          // Redis has said that it does not hold it
}

func (l *Locker) newLease(name, digits, holder string, ttl, deadline time.Duration) (*lease, error) {
	token, err := parseToken(digits)
	if err != nil {
		return nil, ports.Fail("acquire", name, ports.ErrCorrupt, err)
	}
	alive, cancel := context.WithCancel(l.life)
	return &lease{
		locker: l, name: name, token: token, text: digits + " " + holder, ttl: ttl,
		lost: make(chan struct{}), alive: alive, cancel: cancel, deadline: deadline,
	}, nil
}

func (h *lease) Name() string          { return h.name }
func (h *lease) Token() uint64         { return h.token }
func (h *lease) Lost() <-chan struct{} { return h.lost }

// Renew counts the ttl from before the request. An answer that comes after
// the old ttl has passed is too late: the holder was told that the lease is
// lost.
func (h *lease) Renew(ctx context.Context) error {
	const op = "renew"
	if err := ports.ContextDone(ctx, op, h.name); err != nil {
		return err
	}
	l := h.locker
	deadline := after(l.opts.Clock.Elapsed(), h.ttl)
	if !h.valid() {
		return ports.Fail(op, h.name, ports.ErrLost, nil)
	}
	answer, err := l.client.run(ctx, op, h.name, renewScript, l.keys[:2], h.name, h.text, microseconds(h.ttl))
	if err != nil {
		return err
	}
	if answer[0] != "1" {
		h.letGo()
		h.isGone()
		return ports.Fail(op, h.name, ports.ErrLost, nil)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.validLocked() {
		return ports.Fail(op, h.name, ports.ErrLost, fmt.Errorf("the answer came later than %v", h.ttl))
	}
	h.deadline = max(h.deadline, deadline)
	return nil
}

// Release gives the lease up: the holder's side ends at once, whatever Redis
// answers. After an error it can be called again.
func (h *lease) Release(ctx context.Context) error {
	if err := ports.ContextDone(ctx, "release", h.name); err != nil {
		return err
	}
	h.letGo()
	h.mu.Lock()
	gone := h.gone
	h.mu.Unlock()
	if gone {
		return nil
	}
	err := h.locker.free(ctx, h.name, 1, h.text)
	if err == nil {
		h.isGone()
	}
	return err
}

// valid reports whether the lease is held, and ends it where its time is over
// and its goroutine has not woken up yet.
func (h *lease) valid() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.validLocked()
}

func (h *lease) validLocked() bool {
	if !h.ended && h.locker.opts.Clock.Elapsed() >= h.deadline {
		h.endLocked()
	}
	return !h.ended
}

// letGo ends the holder's side.
func (h *lease) letGo() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended {
		h.endLocked()
	}
}

func (h *lease) endLocked() {
	h.ended = true
	close(h.lost)
	h.cancel()
}

func (h *lease) isGone() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
}

// expire sleeps until the deadline, as often as Renew has moved it meanwhile,
// and takes the lease off the list of its Locker.
func (h *lease) expire() {
	for h.valid() {
		h.mu.Lock()
		wait := h.deadline - h.locker.opts.Clock.Elapsed()
		h.mu.Unlock()
		if h.locker.opts.Clock.Sleep(h.alive, wait) != nil {
			break
		}
	}
	h.letGo()
	h.locker.mu.Lock()
	defer h.locker.mu.Unlock()
	delete(h.locker.held, h)
}

// keep renews the lease each third of its ttl. After a failure it tries again
// sooner, until Lost is closed: that also ends a call that hangs.
func (h *lease) keep() {
	wait := h.ttl / 3
	for h.locker.opts.Clock.Sleep(h.alive, wait) == nil {
		wait = h.ttl / 3
		if h.Renew(h.alive) != nil {
			wait = h.ttl / 12
		}
	}
}
