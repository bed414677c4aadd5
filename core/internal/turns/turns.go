package turns

import (
	"context"
	"sync"
)

// Turns is a set of queues with names. The zero value is ready; it is safe for
// concurrent use.
type Turns struct {
	mu     sync.Mutex
	queues map[string]*queue
}

// queue is for one name, as long as somebody has its turn.
type queue struct {
	waiting []chan struct{} // each is closed when its turn comes
}

// Take waits for a turn at name, and answers the function that ends it. If the
// context ends first, it answers its error and nothing is to be ended.
func (t *Turns) Take(ctx context.Context, name string) (end func(), err error) {
	t.mu.Lock()
	if t.queues == nil {
		t.queues = make(map[string]*queue)
	}
	q := t.queues[name]
	if q == nil {
		t.queues[name] = new(queue)
		t.mu.Unlock()
		return func() { t.end(name) }, nil
	}
	mine := make(chan struct{})
	q.waiting = append(q.waiting, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return func() { t.end(name) }, nil
	case <-ctx.Done():
		t.leave(name, mine)
		return nil, ctx.Err()
	}
}

// end hands the turn to the next.
func (t *Turns) end(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[name]
	if len(q.waiting) == 0 {
		delete(t.queues, name)
		return
	}
	close(q.waiting[0])
	q.waiting = q.waiting[1:]
}

// leave takes one out of the queue who waits no more. If the turn has just
// come, it goes on to the next.
func (t *Turns) leave(name string, mine chan struct{}) {
	t.mu.Lock()
	q := t.queues[name]
	for i := range q.waiting {
		if q.waiting[i] == mine {
			q.waiting = append(q.waiting[:i:i], q.waiting[i+1:]...)
			t.mu.Unlock()
			return
		}
	}
	t.mu.Unlock()
	t.end(name)
}
