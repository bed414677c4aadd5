package gcs

import (
	"sync"

	"github.com/smarterbase/smarterbase/ports"
)

// lifetime counts the calls in flight. A client must not be closed under
// them: it would panic.
type lifetime struct {
	end func() // called once, after the close and the last call; may be nil

	mu     sync.Mutex
	calls  int
	closed bool
}

func (l *lifetime) enter(op, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ports.Fail(op, key, ports.ErrClosed, nil)
	}
	l.calls++
	return nil
}

func (l *lifetime) leave() {
	l.mu.Lock()
	l.calls--
	over := l.closed && l.calls == 0
	l.mu.Unlock()
	if over {
		l.over()
	}
}

func (l *lifetime) close() {
	l.mu.Lock()
	over := !l.closed && l.calls == 0
	l.closed = true
	l.mu.Unlock()
	if over {
		l.over()
	}
}

func (l *lifetime) over() {
	if l.end != nil {
		l.end()
	}
}
