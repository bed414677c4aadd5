package redis

import (
	"errors"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// BreakerState is what a breaker does with calls.
type BreakerState int

// The states of a breaker.
const (
	// BreakerClosed lets every call through.
	BreakerClosed BreakerState = iota
	// BreakerOpen refuses every call with ports.ErrUnavailable, at once.
	BreakerOpen
	// BreakerHalfOpen lets one call through, to see whether the server is back.
	BreakerHalfOpen
)

// String names the state: "closed", "open" or "half-open".
func (s BreakerState) String() string {
	switch s {
	case BreakerOpen:
		return "open"
	case BreakerHalfOpen:
		return "half-open"
	default:
		return "closed"
	}
}

// BreakerOptions says when a breaker opens. The zero value is ready to use.
type BreakerOptions struct {
	// Failures in a row that open the breaker; 0: 5, negative: it never opens.
	// A failure is a call to which the server gave no answer, or none but that it
	// does not serve requests now. Answers that a caller dislikes, calls that
	// their own context ended and waiting for a connection are none.
	Failures int

	// Cooldown is how long it stays open before one call tries the server; 0:
	// one second. It is not negative.
	Cooldown time.Duration

	// OnChange is told each change of state, in order and one at a time, by the
	// goroutine of some call. It may use the client, but not close it, and should
	// not take long.
	OnChange func(from, to BreakerState)
}

func (o BreakerOptions) withDefaults() (BreakerOptions, error) {
	if o.Cooldown < 0 {
		return o, invalid("Breaker.Cooldown", errors.New("it is negative"))
	}
	if o.Failures == 0 {
		o.Failures = 5
	}
	if o.Cooldown == 0 {
		o.Cooldown = time.Second
	}
	return o, nil
}

// verdict is what one call says about the server.
type verdict int

const (
	neutral verdict = iota // nothing
	alive
	failing
)

// breaker refuses calls to a server that does not answer, so that callers do
// not wait for one timeout after another and the server is not flooded when
// it comes back. It is safe for concurrent use.
type breaker struct {
	options BreakerOptions
	clock   ports.Clock

	mu       sync.Mutex
	state    BreakerState
	failures int           // in a row, while closed
	opened   time.Duration // on the monotonic clock
	trial    bool          // a call is under way while half-open
	pending  []transition  // not told yet
	telling  bool          // some goroutine is at it
}

type transition struct{ from, to BreakerState }

func newBreaker(o BreakerOptions, clock ports.Clock) *breaker {
	return &breaker{options: o, clock: clock}
}

// enter asks whether a call may go on. One that may reports its verdict by
// the returned function, once.
func (b *breaker) enter() (report func(verdict), ok bool) {
	if b.options.Failures < 0 {
		return func(verdict) {}, true
	}
	b.mu.Lock()
	defer b.tell()
	defer b.mu.Unlock()
	if b.state == BreakerOpen && b.clock.Elapsed()-b.opened >= b.options.Cooldown {
		b.become(BreakerHalfOpen)
	}
	switch b.state {
	case BreakerOpen:
		return nil, false
	case BreakerHalfOpen:
		if b.trial {
			return nil, false
		}
		b.trial = true
		return b.tried, true
	default:
		return b.counted, true
	}
}

// counted is the report of a call that began while the breaker was closed.
func (b *breaker) counted(v verdict) {
	if v == neutral {
		return
	}
	b.mu.Lock()
	defer b.tell()
	defer b.mu.Unlock()
	switch {
	case b.state != BreakerClosed: // old news: the trial decides
	case v == alive:
		b.failures = 0
	default:
		b.failures++
		if b.failures >= b.options.Failures {
			b.become(BreakerOpen)
		}
	}
}

// tried is the report of the one call that was let through.
func (b *breaker) tried(v verdict) {
	b.mu.Lock()
	defer b.tell()
	defer b.mu.Unlock()
	b.trial = false
	switch v {
	case alive:
		b.become(BreakerClosed)
	case failing:
		b.become(BreakerOpen)
	case neutral: // the next call tries
	}
}

// become changes the state. The caller holds the lock.
func (b *breaker) become(next BreakerState) {
	if b.options.OnChange != nil {
		b.pending = append(b.pending, transition{b.state, next})
	}
	b.state, b.failures = next, 0
	if next == BreakerOpen {
		b.opened = b.clock.Elapsed()
	}
}

// tell hands changes to the callback, without the lock: the callback may call
// the client. Whoever is at it already tells what others add.
func (b *breaker) tell() {
	if b.options.OnChange == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.telling {
		return
	}
	b.telling = true
	for len(b.pending) > 0 {
		next := b.pending[0]
		b.pending = b.pending[1:]
		b.mu.Unlock()
		b.options.OnChange(next.from, next.to)
		b.mu.Lock()
	}
	b.telling = false
}

// current is the state, for observers.
func (b *breaker) current() BreakerState {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}
