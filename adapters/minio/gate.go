package minio

import "sync/atomic"

// gate counts the calls that are inside the store, so that its connections are
// closed after the last of them: one that a call gives back later would stay.
// The store itself counts as one until it is closed.
type gate struct {
	inside  atomic.Int64
	closed  atomic.Bool
	release func() // run once, by whoever leaves last
}

func newGate(release func()) *gate {
	g := &gate{release: release}
	g.inside.Store(1)
	return g
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
