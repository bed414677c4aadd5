package cas_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

const key = "k.json"

// clock stands still unless it is moved.
type clock struct {
	mu      sync.Mutex
	elapsed time.Duration
	wall    time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.UnixMilli(1_800_000_000_000).Add(c.elapsed + c.wall)
}

func (c *clock) Elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.elapsed
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.move(d)
	return ctx.Err()
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.elapsed += d
}

type fixture struct {
	*cas.Registers
	store ports.ObjectStore
	plan  *faults.Plan
	clock *clock
}

func newFixture(options memory.StoreOptions) *fixture {
	c := new(clock)
	inner := memory.NewStore(options)
	plan := faults.New(faults.Options{})
	policy := retry.Policy{Attempts: 5, Base: time.Millisecond, Max: 10 * time.Millisecond}
	return &fixture{
		Registers: &cas.Registers{
			Objects: faults.Store(inner, plan), Clock: c,
			Retry: &retry.Retrier{Policy: policy, Clock: c, Random: rand.Uint64},
		},
		store: inner, plan: plan, clock: c,
	}
}

func body(rev revision.Revision, text string) []byte {
	return document.Compose(rev, 0, []byte(`{"v":"`+text+`"}`))
}

// other lets another writer replace the object behind our back.
func (f *fixture) other(t *testing.T, rev revision.Revision) {
	t.Helper()
	if _, err := f.store.Put(t.Context(), key, body(rev, "other"), ports.Any); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) holds(t *testing.T) string {
	t.Helper()
	object, err := f.store.Get(t.Context(), key, ports.GetOptions{})
	if err != nil {
		return ""
	}
	return string(object.Data)
}

// became checks what a write of revision 20 answered, and what is there now.
func (f *fixture) became(t *testing.T, state cas.State, err, want error, landed bool, puts int) {
	t.Helper()
	if !errors.Is(err, want) || (want == nil) != (err == nil) {
		t.Fatalf("the answer is %v, want %v", err, want)
	}
	if err == nil && (!state.Exists || string(state.Body) != string(body(20, "ours"))) {
		t.Errorf("the new state is %+v", state)
	}
	if now := f.holds(t); (now == string(body(20, "ours"))) != landed {
		t.Errorf("the store holds %s", now)
	}
	if n := f.plan.Calls(faults.Put); n != puts {
		t.Errorf("%d puts, want %d", n, puts)
	}
}

// Each case writes revision 20 over revision 10, or creates it, while a fault
// hits the put.
func TestWriteTellsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	put := faults.Match{Method: faults.Put, Nth: 1}
	for _, c := range []struct {
		name   string
		fault  func(t *testing.T, f *fixture)
		want   error // nil: success
		landed bool
		puts   int
	}{
		{"nothing happens", func(*testing.T, *fixture) {}, nil, true, 1},
		{"the answer is lost: read back as our own", func(_ *testing.T, f *fixture) { f.plan.On(put).LoseAnswer() }, nil, true, 1},
		{"the request is lost: sent again", func(_ *testing.T, f *fixture) { f.plan.On(put).LoseRequest() }, nil, true, 2},
		{"the store is busy: sent again", func(_ *testing.T, f *fixture) { f.plan.On(put).Busy() }, nil, true, 2},
		{"an SDK repeats a request that had succeeded", func(_ *testing.T, f *fixture) { f.plan.On(put).LoseAnswer(); f.plan.On(put).Retry() }, nil, true, 1},
		{"another writer came first", func(t *testing.T, f *fixture) { f.other(t, 15) }, ports.ErrPrecondition, false, 1},
		{"the request is lost and another, older one came", func(t *testing.T, f *fixture) {
			f.plan.On(put).Before(func(context.Context, faults.Call) error { f.other(t, 15); return nil })
			f.plan.On(put).LoseRequest()
		}, ports.ErrPrecondition, false, 1},
		{"the answer is lost and a newer one came", func(t *testing.T, f *fixture) {
			f.plan.On(put).After(func(_ context.Context, _ faults.Call, err error) error { f.other(t, 30); return err })
			f.plan.On(put).LoseAnswer()
		}, ports.ErrUnknown, false, 1},
		{"always busy", func(_ *testing.T, f *fixture) {
			f.plan.On(faults.Match{Method: faults.Put, Times: faults.Always}).Busy()
		}, ports.ErrBusy, false, 5},
		{"not permitted", func(_ *testing.T, f *fixture) { f.plan.On(put).Fail(ports.ErrPermission) }, ports.ErrPermission, false, 1},
		{"unknown, and then nothing can be read", func(_ *testing.T, f *fixture) {
			f.plan.On(put).LoseAnswer()
			f.plan.On(faults.Match{Method: faults.Get, Times: faults.Always}).Fail(ports.ErrUnavailable)
		}, ports.ErrUnknown, true, 1},
	} {
		for _, creating := range []bool{false, true} {
			if creating && c.name == "another writer came first" {
				continue // the same as replacing
			}
			name := c.name + ", replacing"
			if creating {
				name = c.name + ", creating"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(memory.StoreOptions{})
				base := f.Absent(key)
				if !creating {
					f.other(t, 10)
					var err error
					if base, err = f.Read(t.Context(), key); err != nil {
						t.Fatal(err)
					}
				}
				f.plan.Reset()
				c.fault(t, f)
				state, err := f.Write(t.Context(), base, body(20, "ours"), 20, nil)
				f.became(t, state, err, c.want, c.landed, c.puts)
			})
		}
	}
}

func TestWriteIsNotSentLongAfterItsRead(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]func(*clock){
		"monotonic": func(c *clock) { c.move(cas.MaxAge + time.Second) },
		"wall":      func(c *clock) { c.wall += cas.MaxAge + time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(memory.StoreOptions{})
			base := f.Absent(key)
			age(f.clock)
			if _, err := f.Write(t.Context(), base, body(20, "ours"), 20, nil); !errors.Is(err, cas.ErrTooOld) {
				t.Errorf("Write answers %v", err)
			}
			if f.plan.Calls(faults.Put) != 0 {
				t.Error("it was sent")
			}
		})
	}
}

func TestGateIsAskedBeforeEveryRequest(t *testing.T) {
	t.Parallel()
	closed := errors.New("closed")
	f := newFixture(memory.StoreOptions{})
	f.plan.On(faults.Match{Method: faults.Put, Nth: 1}).LoseRequest()
	asked := 0
	gate := func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		if asked++; asked > 1 {
			return nil, nil, cas.Refuse(closed)
		}
		return ctx, func() {}, nil
	}
	_, err := f.Write(t.Context(), f.Absent(key), body(20, "ours"), 20, gate)
	if !errors.Is(err, ports.ErrUnknown) || !errors.Is(err, closed) {
		t.Errorf("a write that may be under way, and can't be sent again, answers %v", err)
	}
	if _, err := f.Write(t.Context(), f.Absent(key), body(21, "ours"), 21, gate); !errors.Is(err, closed) || errors.Is(err, ports.ErrUnknown) {
		t.Errorf("a write that was never sent answers %v", err)
	}
}

func TestGateThatBoundsTheRequestIsAskedAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(memory.StoreOptions{})
	asked := 0
	gate := func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		asked++
		bounded, cancel := context.WithCancel(ctx)
		if asked == 1 {
			cancel()
		}
		return bounded, cancel, nil
	}
	if _, err := f.Write(t.Context(), f.Absent(key), body(20, "ours"), 20, gate); err != nil || asked != 2 {
		t.Errorf("Write answers %v after the gate was asked %d times", err, asked)
	}
}

func TestUpdateLosesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(memory.StoreOptions{HashVersions: true})
	f.Retry.Policy.Attempts = 10_000
	const workers, rounds = 8, 50
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range rounds {
				_, err := f.Update(t.Context(), key, func(current cas.State) ([]byte, revision.Revision, error) {
					previous, count := revision.Revision(0), ""
					if current.Exists {
						previous, _ = document.RevisionOf(current.Body)
						d, err := document.Parse(append([]byte(nil), current.Body...), true)
						if err != nil {
							return nil, 0, err
						}
						count = string(d.Members[len(`{"v":"`) : len(d.Members)-2])
					}
					next := revision.Next(previous, f.clock.Now(), rand.Uint64())
					return body(next, count+"x"), next, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if got := len(f.holds(t)) - len(body(1, "")); got != workers*rounds {
		t.Errorf("%d updates are there, want %d", got, workers*rounds)
	}
}

// A change that may have been made is not made again on top of itself.
func TestUpdateDoesNotRepeatWhatMayHaveHappened(t *testing.T) {
	t.Parallel()
	f := newFixture(memory.StoreOptions{})
	f.plan.On(faults.Match{Method: faults.Put, Nth: 1}).LoseRequest()
	f.plan.On(faults.Match{Method: faults.Put, Nth: 2}).Before(func(context.Context, faults.Call) error { f.other(t, 30); return nil })
	changes := 0
	_, err := f.Update(t.Context(), key, func(cas.State) ([]byte, revision.Revision, error) {
		changes++
		return body(20, "ours"), 20, nil
	})
	if !errors.Is(err, ports.ErrUnknown) || changes != 1 {
		t.Errorf("Update answers %v after %d changes", err, changes)
	}
}
