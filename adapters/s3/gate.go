package s3

import "sync/atomic"

// gate counts the calls and streams that are under way, so that idle
// connections are closed after the last of them gave its connection back. The
// store itself counts as one until it is closed.
type gate struct {
	inside  atomic.Int64
	closed  atomic.Bool
	release func() // run once, by whoever leaves last
}

// open lets callers in. release is what there is to do after the last of them.
func (g *gate) open(release func()) {
	g.release = release
	g.inside.Store(1)
}

// enter reports whether the store is open; if so, leave must follow.
func (g *gate) enter() bool {
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

// leave must be called once for every enter that answered true.
func (g *gate) leave() {
	if g.inside.Add(-1) == 0 {
		g.release()
	}
}

// close lets nobody in any more; it does not wait for those inside.
func (g *gate) close() {
	if !g.closed.Swap(true) {
		g.leave()
	}
}
