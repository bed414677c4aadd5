package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// lease is one holder's side of a lock.
type lease struct {
	locker *Locker
	name   string
	key    string
	owner  string
	ttl    time.Duration
	token  uint64
	cancel context.CancelFunc // ends the goroutine

	turn   chan struct{} // holds a token while a call is under way, which guards:
	state  cas.State
	sure   bool // state is what we know to have written last
	parted bool // the object is no longer ours

	mu       sync.Mutex
	deadline time.Duration // on the monotonic clock, from before the last write was sent
	lost     chan struct{}
	isLost   bool
}

var _ ports.Lease = (*lease)(nil)

func (s *lease) Name() string          { return s.name }
func (s *lease) Token() uint64         { return s.token }
func (s *lease) Lost() <-chan struct{} { return s.lost }

// owns reports whether the record is that of this acquisition.
func (s *lease) owns(r record) bool { return r.held() && r.Owner == s.owner && r.Token == s.token }

// claim computes the state in which the lease is ours, after current.
func (s *lease) claim(ctx context.Context, current cas.State) ([]byte, revision.Revision, error) {
	before, err := decode(current)
	if err != nil {
		return nil, 0, err
	}
	if before.held() && !s.locker.expired(ctx, current, before) {
		return nil, 0, ports.Fail("acquire", s.name, ports.ErrBusy, fmt.Errorf("the lease is held by %s", before.Holder))
	}
	if err := ports.ContextDone(ctx, "acquire", s.name); err != nil {
		return nil, 0, err
	}
	s.token, s.deadline = before.Token+1, s.newDeadline()
	rev := s.locker.Registers.NextRevision(current)
	body, err := s.record().encode(rev)
	return body, rev, err
}

func (s *lease) record() record {
	return record{
		Token: s.token, State: stateHeld, Owner: s.owner, TTL: s.ttl.String(),
		Holder: s.locker.Holder, Until: s.locker.Registers.Clock.Now().Add(s.ttl).UTC().Truncate(time.Millisecond),
	}
}

// newDeadline is a ttl from now, or never where the sum overflows.
func (s *lease) newDeadline() time.Duration {
	const never = 1<<63 - 1
	if now := s.locker.Registers.Clock.Elapsed(); s.ttl <= never-now {
		return now + s.ttl
	}
	return never
}

// start begins to watch the deadline.
func (s *lease) start() error {
	alive, cancel := context.WithCancel(s.locker.Tasks.Life())
	s.cancel = cancel
	if s.locker.Tasks.Go(func(context.Context) { s.expire(alive) }) {
		return nil
	}
	s.end()
	return ports.Fail("acquire", s.name, ports.ErrClosed, nil)
}

// expire sleeps until the deadline, as often as Renew has moved it meanwhile.
func (s *lease) expire(alive context.Context) {
	for {
		left := s.left()
		if left <= 0 || s.locker.Registers.Clock.Sleep(alive, left) != nil {
			s.end()
			return
		}
	}
}

// left is how long the lease is still ours on our own clock.
func (s *lease) left() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLost {
		return 0
	}
	return s.deadline - s.locker.Registers.Clock.Elapsed()
}

func (s *lease) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isLost {
		s.isLost = true
		close(s.lost)
		s.cancel()
	}
}

// extend moves the deadline, unless it has passed.
func (s *lease) extend(deadline time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLost || s.locker.Registers.Clock.Elapsed() >= s.deadline {
		return false
	}
	s.deadline = max(s.deadline, deadline)
	return true
}

// enter waits until no other call of this lease is under way.
func (s *lease) enter(ctx context.Context, op string) (leave func(), err error) {
	if err := ports.ContextDone(ctx, op, s.name); err != nil {
		return nil, err
	}
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, ports.ContextDone(ctx, op, s.name)
	}
}

// Renew counts the ttl from before it writes, never from after. A lease that
// ran out while the write was under way is given up again.
func (s *lease) Renew(ctx context.Context) error {
	leave, err := s.enter(ctx, "renew")
	if err != nil {
		return err
	}
	defer leave()
	if s.left() <= 0 {
		s.end()
		return ports.Fail("renew", s.name, ports.ErrLost, nil)
	}
	deadline := s.newDeadline()
	err = s.write(ctx, s.record())
	switch {
	case errors.Is(err, ports.ErrLost):
		s.end()
		return err
	case err != nil:
		return fmt.Errorf("renew %q: %w", s.name, err)
	case !s.extend(deadline):
		s.end()
		_ = s.write(ctx, s.record().free()) // it would run out by itself
		s.parted = true
		return ports.Fail("renew", s.name, ports.ErrLost, errors.New("the ttl passed before the store answered"))
	}
	return nil
}

// Release frees the lease if it is still ours, also after its ttl.
func (s *lease) Release(ctx context.Context) error {
	leave, err := s.enter(ctx, "release")
	if err != nil {
		return err
	}
	defer leave()
	if !s.parted {
		err = s.write(ctx, s.record().free())
	}
	if err != nil && !errors.Is(err, ports.ErrLost) {
		return fmt.Errorf("release %q: %w", s.name, err)
	}
	s.parted = true
	s.end()
	return nil
}

// writeRounds bounds how often a write looks again whose lease it is.
const writeRounds = 5

// write replaces the object as long as it is ours, and answers ErrLost if it
// is not. The caller has the turn.
func (s *lease) write(ctx context.Context, next record) error {
	registers := s.locker.Registers
	for range writeRounds {
		if err := s.verify(ctx); err != nil {
			return err
		}
		rev := s.locker.Registers.NextRevision(s.state)
		body, err := next.encode(rev)
		if err != nil {
			return err
		}
		state, err := registers.Write(ctx, s.state, body, rev, nil)
		if err == nil {
			s.state = state
			return nil
		}
		s.sure = false
		again := errors.Is(err, ports.ErrPrecondition) || errors.Is(err, cas.ErrTooOld)
		if !again || errors.Is(err, ports.ErrUnknown) {
			return err
		}
	}
	return ports.Fail("write", s.key, ports.ErrBusy, errors.New("it changes faster than it can be read"))
}

// verify makes sure that state is the current one, and ours.
func (s *lease) verify(ctx context.Context) error {
	if s.sure && s.locker.Registers.Fresh(s.state) {
		return nil
	}
	state, r, err := s.look(ctx)
	if err != nil {
		return err
	}
	if !s.owns(r) {
		s.parted = true
		return s.notOurs(r)
	}
	s.state, s.sure = state, true
	return nil
}

// notOurs is the error for a record that is not that of this acquisition.
func (s *lease) notOurs(r record) error {
	return ports.Fail("verify", s.name, ports.ErrLost, fmt.Errorf("its token is %d, that of the lock is %d now and %s", s.token, r.Token, r.State))
}

// look reads what the object says now.
func (s *lease) look(ctx context.Context) (state cas.State, r record, err error) {
	if state, err = s.locker.Registers.Read(ctx, s.key); err == nil {
		r, err = decode(state)
	}
	return state, r, err
}
