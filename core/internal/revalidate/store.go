package revalidate

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/deadline"
	"github.com/smarterbase/smarterbase/ports"
)

const (
	// patience is how long a read waits for the cache.
	patience = 100 * time.Millisecond

	// silence is how long a cache that failed is left alone.
	silence = 2 * time.Second

	// maxData is the greatest size of an object that is kept: what is larger
	// would drive out many others.
	maxData = 1 << 20
)

// Store is an object store whose Get looks into a cache. It is safe for
// concurrent use.
type Store struct {
	ports.ObjectStore
	Cache ports.Cache
	Clock ports.Clock

	// Identity answers the name of this database among all that may share the
	// cache. It is asked until it answers.
	Identity func(ctx context.Context) (string, error)

	identity atomic.Pointer[string]
	silent   atomic.Int64 // until when, on the monotonic clock

	hits, misses, failures atomic.Uint64
}

// Stats counts reads since the start: those that the cache answered, those
// that it could not, and failures of the cache itself.
func (s *Store) Stats() (hits, misses, failures uint64) {
	return s.hits.Load(), s.misses.Load(), s.failures.Load()
}

// Get answers as the store below does. Options are passed on as they are, past
// the cache.
func (s *Store) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	if opts != (ports.GetOptions{}) {
		return s.ObjectStore.Get(ctx, key, opts)
	}
	name, ready := s.name(ctx, key)
	if !ready {
		return s.ObjectStore.Get(ctx, key, opts)
	}
	cached, found := s.load(ctx, name, key)
	if found {
		opts.IfNoneMatch = cached.Version
	}
	object, err := s.ObjectStore.Get(ctx, key, opts)
	if found && errors.Is(err, ports.ErrNotModified) {
		s.hits.Add(1)
		return cached, nil
	}
	s.misses.Add(1)
	if err == nil {
		s.keep(ctx, name, &object)
	}
	return object, err
}

// name is that of an entry, and false while the cache is not to be used.
func (s *Store) name(ctx context.Context, key string) (name string, ready bool) {
	if int64(s.Clock.Elapsed()) < s.silent.Load() {
		return "", false
	}
	identity := s.identity.Load()
	if identity == nil {
		found, err := s.Identity(ctx)
		if err != nil {
			s.failed(ctx)
			return "", false
		}
		identity = &found
		s.identity.Store(identity)
	}
	return *identity + "/" + key, true
}

// load never fails: what the cache can't answer is not in it.
func (s *Store) load(ctx context.Context, name, key string) (ports.Object, bool) {
	hurried, cancel := deadline.Within(ctx, s.Clock, patience)
	defer cancel()
	entry, err := s.Cache.Load(hurried, name)
	if err != nil {
		if !errors.Is(err, ports.ErrNotFound) {
			s.failed(ctx)
		}
		return ports.Object{}, false
	}
	return decode(name, key, entry)
}

// keep stores what was read. Its caller may change the bytes afterwards.
func (s *Store) keep(ctx context.Context, name string, object *ports.Object) {
	if len(object.Data) > maxData || len(object.Version) > math.MaxUint16 || int64(s.Clock.Elapsed()) < s.silent.Load() {
		return
	}
	hurried, cancel := deadline.Within(ctx, s.Clock, patience)
	defer cancel()
	if s.Cache.Store(hurried, name, encode(name, object), 0) != nil {
		s.failed(ctx)
	}
}

// failed leaves the cache alone for a while, unless it was the caller who gave
// up.
func (s *Store) failed(ctx context.Context) {
	if ctx.Err() == nil {
		s.failures.Add(1)
		s.silent.Store(int64(s.Clock.Elapsed() + silence))
	}
}
