package core_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

var indexedQ, scanQ atomic.Int64

func TestZZPart(t *testing.T) {
	from, to := seeds()
	for seed := from; seed < to; seed++ {
		synctest.Test(t, func(t *testing.T) { zzPart(t, seed) })
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Log(indexedQ.Load(), scanQ.Load())
}

func zzPart(t *testing.T, seed uint64) {
	ctx := t.Context()
	rnd := rand.New(rand.NewPCG(seed, 3))
	store := memory.NewStore(memory.StoreOptions{HashVersions: seed%2 == 0})
	x := memory.NewIndex(memory.IndexOptions{})
	plan := faults.New(faults.Options{})
	parts := []int{1, 3, 5}[seed%3]
	var users []*core.Collection[User]
	for range 3 {
		db, err := core.Open(ctx, store.Client(), core.Options{Settings: core.Settings{SkipProbe: true, IndexPartitions: parts}, Components: core.Components{Index: faults.Index(x.Client(), plan)}})
		if err != nil {
			t.Fatal(err)
		}
		u, err := core.NewCollection[User](ctx, db, "users", core.Index("age"))
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, u)
	}
	const stable = 10
	for i := range stable {
		if _, err := users[0].Create(ctx, fmt.Sprint("s", i), User{Age: 5}); err != nil {
			t.Fatal(err)
		}
	}
	_ = users[0].WaitReady(ctx)
	place := regexp.MustCompile(`users#[0-9a-z]+`).FindString(plan.Trace())
	nth := 0
	for range 25 {
		nth += 1 + rnd.IntN(8)
		m := faults.Match{Nth: nth}
		switch rnd.IntN(7) {
		case 0:
			plan.On(m).LoseAnswer()
		case 1:
			plan.On(m).LoseRequest()
		case 2:
			plan.On(m).Busy()
		case 3:
			plan.On(m).Fail(ports.ErrUnavailable)
		case 4:
			m.Method = faults.Install
			m.Nth = 1 + rnd.IntN(6)
			plan.On(m).ApplyAfter(1 + rnd.IntN(30))
		case 5:
			m.Method = faults.Install
			m.Nth = 1 + rnd.IntN(6)
			plan.On(m).LoseAnswer()
		case 6:
			m.Method = faults.Install
			m.Nth = 1 + rnd.IntN(6)
			plan.On(m).LoseRequest()
		}
	}
	var group sync.WaitGroup
	check := func(u *core.Collection[User], all bool) {
		var p core.Profile
		ids, err := u.Query().Where(core.Eq("age", 5)).Profile(&p).IDs(ctx)
		if err != nil {
			if all {
				t.Error(err)
			}
			return
		}
		if p.Index != "" {
			indexedQ.Add(1)
		} else {
			scanQ.Add(1)
		}
		have := 0
		for _, id := range ids {
			if id[0] == 's' {
				have++
			}
		}
		if have != stable {
			t.Errorf("seed %d: %d stable, index %q", seed, have, p.Index)
		}
		if all {
			var want []string
			for d, err := range u.Iter(ctx) {
				if err != nil {
					t.Error(err)
				}
				if d.Value.Age == 5 {
					want = append(want, d.ID)
				}
			}
			slices.Sort(want)
			slices.Sort(ids)
			if !slices.Equal(ids, want) {
				t.Errorf("seed %d: %v want %v by %q", seed, ids, want, p.Index)
				if os.Getenv("TRACE") != "" {
					t.Log(plan.Trace())
				}
			}
		}
	}
	for p, u := range users {
		r := rand.New(rand.NewPCG(seed, uint64(p)+20))
		group.Go(func() {
			for range 15 {
				_ = ports.SystemClock().Sleep(ctx, time.Duration(r.IntN(800))*time.Millisecond)
				id := fmt.Sprint("d", r.IntN(6))
				c, cancel := context.WithTimeout(ctx, 20*time.Second)
				if r.IntN(5) == 0 {
					_ = u.Delete(c, id)
				} else {
					_, _ = u.Put(c, id, User{Age: 4 + r.IntN(3)})
				}
				cancel()
				check(u, false)
			}
		})
	}
	group.Go(func() {
		r := rand.New(rand.NewPCG(seed, 99))
		for range 4 {
			_ = ports.SystemClock().Sleep(ctx, time.Duration(r.IntN(3000))*time.Millisecond)
			switch r.IntN(4) {
			case 0:
				x.Lose()
			case 1:
				x.Restart()
			default:
				_ = x.Drop(ctx, place+map[bool]string{true: "", false: fmt.Sprintf("#%d/%d", r.IntN(parts), parts)}[parts == 1], "")
			}
		}
	})
	group.Wait()
	for _, u := range users {
		check(u, true)
	}
	plan.Apply(ctx)
	plan.Reset()
	for _, u := range users {
		check(u, true)
	}
	for range 3 {
		_ = ports.SystemClock().Sleep(ctx, time.Minute)
		for _, u := range users {
			check(u, true)
		}
	}
	for _, u := range users {
		_ = u.DB().Close()
	}
}
