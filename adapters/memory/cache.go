package memory

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

var _ ports.Cache = (*Cache)(nil)

// DefaultCacheBytes is the bound of a Cache whose options name none.
const DefaultCacheBytes = 64 << 20

// entryOverhead is about what the map, the list and the slice of one entry
// take, so that a million tiny entries count as what they are.
const entryOverhead = 160

// CacheOptions bounds a Cache.
type CacheOptions struct {
	// MaxBytes is about how much memory it may take, names and bookkeeping
	// counted; 0 means DefaultCacheBytes, less than 0 keeps nothing.
	MaxBytes int64

	// Clock tells when an entry expires; nil: the clock of the machine.
	Clock ports.Clock
}

// Cache keeps what was used last, up to a number of bytes. It is safe for
// concurrent use.
type Cache struct {
	opts CacheOptions

	mu     sync.Mutex
	byName map[string]*list.Element
	recent *list.List // of *cached, the one used last in front
	bytes  int64
}

type cached struct {
	name    string
	data    []byte
	expires time.Duration // on Clock.Elapsed; 0: never
}

func (e *cached) cost() int64 { return int64(len(e.name)+len(e.data)) + entryOverhead }

// NewCache returns an empty cache.
func NewCache(opts CacheOptions) *Cache {
	if opts.MaxBytes == 0 {
		opts.MaxBytes = DefaultCacheBytes
	}
	if opts.Clock == nil {
		opts.Clock = ports.SystemClock()
	}
	return &Cache{opts: opts, byName: make(map[string]*list.Element), recent: list.New()}
}

// Load returns a copy of what is stored, or ErrNotFound.
func (c *Cache) Load(ctx context.Context, name string) ([]byte, error) {
	if err := ports.ContextDone(ctx, "load", name); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	element, found := c.byName[name]
	if !found {
		return nil, ports.Fail("load", name, ports.ErrNotFound, nil)
	}
	entry := element.Value.(*cached)
	if entry.expires != 0 && c.opts.Clock.Elapsed() >= entry.expires {
		c.forget(name)
		return nil, ports.Fail("load", name, ports.ErrNotFound, errors.New("expired"))
	}
	c.recent.MoveToFront(element)
	return bytes.Clone(entry.data), nil
}

// Store keeps a copy of data. The old value goes in any case: an entry that
// is too large to be kept must not leave an outdated one behind. A negative
// ttl is refused with ErrInvalidKey.
func (c *Cache) Store(ctx context.Context, name string, data []byte, ttl time.Duration) error {
	if ttl < 0 {
		return ports.Fail("store", name, ports.ErrInvalidKey, errors.New("the ttl is negative"))
	}
	entry := &cached{name: name, data: append(make([]byte, 0, len(data)), data...)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ports.ContextDone(ctx, "store", name); err != nil {
		return err
	}
	c.forget(name)
	if entry.cost() > c.opts.MaxBytes {
		return nil
	}
	if ttl > 0 {
		entry.expires = max(0, c.opts.Clock.Elapsed()+ttl) // a sum that overflows is never
	}
	c.byName[name] = c.recent.PushFront(entry)
	for c.bytes += entry.cost(); c.bytes > c.opts.MaxBytes; {
		c.forget(c.recent.Back().Value.(*cached).name)
	}
	return nil
}

// Remove forgets a name.
func (c *Cache) Remove(ctx context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ports.ContextDone(ctx, "remove", name); err != nil {
		return err
	}
	c.forget(name)
	return nil
}

// forget drops an entry, if it is there. The caller holds the lock.
func (c *Cache) forget(name string) {
	if element, found := c.byName[name]; found {
		delete(c.byName, name)
		c.bytes -= c.recent.Remove(element).(*cached).cost()
	}
}
