package tasks

import (
	"sync"
	"sync/atomic"
)

// Parallel calls fn for 0 to n-1 on up to workers goroutines, and returns when
// all calls have ended.
func Parallel(workers, n int, fn func(i int)) {
	if n == 1 {
		fn(0)
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(workers, n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				fn(i)
			}
		})
	}
	group.Wait()
}
