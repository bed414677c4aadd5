package kit_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// claiming makes stores that claim something else than the memory store below.
func claiming(opts memory.StoreOptions, claim func(*ports.Capabilities)) conformance.StoreHarness {
	return harnessOf(opts, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		return &patched{Store: s, caps: func(c ports.Capabilities) ports.Capabilities {
			claim(&c)
			return c
		}}
	})
}

var brokenClaims = []broken[conformance.StoreHarness]{
	{"OS-CAP-1", "changes its claims", patchedHarness(func(p *patched) {
		var asked atomic.Int64
		p.caps = func(c ports.Capabilities) ports.Capabilities {
			c.MaxObjectSize = asked.Add(1) << 30
			return c
		}
	})},
	{"OS-CAP-1", "can what it does not claim", claiming(memory.StoreOptions{}, func(c *ports.Capabilities) { c.ConditionalDelete = false })},
	{"OS-CAP-2", "claims conditional delete", claiming(memory.StoreOptions{NoConditionalDelete: true}, func(c *ports.Capabilities) { c.ConditionalDelete = true })},
	{"OS-CAP-2", "claims nested keys", claiming(memory.StoreOptions{NoNestedKeys: true}, func(c *ports.Capabilities) { c.NestedKeys = true })},
	{"OS-CAP-2", "claims a greater limit than it has", claiming(memory.StoreOptions{MaxObjectSize: 1 << 20}, func(c *ports.Capabilities) { c.MaxObjectSize = 2 << 20 })},
	{"OS-DEL-2", "denies conditional delete and ignores the condition", patchedHarness(func(p *patched) {
		deleteAnyway(p)
		p.caps = func(c ports.Capabilities) ports.Capabilities {
			c.ConditionalDelete = false
			return c
		}
	})},
	{"OS-PUT-6", "claims a limit and takes more", claiming(memory.StoreOptions{}, func(c *ports.Capabilities) { c.MaxObjectSize = 1 << 20 })},
	{"OS-KEY-2", "claims a limit of keys and takes longer ones", claiming(memory.StoreOptions{}, func(c *ports.Capabilities) { c.MaxKeyBytes = 500 })},
	{"OS-KEY-3", "refuses the nested keys that it claims", claiming(memory.StoreOptions{NoNestedKeys: true}, func(c *ports.Capabilities) { c.NestedKeys = true })},
	{"OS-KEY-3", "accepts the nested keys that it denies", claiming(memory.StoreOptions{}, func(c *ports.Capabilities) { c.NestedKeys = false })},
	{"OS-VER-1", "takes the size for the version", patchedHarness(sizeVersions)},
	{"OS-VER-2", "claims that hashes are unique", claiming(memory.StoreOptions{HashVersions: true}, func(c *ports.Capabilities) { c.UniqueVersions = true })},
	{"OS-UNW-1", "adds a prefix that its optional interfaces don't know", patchedHarness(prefixed)},
}

func sizeVersions(p *patched) {
	p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
		_, err := p.Store.Put(ctx, key, data, cond)
		return ports.Version(strconv.Itoa(len(data))), err
	}
}

// prefixed keeps its objects below a folder, but for streams and batches,
// which reach the store below directly.
func prefixed(p *patched) {
	p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
		o, err := p.Store.Get(ctx, "tenant/"+key, opts)
		o.Key = key
		return o, err
	}
	p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
		return p.Store.Put(ctx, "tenant/"+key, data, cond)
	}
	p.list = func(ctx context.Context, opts ports.ListOptions) infos {
		opts.Prefix = "tenant/" + opts.Prefix
		return func(yield func(ports.ObjectInfo, error) bool) {
			for info, err := range p.Store.List(ctx, opts) {
				info.Key = strings.TrimPrefix(info.Key, "tenant/")
				if !yield(info, err) {
					return
				}
			}
		}
	}
}
