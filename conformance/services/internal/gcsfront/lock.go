package gcsfront

import (
	"cmp"
	"slices"
	"sync"
)

// locks has one lock for each object that somebody uses. The zero value is
// ready.
type locks struct {
	mu   sync.Mutex
	held map[object]*counted
}

// counted is a lock and the number of those who have it or wait for it.
type counted struct {
	sync.Mutex
	users int
}

// take locks the objects, each once, in an order that is the same for all, so
// that nobody waits for somebody who waits for him. It returns what unlocks
// them.
func (l *locks) take(objects []object) func() {
	slices.SortFunc(objects, func(a, b object) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.name, b.name))
	})
	objects = slices.Compact(objects)
	for _, o := range objects {
		l.of(o).Lock()
	}
	return func() {
		for _, o := range objects {
			l.release(o)
		}
	}
}

func (l *locks) of(o object) *counted {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[object]*counted{}
	}
	c := l.held[o]
	if c == nil {
		c = &counted{}
		l.held[o] = c
	}
	c.users++
	return c
}

func (l *locks) release(o object) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.held[o]
	c.Unlock()
	if c.users--; c.users == 0 {
		delete(l.held, o)
	}
}
