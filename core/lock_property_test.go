package core_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// histories is how many random histories of a property are tried.
const histories = 200

// disturb makes some of the next requests fail, get lost, arrive twice, or
// arrive late.
func disturb(plan *faults.Plan, random *rand.Rand) {
	nth := 1
	for range 60 {
		nth += 1 + random.IntN(6)
		match, put := faults.Match{Nth: nth}, faults.Match{Nth: nth, Method: faults.Put}
		switch random.IntN(8) {
		case 0:
			plan.On(match).LoseAnswer()
		case 1:
			plan.On(match).LoseRequest()
		case 2:
			plan.On(match).Busy()
		case 3:
			plan.On(match).Fail(ports.ErrUnavailable)
		case 4:
			plan.On(match).Duplicate()
		case 5:
			plan.On(put).ApplyAfter(1 + random.IntN(12))
		case 6:
			plan.On(put).ReplayAfter(1 + random.IntN(12))
		default:
			plan.On(faults.Match{Nth: nth, Method: faults.Get}).Delay(time.Duration(random.IntN(20)) * time.Second)
		}
	}
}

// processes opens some databases on one store, whose requests are disturbed, and
// runs work in each of them.
func processes(t *testing.T, seed uint64, work func(number int, db *core.DB, random *rand.Rand), change ...func(*core.Options)) *memory.Store {
	store := memory.NewStore(memory.StoreOptions{HashVersions: seed%2 == 0})
	plan := faults.New(faults.Options{})
	var group sync.WaitGroup
	for number := range 4 {
		options := core.Options{Settings: core.Settings{SkipProbe: true}}
		for _, fn := range change {
			fn(&options)
		}
		db := openWith(t, faults.Store(store.Client(), plan), options)
		group.Go(func() {
			work(number, db, rand.New(rand.NewPCG(seed, uint64(number))))
			_ = db.Close()
		})
	}
	disturb(plan, rand.New(rand.NewPCG(seed, 99)))
	group.Wait()
	plan.Apply(t.Context())
	return store
}

// sometimesShort is a context that ends soon in one of four cases.
func sometimesShort(ctx context.Context, random *rand.Rand) (context.Context, context.CancelFunc) {
	if random.IntN(4) > 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, time.Duration(random.IntN(5000))*time.Millisecond)
}

// exclusion watches who believes to hold a lease.
type exclusion struct {
	mu     sync.Mutex
	holder string
	token  uint64
	broken []string
}

func (e *exclusion) lastToken() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.token
}

func (e *exclusion) enter(who string, token, before uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.holder != "" {
		e.broken = append(e.broken, fmt.Sprintf("%s and %s hold it at once", e.holder, who))
	}
	if token <= before {
		e.broken = append(e.broken, fmt.Sprintf("the token %d came after %d", token, before))
	}
	e.holder, e.token = who, max(e.token, token)
}

func (e *exclusion) leave(who string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.holder == who {
		e.holder = ""
	}
}

// hold acquires the lease once, renews it for a while and lets it go.
func (e *exclusion) hold(t *testing.T, db *core.DB, who string, random *rand.Rand) {
	pause(t, time.Duration(random.IntN(4000))*time.Millisecond)
	ctx, cancel := sometimesShort(t.Context(), random)
	defer cancel()
	before, ttl := e.lastToken(), time.Duration(2+random.IntN(8))*time.Second
	began := time.Now()
	lease, err := db.Locker().Acquire(ctx, "a", ttl)
	if err != nil {
		return
	}
	if time.Since(began) < ttl {
		e.enter(who, lease.Token(), before)
	}
	go func() {
		<-lease.Lost()
		e.leave(who)
	}()
	for range random.IntN(4) {
		pause(t, time.Duration(random.IntN(3000))*time.Millisecond)
		if errors.Is(lease.Renew(t.Context()), ports.ErrLost) {
			break
		}
	}
	if random.IntN(4) > 0 {
		e.leave(who)
		_ = lease.Release(t.Context())
	}
	<-lease.Lost()
	e.leave(who)
}

// While clocks run at one speed, no two hold a lease at once, and tokens grow,
// whatever happens to requests.
func TestLeasesExcludeEachOther(t *testing.T) {
	t.Parallel()
	for seed := range uint64(histories) {
		synctest.Test(t, func(t *testing.T) {
			var watch exclusion
			processes(t, seed, func(number int, db *core.DB, random *rand.Rand) {
				for i := range 8 {
					watch.hold(t, db, fmt.Sprint(number, "/", i), random)
				}
			})
			if len(watch.broken) > 0 {
				t.Errorf("seed %d: %v", seed, watch.broken)
			}
		})
	}
}

// tally is what processes were told about a counter and a sequence.
type tally struct {
	mu          sync.Mutex
	sure, maybe int64
	numbers     map[int64]int
}

func (c *tally) count(ctx context.Context, db *core.DB, sequence *core.Sequence) {
	_, err := db.Counter().Add(ctx, "n", 1)
	number, failure := sequence.Next(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.sure++
	case errors.Is(err, ports.ErrUnknown):
		c.maybe++
	}
	if failure == nil {
		c.numbers[number]++
	}
}

// An Add that succeeded is counted once, one of unknown outcome at most once, any
// other not at all; and no number of a sequence is given twice.
func TestNothingIsCountedTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(histories) {
		synctest.Test(t, func(t *testing.T) {
			told := tally{numbers: make(map[int64]int)}
			store := processes(t, seed, func(_ int, db *core.DB, random *rand.Rand) {
				sequence, err := db.Sequence("s", int64(1+seed%4))
				if err != nil {
					t.Error(err)
					return
				}
				for range 25 {
					ctx, cancel := sometimesShort(t.Context(), random)
					told.count(ctx, db, sequence)
					cancel()
				}
			})
			value, err := openWith(t, store.Client(), core.Options{}).Counter().Value(t.Context(), "n")
			if err != nil || value < told.sure || value > told.sure+told.maybe {
				t.Errorf("seed %d: it is %d, %v after %d adds and %d of unknown outcome", seed, value, err, told.sure, told.maybe)
			}
			for number, times := range told.numbers {
				if times > 1 {
					t.Errorf("seed %d: the number %d was given %d times", seed, number, times)
				}
			}
		})
	}
}
