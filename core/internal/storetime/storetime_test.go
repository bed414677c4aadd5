package storetime_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/core/internal/storetime"
	"github.com/smarterbase/smarterbase/ports"
)

// ahead is a clock that is an hour ahead of the store's.
type ahead struct{ ports.Clock }

func (c ahead) Now() time.Time { return c.Clock.Now().Add(time.Hour) }

// timeless is a clock that knows no time of day.
type timeless struct{ ports.Clock }

func (timeless) Now() time.Time { return time.Time{} }

func clockOf(store ports.ObjectStore) storetime.Clock {
	clock, number := ahead{ports.SystemClock()}, uint64(0)
	random := func() uint64 { number++; return number }
	retrier := &retry.Retrier{Clock: clock, Random: random, Policy: retry.Policy{Attempts: 3}}
	return storetime.Clock{Registers: &cas.Registers{Objects: store, Clock: clock, Retry: retrier}, Random: random}
}

func keys(t *testing.T, store ports.ObjectStore) (found []string) {
	t.Helper()
	for info, err := range store.List(t.Context(), ports.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, info.Key)
	}
	return found
}

func TestAgeIsNeverMoreThanItWas(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	fine := at.Add(123456789)
	for _, c := range []struct {
		now, written time.Time
		want         time.Duration
	}{
		{fine.Add(time.Minute), fine, time.Minute - time.Nanosecond},
		{at.Add(time.Minute), at, 59 * time.Second},
		{fine.Add(time.Minute), at, time.Minute + 123456789 - time.Second},
		{at, at, 0},
		{at, at.Add(time.Hour), 0},
		{at, time.Time{}, 0},
		{time.Time{}, at, 0},
	} {
		if got := storetime.Age(c.now, c.written); got != c.want {
			t.Errorf("from %v to %v it is %v, want %v", c.written, c.now, got, c.want)
		}
	}
}

func TestNowIsThatOfTheStoreAndLeavesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.NewStore(memory.StoreOptions{})
		before := time.Now()
		if now, known := clockOf(store).Now(t.Context()); !known || !now.Equal(before) {
			t.Errorf("it is %v, %v at %v", now, known, before)
		}
		if left := keys(t, store); len(left) > 0 {
			t.Errorf("left are %q", left)
		}
		store = memory.NewStore(memory.StoreOptions{Clock: timeless{ports.SystemClock()}})
		if now, known := clockOf(store).Now(t.Context()); known {
			t.Errorf("a store without times says %v", now)
		}
	})
}

// Only scratch objects that are old by the store's clock go.
func TestLeftoversAreRemovedByTheirAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memory.NewStore(memory.StoreOptions{})
		put := func(key string) {
			if _, err := store.Put(t.Context(), key, []byte("{}"), ports.IfAbsent); err != nil {
				t.Fatal(err)
			}
		}
		put("users/ann.json")
		for i := range 3 {
			put(fmt.Sprintf("_sb/clock/old%d.json", i))
		}
		if err := ports.SystemClock().Sleep(t.Context(), 24*time.Hour+2*time.Second); err != nil {
			t.Fatal(err)
		}
		put("_sb/clock/young.json")
		clock := clockOf(store)
		for _, want := range []int{3, 0} {
			if removed, err := clock.RemoveLeftovers(t.Context(), 24*time.Hour); removed != want || err != nil {
				t.Errorf("it removes %d, %v, want %d", removed, err, want)
			}
		}
		if left := keys(t, store); !slices.Equal(left, []string{"_sb/clock/young.json", "users/ann.json"}) {
			t.Errorf("left are %q", left)
		}
	})
}
