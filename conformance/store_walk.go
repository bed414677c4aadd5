package conformance

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var walkClauses = []Clause[StoreHarness]{
	{"OS-LST-4", "An object that exists from before the List until its place in the order is reached MUST be yielded; one that never existed in that time MUST NOT; changes during the walk MAY be seen or not.", listDuringChanges},
	{"OS-LST-5", "A failure of List MUST be yielded as the error of the last pair, never swallowed; a loop that is left early MUST leave no goroutine behind.", listEnds},
}

func listDuringChanges(t *T, h StoreHarness) {
	first, second := h.pair(t)
	var stable []string
	for i := range 60 {
		stable = append(stable, fmt.Sprintf("k/%03d-stable", i))
	}
	fill(t, first, stable)
	walkDuringChurn(t, first, second, stable)
	walkAndWrite(t, first, stable)
	walkTwice(t, second)
}

// walkDuringChurn lists while other objects come and go between those that
// stay.
func walkDuringChurn(t *T, first, second ports.ObjectStore, stable []string) {
	t.Helper()
	var walkers atomic.Int64
	walkers.Store(2)
	together(5, func(i int) {
		if i >= 2 {
			for n := i; walkers.Load() > 0; n++ {
				key := fmt.Sprintf("k/%03d-%s", n%60, []string{"churn", "zchurn", "a/churn"}[i-2])
				_, err := second.Put(t.Context(), key, []byte("x"), ports.Any)
				t.wantErr(err, nil, "put during a walk")
				t.wantErr(second.Delete(t.Context(), key, ports.Any), nil, "delete during a walk")
			}
			return
		}
		defer walkers.Add(-1)
		for range 15 {
			got := listed(t, first, "k/")
			for _, key := range got {
				if !strings.HasSuffix(key, "stable") && !strings.HasSuffix(key, "churn") {
					t.Errorf("list yields %q, which never was", key)
				}
			}
			if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
				t.Errorf("list yields keys twice or out of order during changes: %q", got)
			}
			got = slices.DeleteFunc(got, func(key string) bool { return !strings.HasSuffix(key, "stable") })
			wantKeys(t, got, stable, "list during changes")
		}
	})
}

// walkAndWrite calls the store from inside the loop, which must not hang.
func walkAndWrite(t *T, s ports.ObjectStore, stable []string) {
	t.Helper()
	var got []string
	t.inTime("a loop over List that writes", func() {
		for info, err := range s.List(t.Context(), ports.ListOptions{Prefix: "k/"}) {
			if err != nil {
				t.Errorf("list answers %v", err)
				return
			}
			if !strings.HasSuffix(info.Key, "stable") {
				continue // what the loop itself puts may be seen
			}
			got = append(got, info.Key)
			_, err := s.Put(t.Context(), info.Key+"-and-more", []byte("x"), ports.Any)
			t.wantErr(err, nil, "put inside of the loop")
			t.wantErr(s.Delete(t.Context(), info.Key, ports.Any), nil, "delete inside of the loop")
			if nested := listed(t, s, info.Key); len(nested) != 1 {
				t.Errorf("list inside of the loop answers %q", nested)
			}
		}
	})
	wantKeys(t, got, stable, "a walk that deletes what it was given")
}

func walkTwice(t *T, s ports.ObjectStore) {
	t.Helper()
	t.put(s, "twice/1", []byte("x"), ports.Any)
	seq := s.List(t.Context(), ports.ListOptions{Prefix: "twice/"})
	t.put(s, "twice/2", []byte("x"), ports.Any)
	for walk, want := range []int{2, 3} {
		n := 0
		for _, err := range seq {
			t.must(err, "walk %d", walk+1)
			n++
		}
		if n != want {
			t.Errorf("walk %d of one sequence yields %d objects, want %d: each walk is a new listing", walk+1, n, want)
		}
		t.put(s, "twice/3", []byte("x"), ports.Any)
	}
}

func listEnds(t *T, h StoreHarness) {
	s := h.open(t)
	var all []string
	for i := range max(50, h.PageSize) + 20 {
		all = append(all, fmt.Sprintf("k/%06d", i))
	}
	fill(t, s, all)
	for how, ctx := range doneContexts(t) {
		got, err := drain(t, s.List(ctx, ports.ListOptions{}), func(int) {})
		if t.wantErr(err, ctx.Err(), "list with a context that is %s", how); len(got) > 0 {
			t.Errorf("list with a context that is %s yields %d objects", how, len(got))
		}
	}
	for _, at := range []int{1, 10, len(all) - 5} {
		ctx, cancel := context.WithCancel(t.Context())
		got, err := drain(t, s.List(ctx, ports.ListOptions{}), func(n int) {
			if n == at {
				cancel()
			}
		})
		cancel()
		if err == nil {
			wantKeys(t, got, all, "list whose context ended after %d objects, without an error,", at)
		} else {
			t.wantErr(err, context.Canceled, "list whose context ended after %d objects", at)
		}
	}
	leaveEarly(t, s)
}

// drain walks to the end and checks that nothing follows an error.
func drain(t *T, seq iter.Seq2[ports.ObjectInfo, error], seen func(n int)) (got []string, failure error) {
	t.Helper()
	for info, err := range seq {
		if failure != nil {
			t.Errorf("list goes on with %q, %v after the error %v", info.Key, err, failure)
		}
		if failure = err; err == nil {
			got = append(got, info.Key)
			seen(len(got))
		}
	}
	return got, failure
}

// leaveEarly breaks out of many loops and counts the goroutines that are left.
// A pool of connections may keep some, but not one a loop.
func leaveEarly(t *T, s ports.ObjectStore) {
	t.Helper()
	const loops = 40
	t.list(s, ports.ListOptions{}) // starts what is started once
	left := labelled(func() {
		for i := range loops {
			n := 0
			for _, err := range s.List(t.Context(), ports.ListOptions{KeysOnly: i%2 == 0}) {
				if t.wantErr(err, nil, "list"); n == i%3 {
					break
				}
				n++
			}
		}
	})
	few := eventually(patience/10, func() bool { return left() < loops/2 })
	if !few {
		t.Errorf("%d goroutines are left after %d loops that were left early", left(), loops)
	}
	t.inTime("put after loops that were left early", func() {
		_, err := s.Put(t.Context(), "k/after", []byte("x"), ports.Any)
		t.wantErr(err, nil, "put after loops that were left early")
	})
}
