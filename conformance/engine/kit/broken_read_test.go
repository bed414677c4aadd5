package kit_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

var brokenReads = []broken[conformance.StoreHarness]{
	{"OS-CON-1", "reads from a cache of its own", patchedHarness(staleClient)},
	{"OS-KEY-1", "answers not found for invalid keys", patchedHarness(func(p *patched) {
		p.stat = func(ctx context.Context, key string) (ports.ObjectInfo, error) {
			if ports.ValidateKey(key) != nil {
				return ports.ObjectInfo{}, ports.Fail("stat", key, ports.ErrNotFound, nil)
			}
			return p.Store.Stat(ctx, key)
		}
	})},
	{"OS-ERR-1", "answers bare errors", patchedHarness(func(p *patched) {
		p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
			o, err := p.Store.Get(ctx, key, opts)
			if errors.Is(err, ports.ErrNotFound) {
				err = fmt.Errorf("get: %w", ports.ErrNotFound)
			}
			return o, err
		}
	})},
	{"OS-ERR-1", "names another key", patchedHarness(func(p *patched) {
		p.stat = func(ctx context.Context, key string) (ports.ObjectInfo, error) {
			info, err := p.Store.Stat(ctx, key)
			if err != nil {
				err = ports.Fail("stat", "bucket/"+key, ports.ErrNotFound, nil)
			}
			return info, err
		}
	})},
	{"OS-GET-1", "answers an empty object for an absent key", patchedHarness(func(p *patched) {
		p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
			o, err := p.Store.Get(ctx, key, opts)
			if errors.Is(err, ports.ErrNotFound) {
				err = nil
			}
			return o, err
		}
	})},
	{"OS-GET-1", "answers the wrong kind of error", patchedHarness(func(p *patched) {
		p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
			o, err := p.Store.Get(ctx, key, opts)
			if errors.Is(err, ports.ErrNotFound) {
				err = ports.Fail("get", key, ports.ErrUnavailable, nil)
			}
			return o, err
		}
	})},
	{"OS-GET-2", "asks for version and bytes one after the other", patchedHarness(func(p *patched) {
		p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
			o, err := p.Store.Get(ctx, key, opts)
			runtime.Gosched()
			if info, statErr := p.Store.Stat(ctx, key); statErr == nil {
				o.Version = info.Version
			}
			return o, err
		}
	})},
	{"OS-GET-3", "ignores IfNoneMatch", patchedHarness(func(p *patched) {
		p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
			opts.IfNoneMatch = ""
			return p.Store.Get(ctx, key, opts)
		}
	})},
	{"OS-GET-4", "takes the end of a range for its length", patchedHarness(func(p *patched) {
		p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
			if opts.Range.Length > 0 && opts.Range.Offset > 0 {
				opts.Range.Length++
			}
			return p.Store.Get(ctx, key, opts)
		}
	})},
	{"OS-GET-4", "answers nothing behind the end", patchedHarness(func(p *patched) {
		p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
			o, err := p.Store.Get(ctx, key, opts)
			if errors.Is(err, ports.ErrInvalidKey) && opts.Range.Offset > 0 {
				err = nil
			}
			return o, err
		}
	})},
	{"OS-GET-5", "hands out one slice to all", patchedHarness(sharedSlices)},
	{"OS-STA-1", "describes what is absent", patchedHarness(func(p *patched) {
		p.stat = func(ctx context.Context, key string) (ports.ObjectInfo, error) {
			info, err := p.Store.Stat(ctx, key)
			if errors.Is(err, ports.ErrNotFound) {
				err = nil
			}
			return info, err
		}
	})},
	{"OS-STA-2", "has another version for Stat", patchedHarness(func(p *patched) {
		p.stat = func(ctx context.Context, key string) (ports.ObjectInfo, error) {
			info, err := p.Store.Stat(ctx, key)
			info.Version = `"` + info.Version + `"`
			return info, err
		}
	})},
	{"OS-CLS-1", "goes on after Close", harnessOf(memory.StoreOptions{}, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		return neverClosed{&patched{Store: s}}
	})},
}

// staleClient remembers the first state of each key that it read.
func staleClient(p *patched) {
	var mu sync.Mutex
	seen := map[string]ports.Object{}
	p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
		mu.Lock()
		defer mu.Unlock()
		if o, ok := seen[key]; ok {
			return o, nil
		}
		o, err := p.Store.Get(ctx, key, opts)
		if err == nil {
			seen[key] = o
		}
		return o, err
	}
}

func sharedSlices(p *patched) {
	var mu sync.Mutex
	shared := map[ports.Version][]byte{}
	p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
		o, err := p.Store.Get(ctx, key, opts)
		mu.Lock()
		defer mu.Unlock()
		if err == nil && opts.Range.IsWhole() {
			if shared[o.Version] == nil {
				shared[o.Version] = o.Data
			}
			o.Data = shared[o.Version]
		}
		return o, err
	}
}

type neverClosed struct{ *patched }

func (neverClosed) Close() error { return nil }
