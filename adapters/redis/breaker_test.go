package redis

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// handClock stands still until it is moved.
type handClock struct{ elapsed atomic.Int64 }

func (c *handClock) Now() time.Time         { return time.Unix(0, c.elapsed.Load()) }
func (c *handClock) Elapsed() time.Duration { return time.Duration(c.elapsed.Load()) }
func (c *handClock) Sleep(context.Context, time.Duration) error {
	return errors.New("nobody sleeps here")
}
func (c *handClock) move(d time.Duration) { c.elapsed.Add(int64(d)) }

type breakerTest struct {
	*breaker
	t       *testing.T
	clock   *handClock
	changes []string
}

func newBreakerTest(t *testing.T, failures int) *breakerTest {
	b := &breakerTest{t: t, clock: new(handClock)}
	o, err := BreakerOptions{Failures: failures, Cooldown: time.Minute, OnChange: func(from, to BreakerState) {
		b.changes = append(b.changes, from.String()+" to "+to.String())
	}}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	b.breaker = newBreaker(o, b.clock)
	return b
}

func (b *breakerTest) call(v verdict) {
	b.t.Helper()
	report, ok := b.enter()
	if !ok {
		b.t.Fatal("a call was refused")
	}
	report(v)
}

func (b *breakerTest) wantRefused() {
	b.t.Helper()
	if _, ok := b.enter(); ok {
		b.t.Error("a call was let through")
	}
}

func (b *breakerTest) wantChanges(want ...string) {
	b.t.Helper()
	if !slices.Equal(b.changes, want) {
		b.t.Errorf("changes %q, want %q", b.changes, want)
	}
}

func TestBreakerOpensAfterFailuresInARow(t *testing.T) {
	t.Parallel()
	b := newBreakerTest(t, 3)
	for _, v := range []verdict{failing, failing, alive, failing, neutral, failing} {
		b.call(v)
	}
	if b.current() != BreakerClosed {
		t.Error("it opened although an answer came in between")
	}
	b.call(failing)
	b.wantRefused()
	b.wantChanges("closed to open")
}

func TestBreakerLetsOneCallTryAfterTheCooldown(t *testing.T) {
	t.Parallel()
	b := newBreakerTest(t, 1)
	b.call(failing)
	b.clock.move(time.Minute - 1)
	b.wantRefused()
	b.clock.move(1)
	trial, ok := b.enter()
	if !ok {
		t.Fatal("no call may try")
	}
	b.wantRefused()
	trial(failing)
	b.wantRefused()
	b.clock.move(time.Minute)
	b.call(alive)
	b.call(alive)
	b.wantChanges("closed to open", "open to half-open", "half-open to open", "open to half-open", "half-open to closed")
}

func TestBreakerLetsTheNextCallTryIfTheFirstSaysNothing(t *testing.T) {
	t.Parallel()
	b := newBreakerTest(t, 1)
	b.call(failing)
	b.clock.move(time.Minute)
	b.call(neutral)
	if b.current() != BreakerHalfOpen {
		t.Error(b.current())
	}
	b.call(alive)
	if b.current() != BreakerClosed {
		t.Error(b.current())
	}
}

func TestBreakerIgnoresLateNewsFromBeforeItOpened(t *testing.T) {
	t.Parallel()
	b := newBreakerTest(t, 1)
	early, _ := b.enter()
	b.call(failing)
	early(alive)
	b.wantRefused()
	b.clock.move(time.Minute)
	b.call(alive)
	b.wantChanges("closed to open", "open to half-open", "half-open to closed")
}

func TestBreakerCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	b := newBreakerTest(t, -1)
	for range 100 {
		b.call(failing)
	}
	b.wantChanges()
}

func TestBreakerCallbackMayUseTheBreaker(t *testing.T) {
	t.Parallel()
	var b *breaker
	var seen []BreakerState
	b = newBreaker(BreakerOptions{Failures: 1, Cooldown: 1, OnChange: func(_, to BreakerState) {
		seen = append(seen, to)
		if report, ok := b.enter(); ok {
			report(alive)
		}
	}}, &steppingClock{})
	report, _ := b.enter()
	report(failing)
	if !slices.Equal(seen, []BreakerState{BreakerOpen, BreakerHalfOpen, BreakerClosed}) {
		t.Error(seen)
	}
}

// steppingClock goes on whenever it is read.
type steppingClock struct{ handClock }

func (c *steppingClock) Elapsed() time.Duration {
	c.move(time.Second)
	return c.handClock.Elapsed()
}

func TestOpenBreakerSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWire(t, always(drop))
	clock := new(handClock)
	c := dialWire(t, w, Config{Options: Options{Clock: clock, Breaker: BreakerOptions{Failures: 2}}})
	for range 2 {
		if err := c.Ping(t.Context()); !errors.Is(err, ports.ErrUnavailable) || errors.Is(err, errOpen) {
			t.Errorf("err = %v", err)
		}
	}
	before := len(w.commands())
	if err := c.Ping(t.Context()); !errors.Is(err, ports.ErrUnavailable) || !errors.Is(err, errOpen) {
		t.Errorf("err = %v", err)
	}
	if sent := len(w.commands()) - before; sent != 0 || c.Breaker() != BreakerOpen {
		t.Errorf("%d commands were sent, the breaker is %v", sent, c.Breaker())
	}
	clock.move(time.Second)
	_ = c.Ping(t.Context())
	if sent := len(w.commands()) - before; sent != 1 {
		t.Errorf("%d commands were sent after the cooldown", sent)
	}
}
