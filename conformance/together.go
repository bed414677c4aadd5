package conformance

import (
	"sync"
	"time"
)

// patience is how long a check waits for what must happen soon. It is long,
// because a machine may be slow; nothing waits so long when all is well.
const patience = 30 * time.Second

// together calls fn n times at once, with 0 to n-1, and waits for all of them.
// None starts before all are ready, so that they meet.
func together(n int, fn func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

// inTime calls fn and ends the check if it takes longer than patience.
// The goroutine of a fn that hangs is left behind: nothing can end it.
func (t *T) inTime(what string, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s hangs", what)
	}
}

// eventually polls until holds is true, for at most limit, and answers whether
// it became so.
func eventually(limit time.Duration, holds func() bool) bool {
	end := time.Now().Add(limit)
	for !holds() {
		if time.Now().After(end) {
			return false
		}
		<-time.After(2 * time.Millisecond)
	}
	return true
}
