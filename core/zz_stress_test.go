package core_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func inject(plan *faults.Plan, rnd *rand.Rand, count int) {
	nth := 1
	for range count {
		nth += 1 + rnd.IntN(6)
		m := faults.Match{Nth: nth}
		switch rnd.IntN(8) {
		case 0:
			plan.On(m).LoseAnswer()
		case 1:
			plan.On(m).LoseRequest()
		case 2:
			plan.On(m).Busy()
		case 3:
			plan.On(m).Duplicate()
		case 4:
			m.Method = faults.Put
			plan.On(m).ApplyAfter(1 + rnd.IntN(12))
		case 5:
			m.Method = faults.Put
			plan.On(m).ReplayAfter(1 + rnd.IntN(12))
		case 6:
			m.Method = faults.Get
			plan.On(m).Delay(time.Duration(rnd.IntN(20)) * time.Second)
		case 7:
			plan.On(m).Fail(ports.ErrUnavailable)
		}
	}
}

func seeds() (from, to uint64) {
	n, _ := strconv.Atoi(os.Getenv("SEEDS"))
	f, _ := strconv.Atoi(os.Getenv("FROM"))
	return uint64(f), uint64(f + n)
}

func TestZZLocks(t *testing.T) {
	from, to := seeds()
	for seed := from; seed < to; seed++ {
		synctest.Test(t, func(t *testing.T) { zzLocks(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func zzLocks(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	store := memory.NewStore(memory.StoreOptions{HashVersions: seed%2 == 0})
	plan := faults.New(faults.Options{})
	var mu sync.Mutex
	var maxToken uint64
	var holder string
	var group sync.WaitGroup
	var dbs []*core.DB
	for p := range 4 {
		r := rand.New(rand.NewPCG(seed, uint64(p)+10))
		db, err := core.Open(t.Context(), faults.Store(store.Client(), plan), core.Options{Settings: core.Settings{SkipProbe: true}})
		if err != nil {
			t.Fatal(err)
		}
		dbs = append(dbs, db)
		group.Go(func() {
			ctx := t.Context()
			for i := range 8 {
				_ = ports.SystemClock().Sleep(ctx, time.Duration(r.IntN(4000))*time.Millisecond)
				c, cancel := ctx, context.CancelFunc(func() {})
				if r.IntN(4) == 0 {
					c, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(10000))*time.Millisecond)
				}
				mu.Lock()
				before := maxToken
				mu.Unlock()
				ttl := time.Duration(2+r.IntN(8)) * time.Second
				began := time.Now()
				lease, err := db.Locker().Acquire(c, "a", ttl)
				cancel()
				if err != nil {
					continue
				}
				me := fmt.Sprint(p, "/", i)
				left := ttl - time.Since(began)
				lost := false
				select {
				case <-lease.Lost():
					lost = true
				default:
				}
				mu.Lock()
				if lease.Token() <= before {
					t.Errorf("token %d after %d", lease.Token(), before)
				}
				maxToken = max(maxToken, lease.Token())
				if !lost && left > 0 {
					if holder != "" {
						t.Errorf("%s and %s at once", holder, me)
					}
					holder = me
				}
				mu.Unlock()
				leave := func() {
					mu.Lock()
					if holder == me {
						holder = ""
					}
					mu.Unlock()
				}
				gone := make(chan struct{})
				stop := make(chan struct{})
				go func() {
					defer close(gone)
					select {
					case <-lease.Lost():
						leave()
					case <-stop:
					}
				}()
				for range r.IntN(4) {
					_ = ports.SystemClock().Sleep(ctx, time.Duration(r.IntN(3000))*time.Millisecond)
					if err := lease.Renew(ctx); errors.Is(err, ports.ErrLost) {
						break
					}
				}
				if r.IntN(4) > 0 {
					leave()
					_ = lease.Release(ctx)
				} else {
					<-lease.Lost()
				}
				close(stop)
				<-gone
				leave()
			}
		})
	}
	inject(plan, rnd, 60)
	group.Wait()
	for _, db := range dbs {
		_ = db.Close()
	}
}

func TestZZCounters(t *testing.T) {
	from, to := seeds()
	for seed := from; seed < to; seed++ {
		synctest.Test(t, func(t *testing.T) { zzCounters(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func zzCounters(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	store := memory.NewStore(memory.StoreOptions{HashVersions: seed%2 == 0})
	plan := faults.New(faults.Options{})
	var mu sync.Mutex
	seen := map[int64]bool{}
	var sure, maybe int64
	var others []error
	var group sync.WaitGroup
	var dbs []*core.DB
	for p := range 4 {
		r := rand.New(rand.NewPCG(seed, uint64(p)+10))
		db, err := core.Open(t.Context(), faults.Store(store.Client(), plan), core.Options{Settings: core.Settings{SkipProbe: true}})
		if err != nil {
			t.Fatal(err)
		}
		dbs = append(dbs, db)
		seq, _ := db.Sequence("s", int64(1+seed%4))
		for range 2 {
			group.Go(func() {
				for range 15 {
					c, cancel := t.Context(), context.CancelFunc(func() {})
					if r.IntN(4) == 0 {
						c, cancel = context.WithTimeout(t.Context(), time.Duration(r.IntN(3000))*time.Millisecond)
					}
					_, err := db.Counter().Add(c, "n", 1)
					n, err2 := seq.Next(c)
					cancel()
					mu.Lock()
					if err == nil {
						sure++
					} else if errors.Is(err, ports.ErrUnknown) {
						maybe++
					} else {
						others = append(others, err)
					}
					if err2 == nil {
						if seen[n] {
							t.Errorf("%d twice", n)
						}
						seen[n] = true
					}
					mu.Unlock()
				}
			})
		}
	}
	inject(plan, rnd, 60)
	group.Wait()
	plan.Apply(t.Context())
	trace := plan.Trace()
	plan.Reset()
	v, err := dbs[0].Counter().Value(t.Context(), "n")
	if err != nil || v < sure || v > sure+maybe {
		t.Errorf("seed %d: value %d, %v, sure %d, maybe %d\n%v", seed, v, err, sure, maybe, others)
		if os.Getenv("TRACE") != "" {
			t.Log(trace)
		}
	}
	for _, db := range dbs {
		_ = db.Close()
	}
}
