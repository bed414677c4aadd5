package simulation_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// call is one request of a client, from when it is made until it is answered.
type call struct {
	client *client
	method string
	key    string
	args   string // what else tells it from others
	number int    // among all calls of the client
	write  bool   // it changes what is stored
	index  bool   // it goes to the index
	sent   time.Duration

	operation *operation // that it is made for; nil: background work
	attempt   *attempt

	perform func() answer // at the service; may be called more than once

	done     chan struct{}
	answer   answer
	starts   time.Duration // it is performed then at the earliest
	answered bool          // performed; the answer is on its way
	arrives  time.Duration // then
}

// answer is what a service says.
type answer struct {
	object  ports.Object
	version ports.Version
	infos   []ports.ObjectInfo
	page    ports.EntryPage
	count   int64
	text    string
	err     error
}

// compareCalls puts calls in an order that does not depend on how the machine
// runs goroutines.
func compareCalls(a, b *call) int {
	return cmp.Or(
		cmp.Compare(a.client.number, b.client.number), cmp.Compare(a.client.generation, b.client.generation),
		strings.Compare(a.key, b.key), strings.Compare(a.method, b.method), strings.Compare(a.args, b.args),
		cmp.Compare(a.number, b.number))
}

func (r *call) String() string {
	return strings.TrimSpace(fmt.Sprintf("%-5s %s %s", r.method, r.key, r.args))
}

// errDied is what the calls of a killed client answer.
var errDied = errors.New("the client was killed")

// send makes a call and waits for its answer.
func (c *client) send(ctx context.Context, r *call) answer {
	h := c.history
	r.client = c
	if h.direct {
		h.book.Lock()
		defer h.book.Unlock()
		a := r.perform()
		if h.tell {
			h.note(c, "%s -> %s", r, a.outcome())
		}
		return a
	}
	if c.isDead() {
		return answer{err: r.died()}
	}
	if err := ctx.Err(); err != nil {
		return answer{err: ports.Fail(r.method, r.key, err, nil)}
	}
	r.operation, _ = ctx.Value(operationKey{}).(*operation)
	r.attempt = r.operation.current()
	r.done = make(chan struct{})
	r.sent = h.elapsed()
	h.park(r)
	select {
	case <-r.done:
		return r.answer
	case <-ctx.Done():
		return h.abandon(r, ctx.Err())
	}
}

// died is the answer to a call of a dead client.
func (r *call) died() error { return ports.Fail(r.method, r.key, ports.ErrClosed, errDied) }

// unknown is the answer to a call whose answer is lost.
func (r *call) unknown(why string) answer {
	kind := ports.ErrUnavailable
	if r.write {
		kind = ports.ErrUnknown
	}
	return answer{err: ports.Fail(r.method, r.key, kind, errors.New(why))}
}

// canceled is the answer to a call that its own caller gave up before it was
// sent.
func (r *call) canceled(cause error) error { return ports.Fail(r.method, r.key, cause, nil) }
