package gate

import "sync/atomic"

// Gate lets calls in until it is closed. The adapter itself counts as one call
// until then. It must be opened before use, must not be copied, and is safe for
// concurrent use.
type Gate struct {
	inside  atomic.Int64
	closed  atomic.Bool
	release func() // run once, by whoever leaves last
}

// Open lets callers in. release is what there is to do after the last of them;
// it runs once, on the goroutine of whoever leaves last.
func (g *Gate) Open(release func()) {
	g.release = release
	g.inside.Store(1)
}

// Enter reports whether the adapter is open; if so, Leave must follow.
func (g *Gate) Enter() bool {
	for !g.closed.Load() {
		n := g.inside.Load()
		if n == 0 {
			return false
		}
		if g.inside.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return false
}

// Leave must be called once for every Enter that answered true.
func (g *Gate) Leave() {
	if g.inside.Add(-1) == 0 {
		g.release()
	}
}

// Close lets nobody in any more; it does not wait for those inside. A second
// Close does nothing.
func (g *Gate) Close() {
	if !g.closed.Swap(true) {
		g.Leave()
	}
}

// Closed reports whether Close was called.
func (g *Gate) Closed() bool { return g.closed.Load() }

// Inside is how many are inside now, with the adapter itself until it is
// closed.
func (g *Gate) Inside() int64 { return g.inside.Load() }
