package tasks

import (
	"context"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// Group runs tasks until it is closed. Tasks run under a context that ends
// with it. The zero Group is not usable; see New.
type Group struct {
	life   context.Context
	cancel context.CancelFunc
	mu     sync.Mutex
	closed bool
	wait   sync.WaitGroup
}

// New makes an open group. Values of ctx are kept, its end is not.
func New(ctx context.Context) *Group {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	return &Group{life: life, cancel: cancel}
}

// Life is the context of the tasks.
func (g *Group) Life() context.Context { return g.life }

// Go starts a task, or answers false if the group is closed.
func (g *Group) Go(task func(ctx context.Context)) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.wait.Go(func() { task(g.life) })
	return true
}

// Close ends the context of the tasks and waits for them.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
	g.wait.Wait()
}

// Drain refuses new tasks, gives those that run that long to end by themselves,
// and then closes the group.
func (g *Group) Drain(clock ports.Clock, grace time.Duration) {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	done := make(chan struct{})
	patient, cancel := context.WithCancel(g.life)
	go func() {
		defer close(done)
		if clock.Sleep(patient, grace) == nil {
			g.cancel()
		}
	}()
	g.wait.Wait()
	cancel()
	<-done
	g.Close()
}
