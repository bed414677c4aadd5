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
// concurrent use. ErrBusy and ErrUnknown never happen; ErrCorrupt does where
// the file turns out to be damaged, after which every call answers it until
// the file is opened again.
type Index struct {
	file     *file
	identity string
	counter  *Counter
	damaged  atomic.Bool

	maxPending int

	// flushing is held by the one who writes to the file, and is taken before
	// mu by those who need both.
	flushing sync.Mutex
	wedged   bool // bbolt panicked with its locks taken: its Close would hang

	mu     sync.RWMutex
	closed bool
	spaces map[string]record
	newer  *pending
	older  *pending // on its way to the file, or nil; set under flushing and mu
}

// Identity is the same until a crash, or damage, makes the file untrusted.
func (x *Index) Identity(ctx context.Context) (string, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if err := x.usable(ctx, "identity", ""); err != nil {
		return "", err
	}
	return x.identity, nil
}

// Close waits for the calls that are running, writes and syncs everything, and
// then marks the file as closed cleanly. If it answers an error, the next Open
// starts with an empty index. A second Close answers nil.
func (x *Index) Close() error {
	x.flushing.Lock()
	defer x.flushing.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	var err error
	if !x.damaged.Load() {
		err = x.settle()
	}
	err = errors.Join(err, x.file.close(x.wedged || isPanic(err)), x.counter.close())
	if err != nil {
		return ports.Fail("close bolt file", x.file.path, ports.ErrUnavailable, err)
	}
	return nil
}

// settle brings the file to exactly what was acknowledged and marks it clean.
func (x *Index) settle() error {
	for _, p := range []*pending{x.older, x.newer} {
		if p != nil && p.count > 0 {
			if err := x.fileWrite(p.write); err != nil {
				return err
			}
		}
	}
	return guarded(func() error { return markClean(x.file.db, x.identity, x.spaces) })
}

// usable refuses calls of a closed or damaged index and of an ended context.
// The caller holds mu.
func (x *Index) usable(ctx context.Context, op, space string) error {
	err := ports.ContextDone(ctx, op, space)
	switch {
	case x.closed:
		return ports.Fail(op, space, ports.ErrClosed, nil)
	case err == nil && x.damaged.Load():
		return ports.Fail(op, space, ports.ErrCorrupt, errors.New("the index file was found to be damaged; close and open it again"))
	}
	return err
}

// view runs fn on one state of the file.
func (x *Index) view(op, space string, fn func(*bbolt.Tx) error) error {
	return x.outcome(op, space, guarded(func() error { return x.file.db.View(fn) }))
}
