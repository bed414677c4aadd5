package gcsfront

import (
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// Requests that lock several objects in any order neither meet at one object
// nor wait for each other for ever, and leave nothing behind.
func TestLocksExclude(t *testing.T) {
	t.Parallel()
	var l locks
	a, b, c := object{"b", "a"}, object{"b", "b"}, object{"c", "a"}
	inside := map[object]int{}
	var all sync.WaitGroup
	for _, objects := range [][]object{{a, b}, {b, a}, {b, c, b}, {c, a}, {a}} {
		all.Go(func() {
			for range 200 {
				unlock := l.take(append([]object(nil), objects...))
				for _, o := range objects[:1] {
					check(t, &l, inside, o)
				}
				unlock()
			}
		})
	}
	all.Wait()
	if len(l.held) != 0 {
		t.Errorf("%d locks are left", len(l.held))
	}
}

// check counts who is inside, under another lock than the one that is tested.
func check(t *testing.T, l *locks, inside map[object]int, o object) {
	add := func(n int) int {
		l.mu.Lock()
		defer l.mu.Unlock()
		inside[o] += n
		return inside[o]
	}
	if n := add(1); n != 1 {
		t.Errorf("%d have the lock of %v", n, o)
	}
	add(-1)
}
