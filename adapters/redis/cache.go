package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

var _ ports.Cache = (*Cache)(nil)

const (
	// DefaultCacheTTL is how long a Cache keeps what is stored without a ttl.
	DefaultCacheTTL = 24 * time.Hour

	// DefaultCacheValue is the greatest value of a Cache whose options name none.
	DefaultCacheValue = 8 << 20

	maxCacheBytes = 4096
)

// CacheOptions configures a Cache. The zero value is ready to use.
type CacheOptions struct {
	// Name keeps caches of one namespace apart; any bytes, also none.
	Name string

	// TTL is how long values are kept that are stored with ttl 0, so that they
	// do not fill Redis for ever; 0: DefaultCacheTTL.
	TTL time.Duration

	// MaxValue is the greatest value, in bytes, that is kept; a greater one
	// only makes the cache forget the one before. 0: DefaultCacheValue.
	MaxValue int
}

// Cache keeps byte strings under one key each, so that a Cluster spreads them
// and a server with a volatile policy may evict them. Names are 1 to 4,096
// bytes of any kind. It is safe for concurrent use.
//
// A value counts only on the process of Redis that stored it, and only as long
// as that did not change its master: a server that comes back from a snapshot,
// or a replica that took over, may hold values that were removed, so it
// begins with an empty cache. A Store whose outcome is unknown may take effect
// later; a name that carries the version of what it stands for makes that harmless.
type Cache struct {
	client *Client
	opts   CacheOptions
}

// Cache returns a cache of the namespace. An option below 0 is refused by the
// first call, with ErrInvalidKey.
func (c *Client) Cache(opts CacheOptions) *Cache {
	if opts.TTL == 0 {
		opts.TTL = DefaultCacheTTL
	}
	if opts.MaxValue == 0 {
		opts.MaxValue = DefaultCacheValue
	}
	return &Cache{client: c, opts: opts}
}

// The scripts of caches. KEYS: the entry, a hash of the node that it was
// stored on and the value, so that no script copies or searches a value.
var (
	loadScript = newScript(false, identityLua+`
local e = redis.call('HMGET', KEYS[1], 'home', 'value')
if not e[1] or e[1] ~= identity() then return {} end
return {e[2]}
`)

	// storeScript. ARGV: value, ttl in ms.
	storeScript = newScript(true, identityLua+`
local home = identity()
if home == '' then return {'unnamed'} end
redis.call('HSET', KEYS[1], 'home', home, 'value', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {}
`)

	forgetScript = newScript(true, `
redis.call('DEL', KEYS[1])
return {}
`)
)

// Load returns what is stored, or ErrNotFound.
func (c *Cache) Load(ctx context.Context, name string) ([]byte, error) {
	answer, err := c.run(ctx, "load", name, loadScript)
	switch {
	case err != nil:
		return nil, err
	case len(answer) == 0:
		return nil, ports.Fail("load", name, ports.ErrNotFound, nil)
	default:
		return []byte(answer[0]), nil
	}
}

// Store keeps a copy of data for at most ttl, counted in whole milliseconds
// from when Redis stores it. A negative ttl is refused with ErrInvalidKey.
func (c *Cache) Store(ctx context.Context, name string, data []byte, ttl time.Duration) error {
	const op = "store"
	switch {
	case ttl < 0:
		return ports.Fail(op, name, ports.ErrInvalidKey, errors.New("the ttl is negative"))
	case ttl == 0:
		ttl = c.opts.TTL
	}
	if ttl < time.Millisecond || len(data) > c.opts.MaxValue {
		_, err := c.run(ctx, op, name, forgetScript)
		return err
	}
	answer, err := c.run(ctx, op, name, storeScript, string(data), ttl.Milliseconds())
	if err == nil && len(answer) > 0 {
		err = ports.Fail(op, name, ports.ErrUnsupported, errors.New("the server does not tell its run_id and master_replid"))
	}
	return err
}

// Remove forgets a name.
func (c *Cache) Remove(ctx context.Context, name string) error {
	_, err := c.run(ctx, "remove", name, forgetScript)
	return err
}

func (c *Cache) run(ctx context.Context, op, name string, s *script, args ...any) ([]string, error) {
	switch {
	case name == "" || len(name) > maxCacheBytes:
		return nil, ports.Fail(op, name, ports.ErrInvalidKey, fmt.Errorf("names have 1 to %d bytes", maxCacheBytes))
	case c.opts.TTL < 0 || c.opts.MaxValue < 0:
		return nil, ports.Fail(op, name, ports.ErrInvalidKey, errors.New("CacheOptions.TTL or MaxValue is negative"))
	}
	return c.client.run(ctx, op, name, s, []string{c.client.key("cache", name, c.opts.Name)}, args...)
}
