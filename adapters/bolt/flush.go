package bolt

import (
	"bytes"
	"context"
	"errors"
	"math"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// makeRoom has the changes in memory written to the file when they have become
// many: by a goroutine, of which there is one at most and which Close waits
// for, or, when twice as many have gathered because it can't keep up or fails,
// by the caller, who then learns of the failure.
func (x *Index) makeRoom(ctx context.Context, op, space string) error {
	x.mu.RLock()
	count := x.newer.count
	x.mu.RUnlock()
	switch {
	case count < x.maxPending:
		return nil
	case count >= 2*x.maxPending:
		x.flushing.Lock()
		defer x.flushing.Unlock()
		return x.flush(ctx, op, space, x.maxPending)
	case x.flushing.TryLock():
		go func() {
			defer x.flushing.Unlock()
			// Its failure is that of the next caller who finds no room.
			_ = x.flush(context.Background(), op, space, x.maxPending)
		}()
	}
	return nil
}

// flush writes what is on its way to the file, and then what is in memory if
// it is that much. The caller holds the lock called flushing. A write that
// failed has lost nothing: its changes stay, and the next flush begins with
// them.
func (x *Index) flush(ctx context.Context, op, space string, limit int) error {
	if err := x.writeOlder(op, space); err != nil {
		return err
	}
	x.mu.Lock()
	err := x.usable(ctx, op, space)
	if err == nil && x.newer.count >= limit {
		x.older, x.newer = x.newer, newPending()
	}
	x.mu.Unlock()
	if err != nil {
		return err
	}
	return x.writeOlder(op, space)
}

// writeOlder reads older without mu, since only those change it who hold the
// lock called flushing. A reader between the commit and the end sees the
// changes twice, in the file and over it, which makes no difference.
func (x *Index) writeOlder(op, space string) error {
	if x.older == nil || x.closed || x.damaged.Load() {
		return nil
	}
	if err := x.fileWrite(x.older.write); err != nil {
		return x.outcome(op, space, err)
	}
	x.mu.Lock()
	x.older = nil
	x.mu.Unlock()
	return nil
}

// fileWrite runs one transaction on the file. Readers do not wait for it, nor
// it for them, except while the map of the file grows.
func (x *Index) fileWrite(fn func(*bbolt.Tx) error) error {
	return guarded(func() error {
		tx, err := x.file.db.Begin(true)
		if err != nil {
			return err
		}
		x.wedged = true // unless the transaction comes to its end
		if err = guarded(func() error { return fn(tx) }); err != nil {
			err = errors.Join(err, tx.Rollback())
		} else {
			err = tx.Commit()
		}
		x.wedged = false
		return err
	})
}

// Drop forgets a set, or a whole space: in memory and, after what is on its way
// has arrived there, in the file. It holds everybody up while the file is
// changed.
func (x *Index) Drop(ctx context.Context, space, set string) error {
	if err := ports.ValidateDrop(space, set); err != nil {
		return err
	}
	x.flushing.Lock()
	defer x.flushing.Unlock()
	if err := x.flush(ctx, "drop", space, math.MaxInt); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.usable(ctx, "drop", space); err != nil {
		return err
	}
	prefix := []byte(spacePrefix(space) + set)
	drops := func(bucket []byte) bool {
		return bytes.HasPrefix(bucket, prefix) && (set == "" || len(bucket) == len(prefix))
	}
	if err := x.fileWrite(func(tx *bbolt.Tx) error { return dropBuckets(tx, prefix, drops) }); err != nil {
		return x.outcome("drop", space, err)
	}
	for bucket, changes := range x.newer.sets {
		if drops([]byte(bucket)) {
			x.newer.count -= changes.len()
			delete(x.newer.sets, bucket)
		}
	}
	if set == "" {
		delete(x.spaces, space)
	}
	return nil
}

// dropBuckets gathers the names first, since deleting disturbs a cursor.
func dropBuckets(tx *bbolt.Tx, from []byte, drops func([]byte) bool) error {
	var names [][]byte
	cursor := tx.Cursor()
	for name, _ := cursor.Seek(from); name != nil && drops(name); name, _ = cursor.Next() {
		names = append(names, bytes.Clone(name))
	}
	for _, name := range names {
		if err := tx.DeleteBucket(name); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
			return err
		}
	}
	return nil
}

// outcome makes an outcome of an error of bbolt and remembers damage. Nothing
// is synced, so the last thing that can fail is the write of the meta page, and
// without it the file is as it was: no outcome is ever unknown.
func (x *Index) outcome(op, space string, err error) error {
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
