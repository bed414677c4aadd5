package kit_test

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// patchedCache is a memory cache with some methods replaced.
type patchedCache struct {
	*memory.Cache
	load   func(ctx context.Context, name string) ([]byte, error)
	store  func(ctx context.Context, name string, data []byte, ttl time.Duration) error
	remove func(ctx context.Context, name string) error
}

func (p *patchedCache) Load(ctx context.Context, name string) ([]byte, error) {
	if p.load != nil {
		return p.load(ctx, name)
	}
	return p.Cache.Load(ctx, name)
}

func (p *patchedCache) Store(ctx context.Context, name string, data []byte, ttl time.Duration) error {
	if p.store != nil {
		return p.store(ctx, name, data, ttl)
	}
	return p.Cache.Store(ctx, name, data, ttl)
}

func (p *patchedCache) Remove(ctx context.Context, name string) error {
	if p.remove != nil {
		return p.remove(ctx, name)
	}
	return p.Cache.Remove(ctx, name)
}

func cacheHarness(patch func(p *patchedCache)) conformance.CacheHarness {
	return conformance.CacheHarness{New: func(testing.TB) ports.Cache {
		p := &patchedCache{Cache: memory.NewCache(memory.CacheOptions{})}
		patch(p)
		return p
	}}
}

// forgetful is a cache that keeps nothing, which is allowed.
type forgetful struct{}

func (forgetful) Load(ctx context.Context, name string) ([]byte, error) {
	if err := ports.ContextDone(ctx, "load", name); err != nil {
		return nil, err
	}
	return nil, ports.Fail("load", name, ports.ErrNotFound, nil)
}

func (forgetful) Store(ctx context.Context, name string, _ []byte, _ time.Duration) error {
	return ports.ContextDone(ctx, "store", name)
}

func (forgetful) Remove(ctx context.Context, name string) error {
	return ports.ContextDone(ctx, "remove", name)
}

func TestGoodCachesPass(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		conformance.TestCache(t, cacheHarness(func(*patchedCache) {}))
	})
	t.Run("forgetful", func(t *testing.T) {
		t.Parallel()
		conformance.TestCache(t, conformance.CacheHarness{New: func(testing.TB) ports.Cache { return forgetful{} }})
	})
}

func TestBrokenCachesFail(t *testing.T) {
	t.Parallel()
	mustFail(t, conformance.CacheClauses(), []broken[conformance.CacheHarness]{
		{"CA-LIE-1", "keeps what it should remove", cacheHarness(func(p *patchedCache) {
			p.remove = func(ctx context.Context, _ string) error { return ctx.Err() }
		})},
		{"CA-LIE-1", "keeps what was stored first", cacheHarness(func(p *patchedCache) {
			p.store = func(ctx context.Context, name string, data []byte, ttl time.Duration) error {
				if _, err := p.Cache.Load(ctx, name); err == nil {
					return nil
				}
				return p.Cache.Store(ctx, name, data, ttl)
			}
		})},
		{"CA-CTX-1", "never looks at the context", cacheHarness(func(p *patchedCache) {
			p.load = func(ctx context.Context, name string) ([]byte, error) {
				return p.Cache.Load(context.WithoutCancel(ctx), name)
			}
		})},
		{"CA-RAC-1", "stores in two steps", cacheHarness(func(p *patchedCache) {
			p.store = func(ctx context.Context, name string, data []byte, ttl time.Duration) error {
				_ = p.Cache.Store(ctx, name, data[:len(data)/2], ttl)
				runtime.Gosched()
				return p.Cache.Store(ctx, name, data, ttl)
			}
		})},
		{"CA-LOA-1", "never lets anything expire", cacheHarness(func(p *patchedCache) {
			p.store = func(ctx context.Context, name string, data []byte, _ time.Duration) error {
				return p.Cache.Store(ctx, name, data, 0)
			}
		})},
		{"CA-LOA-1", "answers nothing for what is absent", cacheHarness(func(p *patchedCache) {
			p.load = func(ctx context.Context, name string) ([]byte, error) {
				data, _ := p.Cache.Load(ctx, name)
				return data, ctx.Err()
			}
		})},
		{"CA-STO-1", "keeps the slice of its caller", cacheHarness(keptData)},
	})
}

func keptData(p *patchedCache) {
	var mu sync.Mutex
	kept := map[string][]byte{}
	p.store = func(ctx context.Context, name string, data []byte, ttl time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		kept[name] = data
		return p.Cache.Store(ctx, name, data, ttl)
	}
	p.load = func(ctx context.Context, name string) ([]byte, error) {
		data, err := p.Cache.Load(ctx, name)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			data = bytes.Clone(kept[name])
		}
		return data, err
	}
}
