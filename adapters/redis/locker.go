package redis

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	_ ports.Locker      = (*Locker)(nil)
	_ ports.LockerAdmin = (*Locker)(nil)
	_ io.Closer         = (*Locker)(nil)
)

const (
	minTTL       = 10 * time.Millisecond
	maxLockBytes = 4096
	maxHolder    = 256

	// cleanUpTime bounds what Close, and an Acquire that got no answer, do to
	// free names that would otherwise stay taken until their ttl has passed.
	cleanUpTime = 2 * time.Second

	// maxAbandons is how many such clean-ups of Acquire run at once; a server
	// that answers nobody is not worth more of them.
	maxAbandons = 16
)

// LockerOptions configures a Locker. The zero value is ready to use.
type LockerOptions struct {
	// Clock measures leases on the side of the holder; nil: the Client's.
	Clock ports.Clock

	// Holder is LeaseInfo.Holder, free text of at most 256 bytes; empty: host
	// name and process number.
	Holder string

	// AutoRenew renews every lease each third of its ttl, until it is released
	// or lost or the Locker is closed.
	AutoRenew bool

	// Epoch answers a number below 4,194,304 that is greater than every number
	// it answered before, to any process: such as a counter in an object that is
	// raised by compare-and-swap. It is asked each time Redis has lost its
	// memory (restart, failover, flush), and makes tokens grow across that,
	// whatever any clock says. Its error makes Acquire answer ErrUnavailable.
	//
	// With nil, tokens are times of Redis's clock: they grow across a loss of
	// memory unless the clock of the new server is behind the last token. All
	// lockers of a namespace have a source, or none has; with one added later,
	// tokens grow, and lockers without one are refused from then on.
	Epoch func(ctx context.Context) (uint64, error)
}

// Locker hands out leases that all processes see which share a namespace.
// Time runs on Redis's clock there; the holder counts its ttl from before the
// request, so that it believes in a lease no longer than Redis does. It is
// safe for concurrent use. A lease that is held has one goroutine, with
// AutoRenew two, which end with it.
//
// All leases of a namespace are in one slot of a Cluster. An Acquire whose
// answer did not arrive frees what it may have taken, as well as it can; else
// the name stays taken until the ttl has passed.
type Locker struct {
	client *Client
	opts   LockerOptions
	keys   []string // leases, ends, fence
	owner  string   // of this Locker, unique
	count  atomic.Uint64
	epochs epochs

	life context.Context // ended by Close
	end  context.CancelFunc
	work sync.WaitGroup
	slot chan struct{} // for each abandoned call

	mu     sync.Mutex
	closed bool
	held   map[*lease]struct{}
}

// Locker returns a Locker on this client. Close it before the client. An
// option that can't be is refused by the first Acquire, with ErrInvalidKey.
func (c *Client) Locker(opts LockerOptions) *Locker {
	if opts.Clock == nil {
		opts.Clock = c.options.Clock
	}
	if opts.Holder == "" {
		host, _ := os.Hostname()
		opts.Holder = fmt.Sprintf("%.200s, process %d", host, os.Getpid())
	}
	life, end := context.WithCancel(context.Background())
	return &Locker{
		client: c,
		opts:   opts,
		keys:   []string{c.key("lock", "", "leases"), c.key("lock", "", "ends"), c.key("lock", "", "fence")},
		owner:  randomName(),
		epochs: newEpochs(),
		life:   life,
		end:    end,
		slot:   make(chan struct{}, maxAbandons),
		held:   make(map[*lease]struct{}),
	}
}

// randomName is one that nobody else makes.
func randomName() string {
	var bits [12]byte
	_, _ = rand.Read(bits[:]) // never fails: it ends the program instead
	return hex.EncodeToString(bits[:])
}

// Acquire takes the lease if it is free or expired. Names are 1 to 4,096
// bytes of any kind.
func (l *Locker) Acquire(ctx context.Context, name string, ttl time.Duration) (ports.Lease, error) {
	if err := l.validate("acquire", name); err != nil {
		return nil, err
	}
	switch {
	case ttl < minTTL:
		return nil, ports.Fail("acquire", name, ports.ErrInvalidKey, fmt.Errorf("the ttl %v is less than %v", ttl, minTTL))
	case len(l.opts.Holder) > maxHolder:
		return nil, ports.Fail("acquire", name, ports.ErrInvalidKey, fmt.Errorf("LockerOptions.Holder is longer than %d bytes", maxHolder))
	}
	if err := l.open(ctx, "acquire", name); err != nil {
		return nil, err
	}
	holder := l.owner + "-" + strconv.FormatUint(l.count.Add(1), 36) + " " + l.opts.Holder
	taken, err := l.grant(ctx, name, ttl, holder)
	if err != nil {
		if errors.Is(err, ports.ErrUnknown) {
			l.abandon(name, holder)
		}
		return nil, err
	}
	if !l.hold(taken) {
		_ = l.free(context.WithoutCancel(ctx), taken.name, 1, taken.text)
		return nil, ports.Fail("acquire", name, ports.ErrClosed, nil)
	}
	return taken, nil
}

// grant asks Redis for the lease, if need be after a new epoch began.
func (l *Locker) grant(ctx context.Context, name string, ttl time.Duration, holder string) (*lease, error) {
	byEpoch := "0"
	if l.opts.Epoch != nil {
		byEpoch = "1"
	}
	for range epochTries {
		deadline := after(l.opts.Clock.Elapsed(), ttl)
		answer, err := l.client.run(ctx, "acquire", name, acquireScript, l.keys, name, microseconds(ttl), holder, byEpoch)
		if err != nil {
			return nil, err
		}
		switch answer[0] {
		case "granted":
			return l.newLease(name, answer[1], holder, ttl, deadline)
		case "held":
			left, _ := strconv.ParseInt(answer[1], 10, 64)
			return nil, ports.Fail("acquire", name, ports.ErrBusy, fmt.Errorf("the lease is held for %v yet", time.Duration(left)*time.Microsecond))
		case "epochs":
			return nil, ports.Fail("acquire", name, ports.ErrUnsupported, errors.New("tokens come from epochs here: LockerOptions.Epoch is needed"))
		}
		if err := l.newEpoch(ctx, name); err != nil {
			return nil, err
		}
	}
	return nil, ports.Fail("acquire", name, ports.ErrBusy, errors.New("the server lost its memory again and again"))
}

// abandon frees, in the background, what an Acquire without an answer may
// have taken.
func (l *Locker) abandon(name, holder string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	select {
	case l.slot <- struct{}{}:
		l.work.Go(func() {
			defer func() { <-l.slot }()
			ctx, cancel := context.WithTimeout(context.Background(), cleanUpTime)
			defer cancel()
			_ = l.free(ctx, name, tokenDigits+2, holder)
		})
	default:
	}
}

// free ends the lease whose text has this part at that position, from 1.
func (l *Locker) free(ctx context.Context, name string, position int, part string) error {
	_, err := l.client.run(ctx, "release", name, releaseScript, l.keys[:2], name, position, part)
	return err
}

// hold enters a lease and starts its goroutines, unless the Locker was closed.
func (l *Locker) hold(h *lease) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.held[h] = struct{}{}
	l.work.Go(h.expire)
	if l.opts.AutoRenew {
		l.work.Go(h.keep)
	}
	return true
}

// Close ends all leases of this Locker, tells Redis so as far as it answers
// within two seconds, and waits for their goroutines. Further calls answer
// ErrClosed, Renew of a lease ErrLost; a second Close answers nil. The client
// stays open.
func (l *Locker) Close() error {
	l.mu.Lock()
	l.closed = true
	held := make([]*lease, 0, len(l.held))
	for h := range l.held {
		held = append(held, h)
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpTime)
	defer cancel()
	for _, h := range held {
		if err := h.Release(ctx); err != nil {
			h.letGo()
		}
	}
	l.end()
	l.work.Wait()
	return nil
}

// open refuses calls of a closed Locker and of an ended context.
func (l *Locker) open(ctx context.Context, op, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ports.Fail(op, name, ports.ErrClosed, nil)
	}
	return ports.ContextDone(ctx, op, name)
}

func (l *Locker) validate(op, name string) error {
	if name == "" || len(name) > maxLockBytes {
		return ports.Fail(op, name, ports.ErrInvalidKey, fmt.Errorf("names have 1 to %d bytes", maxLockBytes))
	}
	return nil
}

// after is d later than now, or never where the sum overflows.
func after(now, d time.Duration) time.Duration {
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + d
}

// microseconds rounds up, so that Redis keeps a lease at least as long as its
// holder believes in it. It ends at 35 years: sums with the time of day stay
// below 2^52 then, up to which Redis writes scores as integers.
func microseconds(ttl time.Duration) int64 {
	us := int64(ttl / time.Microsecond)
	if ttl%time.Microsecond > 0 {
		us++
	}
	return min(us, 1<<50)
}
