package memory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	_ ports.ObjectStore  = (*Store)(nil)
	_ ports.Streamer     = (*Store)(nil)
	_ ports.BatchDeleter = (*Store)(nil)
	_ ports.Pinger       = (*Store)(nil)
	_ io.Closer          = (*Store)(nil)
)

// StoreOptions makes a store act as a weaker one. The zero value asks for
// every capability.
type StoreOptions struct {
	// HashVersions makes the version the SHA-256 of the bytes, as ETags of S3
	// are hashes: UniqueVersions is false.
	HashVersions bool

	// NoConditionalDelete refuses conditions on Delete, as on MinIO and R2.
	NoConditionalDelete bool

	// NoNestedKeys refuses "a/b" beside "a", as file-backed servers do.
	NoNestedKeys bool

	// LateWrites claims that a write may take effect after its caller gave up.
	// It does not make any: that is the work of package ports/faults.
	LateWrites bool

	// MaxObjectSize is the greatest size of an object in bytes; 0: no limit.
	MaxObjectSize int64

	// Clock gives ObjectInfo.ModTime; nil: the clock of the machine.
	Clock ports.Clock
}

// Store is an object store in memory. It is safe for concurrent use. Of its
// errors, ErrBusy, ErrUnavailable and ErrUnknown never happen, except that
// PutStream answers ErrUnavailable where its reader fails.
type Store struct {
	objects *objects
	closed  atomic.Bool
}

// objects is what all clients of one store share.
type objects struct {
	opts StoreOptions

	mu     sync.RWMutex
	byKey  ordered[*object]
	writes uint64 // ever made: the source of versions that never recur
}

// object is one state of an object. It never changes once it is stored, so
// it can be read without the lock.
type object struct {
	info ports.ObjectInfo
	data []byte
}

// NewStore returns an empty store.
func NewStore(opts StoreOptions) *Store {
	if opts.Clock == nil {
		opts.Clock = ports.SystemClock()
	}
	return &Store{objects: &objects{opts: opts}}
}

// Client returns another client of the same objects, which is closed on its
// own.
func (s *Store) Client() *Store { return &Store{objects: s.objects} }

// Capabilities says what the options left.
func (s *Store) Capabilities() ports.Capabilities {
	opts := s.objects.opts
	return ports.Capabilities{
		Name:              "memory",
		ConditionalDelete: !opts.NoConditionalDelete,
		UniqueVersions:    !opts.HashVersions,
		LateWrites:        opts.LateWrites,
		NestedKeys:        !opts.NoNestedKeys,
		MaxObjectSize:     opts.MaxObjectSize,
	}
}

// Get returns a copy of the object or of a range of it.
func (s *Store) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	info, data, err := s.read(ctx, "get", key, opts)
	if err != nil {
		return ports.Object{}, err
	}
	return ports.Object{ObjectInfo: info, Data: bytes.Clone(data)}, nil
}

// Stat returns what Get would, without the bytes.
func (s *Store) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	info, _, err := s.read(ctx, "stat", key, ports.GetOptions{})
	return info, err
}

// read returns the store's own bytes: callers copy them, or only read.
func (s *Store) read(ctx context.Context, op, key string, opts ports.GetOptions) (ports.ObjectInfo, []byte, error) {
	if err := s.check(ctx, op, key); err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	s.objects.mu.RLock()
	found, ok := s.objects.byKey.get(key)
	s.objects.mu.RUnlock()
	if !ok {
		return ports.ObjectInfo{}, nil, ports.Fail(op, key, ports.ErrNotFound, nil)
	}
	if opts.IfNoneMatch != "" && opts.IfNoneMatch == found.info.Version {
		return ports.ObjectInfo{}, nil, ports.Fail(op, key, ports.ErrNotModified, nil)
	}
	from, to, ok := opts.Range.Within(found.info.Size)
	if !ok {
		return ports.ObjectInfo{}, nil, ports.Fail(op, key, ports.ErrInvalidKey,
			fmt.Errorf("the range (%v) is outside of an object of %d bytes", opts.Range, found.info.Size))
	}
	return found.info, found.data[from:to], nil
}

// Put stores a copy of data.
func (s *Store) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if err := s.check(ctx, "put", key); err != nil {
		return "", err
	}
	info, err := s.write(ctx, "put", key, append(make([]byte, 0, len(data)), data...), cond)
	return info.Version, err
}

// write makes data the object. The condition, the context and the change are
// one step under the lock, so a call that waited for the lock until its
// context ended does nothing.
func (s *Store) write(ctx context.Context, op, key string, data []byte, cond ports.Condition) (ports.ObjectInfo, error) {
	o := s.objects
	if limit := o.opts.MaxObjectSize; limit > 0 && int64(len(data)) > limit {
		return ports.ObjectInfo{}, ports.Fail(op, key, ports.ErrTooLarge,
			fmt.Errorf("%d bytes, more than %d", len(data), limit))
	}
	written := &object{data: data, info: ports.ObjectInfo{Key: key, Size: int64(len(data)), ModTime: o.opts.Clock.Now()}}
	if o.opts.HashVersions {
		sum := sha256.Sum256(data)
		written.info.Version = ports.Version(hex.EncodeToString(sum[:]))
	}

	o.mu.Lock()
	defer o.mu.Unlock()
	if err := ports.ContextDone(ctx, op, key); err != nil {
		return ports.ObjectInfo{}, err
	}
	if !cond.Holds(o.version(key)) {
		return ports.ObjectInfo{}, ports.Fail(op, key, ports.ErrPrecondition, errors.New(cond.String()))
	}
	if other, clash := o.nested(key); clash && o.opts.NoNestedKeys {
		return ports.ObjectInfo{}, ports.Fail(op, key, ports.ErrUnsupported, fmt.Errorf("there is an object %q", other))
	}
	o.writes++
	if !o.opts.HashVersions {
		written.info.Version = ports.Version(strconv.FormatUint(o.writes, 10))
	}
	o.byKey.set(key, written)
	return written.info, nil
}

// Delete removes the object.
func (s *Store) Delete(ctx context.Context, key string, cond ports.Condition) error {
	if err := s.check(ctx, "delete", key); err != nil {
		return err
	}
	o := s.objects
	if cond.IsAbsent() || (o.opts.NoConditionalDelete && !cond.IsAny()) {
		return ports.Fail("delete", key, ports.ErrUnsupported, errors.New(cond.String()))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := ports.ContextDone(ctx, "delete", key); err != nil {
		return err
	}
	if !cond.Holds(o.version(key)) {
		return ports.Fail("delete", key, ports.ErrPrecondition, errors.New(cond.String()))
	}
	o.byKey.remove(key)
	return nil
}

// version returns the current one, empty for an absent object.
func (o *objects) version(key string) ports.Version {
	if current, found := o.byKey.get(key); found {
		return current.info.Version
	}
	return ""
}

// nested finds an object that has key as a folder, or is a folder of key.
func (o *objects) nested(key string) (other string, clash bool) {
	for i := range len(key) {
		if key[i] == '/' {
			if _, found := o.byKey.get(key[:i]); found {
				return key[:i], true
			}
		}
	}
	for other := range o.byKey.from(key + "/") {
		return other, strings.HasPrefix(other, key+"/")
	}
	return "", false
}

// DeleteBatch deletes each key by itself.
func (s *Store) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	if err := s.open(ctx, "delete batch", ""); err != nil {
		return nil, err
	}
	errs := make([]error, len(keys))
	for i, key := range keys {
		errs[i] = s.Delete(ctx, key, ports.Any)
	}
	return errs, nil
}

// Ping answers nil while the store is open.
func (s *Store) Ping(ctx context.Context) error { return s.open(ctx, "ping", "") }

// Close ends this client; others of the same objects stay open.
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}

// check is what every call with a key starts with.
func (s *Store) check(ctx context.Context, op, key string) error {
	if err := s.open(ctx, op, key); err != nil {
		return err
	}
	var invalid *ports.Error
	if errors.As(ports.ValidateKey(key), &invalid) {
		return ports.Fail(op, key, invalid.Kind, invalid.Err)
	}
	return nil
}

// open refuses calls of a closed client and of an ended context.
func (s *Store) open(ctx context.Context, op, key string) error {
	if s.closed.Load() {
		return ports.Fail(op, key, ports.ErrClosed, nil)
	}
	return ports.ContextDone(ctx, op, key)
}
