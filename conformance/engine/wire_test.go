package engine_test

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// errDied is what the calls of a killed client answer once the simulation is
// over; until then they hang.
var errDied = errors.New("the client was killed")

func isAny(err error, kinds ...error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// wire is everything between one client and the services: it delays, loses,
// repeats and delivers late, and at one step of its own the client dies. What
// it does is drawn from the seed, the call, and how often the call was made,
// so it does not depend on how the machine schedules goroutines.
type wire struct {
	*world
	name string
	die  int           // the step at which the client dies; 0: never
	dead chan struct{} // closed when it does

	mu    sync.Mutex
	steps int
	made  map[string]int
}

func newWire(w *world, name string, die int) *wire {
	return &wire{world: w, name: name, die: die, dead: make(chan struct{}), made: make(map[string]int)}
}

// draw is the source of chance for one call.
func (c *wire) draw(call string) *rand.Rand {
	c.mu.Lock()
	c.made[call]++
	nth := c.made[call]
	c.mu.Unlock()
	sum := fnv.New64a()
	_, _ = io.WriteString(sum, c.name+"\x00"+call)
	return rand.New(rand.NewPCG(c.seed, sum.Sum64()+uint64(nth)))
}

// step is a place where the client can die: before each call, and before each
// answer. A dead client's calls hang until the simulation is over.
func (c *wire) step() error {
	c.mu.Lock()
	c.steps++
	if c.steps == c.die {
		close(c.dead)
	}
	c.mu.Unlock()
	select {
	case <-c.over:
		return errDied
	default:
	}
	select {
	case <-c.dead:
		<-c.over
		return errDied
	default:
		return nil
	}
}

// latency is mostly short and now and then as long as anything can be.
func (c *wire) latency(rng *rand.Rand) time.Duration {
	short, middle, long := c.speed.short, c.speed.middle, c.speed.long
	switch n := rng.IntN(100); {
	case n < 70:
		return 1 + time.Duration(rng.Int64N(int64(short)))
	case n < 93:
		return 1 + time.Duration(rng.Int64N(int64(middle)))
	default:
		return 1 + time.Duration(rng.Int64N(int64(long)))
	}
}

// travel is the way of a request or an answer.
func (c *wire) travel(ctx context.Context, rng *rand.Rand) error {
	if err := pause(ctx, c.latency(rng)); err != nil {
		return err
	}
	return c.step()
}

func pause(ctx context.Context, d time.Duration) error { return ports.SystemClock().Sleep(ctx, d) }

// storeWire is the way to the object store.
type storeWire struct{ *wire }

func (c storeWire) Capabilities() ports.Capabilities {
	caps := c.history.inner.Capabilities()
	caps.LateWrites = c.speed.late > 0
	return caps
}

func (c storeWire) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	rng := c.draw("get " + key)
	if err := c.travel(ctx, rng); err != nil {
		return ports.Object{}, lostRead("get", key, err)
	}
	object, err := c.history.inner.Get(ctx, key, opts)
	if failure := c.travel(ctx, rng); failure != nil {
		return ports.Object{}, lostRead("get", key, failure)
	}
	return object, err
}

func (c storeWire) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	return c.history.inner.Stat(ctx, key)
}

func (c storeWire) Delete(ctx context.Context, key string, cond ports.Condition) error {
	return c.history.inner.Delete(ctx, key, cond)
}

func (c storeWire) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		if err := c.travel(ctx, c.draw("list")); err != nil {
			yield(ports.ObjectInfo{}, lostRead("list", opts.Prefix, err))
			return
		}
		c.history.inner.List(ctx, opts)(yield)
	}
}

func lostRead(op, key string, err error) error {
	if errors.Is(err, errDied) {
		return ports.Fail(op, key, ports.ErrClosed, err)
	}
	return ports.Fail(op, key, err, nil)
}

// Put sends a put. Once it is on its way it arrives, or does not, whatever
// happens to its sender.
func (c storeWire) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	rng := c.draw("put " + key)
	if err := c.step(); err != nil {
		return "", ports.Fail("put", key, ports.ErrUnknown, err)
	}
	if c.speed.late == 0 {
		return c.localPut(ctx, rng, key, data, cond)
	}
	sent := append([]byte(nil), data...)
	arrives := make(chan putAnswer, 1)
	deliver := func(after time.Duration) {
		c.flying.Go(func() {
			_ = pause(context.Background(), after)
			version, err := c.history.put(key, sent, cond)
			select {
			case arrives <- putAnswer{version, err}:
			default:
			}
		})
	}
	switch n := rng.IntN(100); {
	case n < 4:
		return "", ports.Fail("put", key, ports.ErrBusy, c.travel(ctx, rng))
	case n < 8: // the request is lost
		return "", ports.Fail("put", key, ports.ErrUnknown, c.travel(ctx, rng))
	case n < 16: // it arrives late
		deliver(time.Duration(rng.Int64N(int64(c.speed.late))))
		return "", ports.Fail("put", key, ports.ErrUnknown, c.travel(ctx, rng))
	case n < 22: // it arrives twice
		deliver(time.Duration(rng.Int64N(int64(c.speed.late))))
		fallthrough
	default:
		deliver(min(c.latency(rng), c.speed.late-1))
	}
	a := <-arrives
	if err := c.travel(ctx, rng); err != nil || rng.IntN(100) < 6 { // the answer is lost
		return "", ports.Fail("put", key, ports.ErrUnknown, err)
	}
	return a.version, a.err
}

type putAnswer struct {
	version ports.Version
	err     error
}

// localPut is a put that can't take effect once its context has ended.
func (c storeWire) localPut(ctx context.Context, rng *rand.Rand, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if err := c.travel(ctx, rng); err != nil {
		return "", lostRead("put", key, err)
	}
	if rng.IntN(100) < 4 {
		return "", ports.Fail("put", key, ports.ErrUnavailable, nil)
	}
	if ctx.Err() != nil {
		return "", ports.Fail("put", key, ctx.Err(), nil)
	}
	version, err := c.history.put(key, data, cond)
	if failure := c.step(); failure != nil || rng.IntN(100) < 4 {
		return "", ports.Fail("put", key, ports.ErrUnknown, failure)
	}
	return version, err
}
