package memory

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestOrderedEqualsAMapWithSortedKeys(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var o ordered[int]
	model := make(map[string]int)
	for step := range 60_000 {
		key := fmt.Sprint(random.IntN(4_000))
		// Phases that mostly add and phases that mostly remove, so that blocks
		// split, shrink and vanish.
		if removing := step/10_000%2 == 1; random.IntN(10) < 3 != removing {
			o.remove(key)
			delete(model, key)
		} else {
			o.set(key, step)
			model[key] = step
		}
		if step%5_000 == 0 {
			compare(t, &o, model)
		}
	}
	for key := range model {
		o.remove(key)
	}
	compare(t, &o, nil)
}

func compare(t *testing.T, o *ordered[int], model map[string]int) {
	t.Helper()
	keys := slices.Sorted(maps.Keys(model))
	if got := slices.Collect(maps.Keys(maps.Collect(o.from("")))); len(got) != len(keys) || o.len() != len(keys) {
		t.Fatalf("%d keys walked, %d counted, want %d", len(got), o.len(), len(keys))
	}
	for _, start := range append([]string{"", "0", "2", "2555", "39", "x"}, keys...) {
		at, _ := slices.BinarySearch(keys, start)
		if got := o.before(start); got != at {
			t.Fatalf("before(%q) = %d, want %d", start, got, at)
		}
		for key, value := range o.from(start) {
			if key != keys[at] || value != model[key] {
				t.Fatalf("from(%q) yields %q, want %q", start, key, keys[at])
			}
			if at++; at%300 == 0 {
				break
			}
		}
	}
	for _, key := range []string{"17", "3999", "absent"} {
		got, found := o.get(key)
		want, there := model[key]
		if got != want || found != there {
			t.Fatalf("get(%q) = %d, %v, want %d, %v", key, got, found, want, there)
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	t.Parallel()
	var o ordered[int]
	for i := range 1_000 {
		o.set(fmt.Sprint(i), i)
	}
	copied := o.clone()
	o.set("5", -1)
	o.remove("6")
	if v, _ := copied.get("5"); v != 5 || copied.len() != 1_000 {
		t.Errorf("the clone changed: %d, %d keys", v, copied.len())
	}
}

func BenchmarkOrderedSet(b *testing.B) {
	for _, size := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			random := rand.New(rand.NewPCG(3, 4))
			var o ordered[struct{}]
			for range size {
				o.set(fmt.Sprintf("users/%016x.json", random.Uint64()), struct{}{})
			}
			keys := make([]string, 1<<12)
			for i := range keys {
				keys[i] = fmt.Sprintf("users/%016x.json", random.Uint64())
			}
			for i := 0; b.Loop(); i++ {
				key := keys[i%len(keys)]
				o.set(key, struct{}{})
				if i%len(keys) == len(keys)-1 {
					b.StopTimer()
					for _, key := range keys {
						o.remove(key)
					}
					b.StartTimer()
				}
			}
		})
	}
}
