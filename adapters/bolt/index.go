package bolt

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
)

var (
	_ ports.Index = (*Index)(nil)
	_ io.Closer   = (*Index)(nil)
)

// Index is an index in one file, open in one process. It is safe for
// concurrent use. ErrBusy never happens; ErrUnknown only where the disk fails
// in the middle of a write, and ErrCorrupt where the file turns out to be
// damaged, after which every call answers it until the file is opened again.
type Index struct {
	file     *file
	identity string
	writes   committer
	counter  *Counter

	// gate is held for reading by each call and for writing by Close, so that
	// the clean mark is written when nothing is going on any more.
	gate    sync.RWMutex
	closed  bool
	damaged atomic.Bool
}

// Identity is the same until a crash, or damage, makes the file untrusted.
func (x *Index) Identity(ctx context.Context) (string, error) {
	if err := x.enter(ctx, "identity", ""); err != nil {
		return "", err
	}
	defer x.gate.RUnlock()
	return x.identity, nil
}

// Close waits for the calls that are running, syncs everything, and then marks
// the file as closed cleanly. If it answers an error, the next Open starts
// with an empty index. A second Close answers nil.
func (x *Index) Close() error {
	x.gate.Lock()
	defer x.gate.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	var err error
	wedged := x.writes.wedged
	if !x.damaged.Load() {
		err = guarded(func() error { return markClean(x.file.db, x.identity) })
		wedged = wedged || isPanic(err)
	}
	err = errors.Join(err, x.file.close(wedged), x.counter.close())
	if err != nil {
		return ports.Fail("close index file", x.file.path, ports.ErrUnavailable, err)
	}
	return nil
}

// enter begins a call. Where it answers nil, the caller lets go of the gate.
func (x *Index) enter(ctx context.Context, op, space string) error {
	x.gate.RLock()
	err := ports.ContextDone(ctx, op, space)
	switch {
	case x.closed:
		err = ports.Fail(op, space, ports.ErrClosed, nil)
	case err == nil && x.damaged.Load():
		err = ports.Fail(op, space, ports.ErrCorrupt, errors.New("the index file was found to be damaged; close and open it again"))
	}
	if err != nil {
		x.gate.RUnlock()
	}
	return err
}

// update runs one write of the index.
func (x *Index) update(w *write) error {
	if err := x.enter(w.ctx, w.op, w.key); err != nil {
		return err
	}
	defer x.gate.RUnlock()
	return x.leave(w.op, w.key, x.writes.do(w))
}

// view runs fn on one state of the index.
func (x *Index) view(ctx context.Context, op, space string, fn func(*bbolt.Tx) error) error {
	if err := x.enter(ctx, op, space); err != nil {
		return err
	}
	defer x.gate.RUnlock()
	return x.leave(op, space, guarded(func() error { return x.file.db.View(fn) }))
}

// leave makes an outcome of what came out of a call, and remembers damage.
func (x *Index) leave(op, space string, err error) error {
	if isPanic(err) {
		x.damaged.Store(true)
	}
	return outcome(op, space, err)
}

// outcome wraps an error of bbolt; outcomes are left as they are.
func outcome(op, key string, err error) error {
	var already *ports.Error
	switch {
	case err == nil || errors.As(err, &already):
		return err
	case isPanic(err):
		return ports.Fail(op, key, ports.ErrCorrupt, err)
	default:
		return ports.Fail(op, key, ports.ErrUnavailable, err)
	}
}
