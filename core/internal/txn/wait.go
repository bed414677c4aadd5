package txn

import (
	"context"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
)

// MaxPatience bounds for how long a lock can ask others to wait.
const MaxPatience = 60 * time.Second

// longestPoll bounds the wait between two looks at a transaction under way. Most
// take some ten milliseconds, and whoever looks late leaves the object idle.
const longestPoll = 100 * time.Millisecond

// maxSightings bounds how many transactions under way are remembered. One
// that is forgotten is given more time.
const maxSightings = 10_000

// sightings remember when the locks of a transaction were first met, on our own
// monotonic clock. No clocks of different machines are ever compared.
type sightings struct {
	mu    sync.Mutex
	first map[string]time.Duration
}

// since answers when the transaction was first met, which may be now.
func (s *sightings) since(id string, now time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, known := s.first[id]; known {
		return first
	}
	if s.first == nil {
		s.first = make(map[string]time.Duration)
	}
	if len(s.first) >= maxSightings {
		for other := range s.first {
			delete(s.first, other)
			break
		}
	}
	s.first[id] = now
	return now
}

func (s *sightings) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.first, id)
}

// patience is for how long the owner of a lock asks to be waited for.
func (r *Resolver) patience(lock document.Lock) time.Duration {
	asked, err := time.ParseDuration(lock.Wait)
	if err != nil {
		return r.Patience
	}
	return min(max(asked, 0), MaxPatience)
}

// outwait waits for the decision of a transaction: 20, 40, 80, 100 ms and so on,
// for as long as its lock asks for. Then it ends the transaction. It answers errAgain
// if the lock that was met is gone: who gives a transaction up takes its locks off,
// and need not leave a decision.
func (r *Resolver) outwait(ctx context.Context, met cas.State, lock document.Lock) (*Decision, error) {
	clock := r.Registers.Clock
	patience := r.patience(lock)
	since := r.met.since(lock.ID, clock.Elapsed())
	for step := r.Registers.Retry.Policy.Base * 2; ; step = min(2*step, longestPoll) {
		left := since + patience - clock.Elapsed()
		if left <= 0 {
			d, err := r.abort(ctx, lock.ID)
			if err == nil {
				r.met.forget(lock.ID)
			}
			return d, err
		}
		wait := step/2 + time.Duration(r.Random()%uint64(max(step/2, 1)))
		if err := clock.Sleep(ctx, min(wait, left)); err != nil {
			return nil, err
		}
		d, err := r.Decision(ctx, lock.ID)
		if d != nil || err != nil {
			r.met.forget(lock.ID)
			return d, err
		}
		still, err := r.Still(ctx, met)
		if err == nil && !still {
			r.met.forget(lock.ID)
			err = errAgain
		}
		if err != nil {
			return nil, err
		}
	}
}

// ownTime is for how long after its lock the owner of a transaction is expected
// to be at work. It rests on clocks of several machines, and nothing but
// politeness rests on it.
const ownTime = 2 * time.Second

// young reports whether the owner of a lock is likely to be at work.
func (r *Resolver) young(lock document.Lock) bool {
	return r.Registers.Clock.Now().Sub(lock.At).Abs() < ownTime
}

// Finishing says that a transaction of this process is committed, and is having
// its locks replaced until done is called: others here wait for that.
func (r *Resolver) Finishing(id string) (done func()) {
	off := make(chan struct{})
	r.finishing.Store(id, off)
	return func() {
		r.finishing.Delete(id)
		close(off)
	}
}

// awaitOwn waits until the locks of a transaction of this process are replaced,
// and answers false if it is none, or is not at it.
func (r *Resolver) awaitOwn(ctx context.Context, id string) bool {
	off, found := r.finishing.Load(id)
	if !found {
		return false
	}
	select {
	case <-off.(chan struct{}):
	case <-ctx.Done():
	}
	return true
}
