package redis

import (
	"context"
	"errors"
	"sync/atomic"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/ports"
)

// once is a command that the SDK sends no second time after an error, whatever
// its own options say. What it follows all the same are answers by which
// nothing was run: MOVED, ASK and READONLY of a Cluster.
type once struct{ goredis.Cmder }

// NoRetry tells the SDK.
func (once) NoRetry() bool { return true }

// gate knows whether a command may have been sent, and can keep it from being
// sent. It is passed at the moment the SDK writes the command to its
// connection; before that are the wait for a connection, the dial and the
// handshake, and nothing that fails there can have changed anything.
type gate struct{ state atomic.Int32 }

const (
	gateWaiting int32 = iota
	gatePassed
	gateShut
)

var errShut = errors.New("the call was given up before it was sent")

// pass lets the command be written, unless the gate was shut.
func (g *gate) pass() error {
	if g.state.CompareAndSwap(gateWaiting, gatePassed) || g.state.Load() == gatePassed {
		return nil
	}
	return errShut
}

// shut keeps the command from being sent, and reports whether it could.
func (g *gate) shut() bool { return g.state.CompareAndSwap(gateWaiting, gateShut) }

func (g *gate) passed() bool { return g.state.Load() == gatePassed }

// guarded is an argument that asks the gate when it is written.
type guarded struct {
	gate *gate
	text string
}

// MarshalBinary is called by the SDK when it writes the command. An error makes
// it close the connection, on which half a command may lie by then.
func (a guarded) MarshalBinary() ([]byte, error) {
	if err := a.gate.pass(); err != nil {
		return nil, err
	}
	return []byte(a.text), nil
}

// String is for hooks of the SDK that log commands.
func (a guarded) String() string { return a.text }

// reply is how an exchange ended.
type reply struct {
	values []string
	err    error
	sent   bool // it may have reached the server
}

// attempt runs one call, if the client is open, the context goes on and the
// breaker lets it through; err says why it did not begin.
func (c *Client) attempt(ctx context.Context, op, name string, do func(context.Context, *gate) reply) (reply, error) {
	if err := c.begin(op, name); err != nil {
		return reply{}, err
	}
	if err := ports.ContextDone(ctx, op, name); err != nil {
		c.calls.Done()
		return reply{}, err
	}
	report, ok := c.breaker.enter()
	if !ok {
		c.calls.Done()
		return reply{}, ports.Fail(op, name, ports.ErrUnavailable, errOpen)
	}
	return c.exchange(ctx, func(life context.Context, g *gate) reply {
		defer c.calls.Done()
		r := do(life, g)
		report(r.verdict())
		return r
	}), nil
}

// exchange returns as soon as the context ends, which the SDK does not do while
// it waits for an answer. A call that was not sent by then never is. The answer
// of one that was is awaited by a goroutine, for at most the ReadTimeout of the
// client: the connection is of use again afterwards, and the breaker learns
// whether the server answers.
func (c *Client) exchange(ctx context.Context, do func(context.Context, *gate) reply) reply {
	g := new(gate)
	if ctx.Done() == nil {
		return do(ctx, g)
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	answer := make(chan reply, 1)
	go func() {
		defer end()
		answer <- do(life, g)
	}()
	select {
	case r := <-answer:
		return r
	case <-ctx.Done():
		if g.shut() {
			end()
			return reply{err: ctx.Err()}
		}
		return reply{err: ctx.Err(), sent: true}
	}
}
