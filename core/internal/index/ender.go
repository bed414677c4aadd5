package index

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/ports"
)

// Ender removes entries in the background, many in one round trip. Entries
// that it can't remove stay: they are extra, never wrong, and the next query
// that meets one removes it.
type Ender struct {
	index  ports.Index
	retry  *retry.Retrier
	report func(task, collection string, err error)

	mu      sync.Mutex
	pending map[place][]ports.Entry
	count   int
	wake    chan struct{}
	stopped bool
}

type place struct {
	space  string
	regime ports.Regime
	until  moment // the entries are removed before that, or not at all; zero: whenever
}

// moment is by the monotonic clock and by that on the wall, since the former
// stands still while a machine is suspended.
type moment struct {
	elapsed time.Duration
	wall    int64 // seconds
}

// deadTime is for how long an entry that was found dead can be taken for it.
// Once the tombstone of its document has been purged, which takes longer, a new
// document may come to have the same entry.
const deadTime = 60 * time.Second

const (
	endBatch   = 1000  // entries of one round trip
	endBacklog = 50000 // entries beyond which more are left where they are
	endGrace   = 5 * time.Second
)

// NewEnder makes an Ender; Run must be started for it to do anything.
func NewEnder(index ports.Index, retrier *retry.Retrier, report func(task, collection string, err error)) *Ender {
	return &Ender{
		index: index, retry: retrier, report: report,
		pending: make(map[place][]ports.Entry), wake: make(chan struct{}, 1),
	}
}

// Add queues entries for removal under the regime that they were added under.
func (e *Ender) Add(space string, regime ports.Regime, entries []ports.Entry) {
	e.add(place{space: space, regime: regime}, entries)
}

// AddDead queues entries of documents that have just been read, and are newer.
func (e *Ender) AddDead(space string, regime ports.Regime, entries []ports.Entry) {
	clock := e.retry.Clock
	until := moment{(clock.Elapsed() + deadTime).Truncate(time.Second), clock.Now().Add(deadTime).Unix()}
	e.add(place{space, regime, until}, entries)
}

func (e *Ender) add(at place, entries []ports.Entry) {
	if len(entries) == 0 {
		return
	}
	e.mu.Lock()
	if e.stopped || e.count > endBacklog {
		e.mu.Unlock()
		return
	}
	e.pending[at] = append(e.pending[at], entries...)
	e.count += len(entries)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run works until stop is closed, and then until nothing is pending or the
// index has taken longer than endGrace.
func (e *Ender) Run(ctx context.Context, stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			_ = e.retry.Clock.Sleep(ctx, endGrace)
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		select {
		case <-e.wake:
			e.flush(ctx)
		case <-stop:
			e.flush(ctx)
			e.mu.Lock()
			e.stopped = true
			e.mu.Unlock()
			return
		}
	}
}

func (e *Ender) flush(ctx context.Context) {
	for {
		e.mu.Lock()
		work := e.pending
		e.pending, e.count = make(map[place][]ports.Entry), 0
		e.mu.Unlock()
		if len(work) == 0 {
			return
		}
		for at, entries := range work {
			e.remove(ctx, at, entries)
		}
	}
}

func (e *Ender) remove(ctx context.Context, at place, entries []ports.Entry) {
	for len(entries) > 0 {
		batch := entries[:min(len(entries), endBatch)]
		entries = entries[len(batch):]
		if at.until != (moment{}) && (e.retry.Clock.Elapsed() > at.until.elapsed || e.retry.Clock.Now().Unix() > at.until.wall) {
			return
		}
		err := e.retry.Do(ctx, "index end", at.space, func() error {
			return e.index.End(ctx, at.space, at.regime, batch)
		})
		if errors.Is(err, ports.ErrStale) {
			return // another regime, another set of entries
		}
		if err != nil {
			e.report("index end", at.space, err)
		}
	}
}
