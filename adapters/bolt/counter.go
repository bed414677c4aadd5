package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
)

var _ ports.Counter = (*Counter)(nil)

var counterBucket = []byte("counters")

// Counter keeps named integers in a file of its own beside that of the index.
// Unlike entries of an index, values can't be rebuilt, so every write is
// synced before it is acknowledged, and a damaged file is an error matching
// ErrCorrupt, never replaced. It is safe for concurrent use. Names are 1 to
// 32,768 bytes; others are refused with ErrInvalidKey.
type Counter struct {
	path string
	opts Options

	// gate is held for reading by each call and for writing by close.
	gate   sync.RWMutex
	closed bool

	mu     sync.Mutex
	file   *file // nil until the first call
	writes committer
}

// Counter returns the counters beside this index. Their file, with the suffix
// ".counters", is opened, and made where it is missing, by the first call of a
// method. Close of the index closes it, too.
func (x *Index) Counter() *Counter { return x.counter }

// Add adds delta and returns the new value.
func (c *Counter) Add(ctx context.Context, name string, delta int64) (int64, error) {
	var value int64
	err := c.update(&write{
		ctx: ctx, op: "add", key: name,
		check: func(tx *bbolt.Tx) error {
			current, _, err := readValue(tx, name)
			if err != nil {
				return err
			}
			if (delta > 0 && current > math.MaxInt64-delta) || (delta < 0 && current < math.MinInt64-delta) {
				return ports.Fail("add", name, ports.ErrTooLarge, fmt.Errorf("%d and %d overflow", current, delta))
			}
			value = current + delta
			return nil
		},
		change: func(tx *bbolt.Tx) error { return writeValue(tx, name, value) },
	})
	if err != nil {
		return 0, err
	}
	return value, nil
}

// Value returns the value, or ErrNotFound.
func (c *Counter) Value(ctx context.Context, name string) (int64, error) {
	if err := c.enter(ctx, "value", name); err != nil {
		return 0, err
	}
	defer c.gate.RUnlock()
	var value int64
	err := guarded(func() error {
		return c.file.db.View(func(tx *bbolt.Tx) error {
			current, found, err := readValue(tx, name)
			if err == nil && !found {
				return ports.Fail("value", name, ports.ErrNotFound, nil)
			}
			value = current
			return err
		})
	})
	return value, outcome("value", name, err)
}

// Set stores a value.
func (c *Counter) Set(ctx context.Context, name string, value int64) error {
	return c.update(&write{
		ctx: ctx, op: "set", key: name,
		change: func(tx *bbolt.Tx) error { return writeValue(tx, name, value) },
	})
}

// Remove forgets a counter.
func (c *Counter) Remove(ctx context.Context, name string) error {
	return c.update(&write{
		ctx: ctx, op: "remove", key: name,
		change: func(tx *bbolt.Tx) error { return removeValue(tx, name) },
	})
}

func removeValue(tx *bbolt.Tx, name string) error {
	bucket := tx.Bucket(counterBucket)
	if bucket == nil {
		return nil
	}
	return bucket.Delete([]byte(name))
}

func (c *Counter) update(w *write) error {
	if err := c.enter(w.ctx, w.op, w.key); err != nil {
		return err
	}
	defer c.gate.RUnlock()
	return outcome(w.op, w.key, c.writes.do(w))
}

// enter begins a call and opens the file if need be. Where it answers nil, the
// caller lets go of the gate.
func (c *Counter) enter(ctx context.Context, op, name string) error {
	c.gate.RLock()
	err := ports.ContextDone(ctx, op, name)
	switch {
	case c.closed:
		err = ports.Fail(op, name, ports.ErrClosed, nil)
	case err == nil && (name == "" || len(name) > bbolt.MaxKeySize):
		err = ports.Fail(op, name, ports.ErrInvalidKey, fmt.Errorf("names have 1 to %d bytes", bbolt.MaxKeySize))
	case err == nil:
		err = c.open()
	}
	if err != nil {
		c.gate.RUnlock()
	}
	return err
}

// open opens the file at first use; a failure is tried again by the next call.
func (c *Counter) open() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file != nil {
		return nil
	}
	f, err := openFile(c.path, c.opts.Mode, bbolt.Options{})
	if err != nil {
		return openFailure(c.path, err)
	}
	if err := syncFolders(filepath.Dir(c.path)); err != nil {
		return openFailure(c.path, errors.Join(err, f.close(false)))
	}
	c.file, c.writes.db = f, f.db
	return nil
}

// syncFolders makes the name of a new file durable, and those of the folders
// that lead to it, which may be new, too. Of the outer ones those count that
// this process may read.
func syncFolders(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // folders can't be synced there
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	err = syncFolder(folder)
	for parent := filepath.Dir(folder); err == nil && parent != folder; parent = filepath.Dir(parent) {
		folder = parent
		_ = syncFolder(parent)
	}
	return err
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// close waits for the calls that are running.
func (c *Counter) close() error {
	c.gate.Lock()
	defer c.gate.Unlock()
	c.closed = true
	if c.file == nil {
		return nil
	}
	return c.file.close(c.writes.wedged)
}

func readValue(tx *bbolt.Tx, name string) (value int64, found bool, err error) {
	bucket := tx.Bucket(counterBucket)
	if bucket == nil {
		return 0, false, nil
	}
	switch data := bucket.Get([]byte(name)); {
	case data == nil:
		return 0, false, nil
	case len(data) != 8:
		return 0, false, &damage{errors.New("a value has not 8 bytes")}
	default:
		return int64(binary.BigEndian.Uint64(data)), true, nil
	}
}

func writeValue(tx *bbolt.Tx, name string, value int64) error {
	bucket, err := tx.CreateBucketIfNotExists(counterBucket)
	if err != nil {
		return err
	}
	return bucket.Put([]byte(name), binary.BigEndian.AppendUint64(nil, uint64(value)))
}
