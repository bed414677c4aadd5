package kit_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

var brokenWrites = []broken[conformance.StoreHarness]{
	{"OS-ATM-1", "writes in two steps", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			if v, err := p.Store.Put(ctx, key, data[:len(data)/2], cond); err != nil {
				return v, err
			}
			runtime.Gosched()
			return p.Store.Put(ctx, key, data, ports.Any)
		}
	})},
	{"OS-ATM-1", "deletes before it writes", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			if cond.IsAny() && p.Store.Delete(ctx, key, cond) == nil {
				runtime.Gosched()
			}
			return p.Store.Put(ctx, key, data, cond)
		}
	})},
	{"OS-ATM-2", "checks and then acts", patchedHarness(checkThenAct)},
	{"OS-RAC-1", "checks and then acts", patchedHarness(checkThenAct)},
	{"OS-CTX-1", "never looks at the context", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			return p.Store.Put(context.WithoutCancel(ctx), key, data, cond)
		}
	})},
	{"OS-CTX-1", "answers an error of its own to a context that is done", patchedHarness(func(p *patched) {
		p.delete = func(ctx context.Context, key string, cond ports.Condition) error {
			if ctx.Err() != nil {
				return ports.Fail("delete", key, ports.ErrUnavailable, nil)
			}
			return p.Store.Delete(ctx, key, cond)
		}
	})},
	{"OS-CTX-2", "writes although it says that it was canceled", patchedHarness(writeAfterCancel)},
	{"OS-PUT-1", "trims what it stores", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			return p.Store.Put(ctx, key, bytes.TrimRight(data, "\r\n"), cond)
		}
	})},
	{"OS-PUT-2", "forgets IfAbsent", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			if cond.IsAbsent() {
				cond = ports.Any
			}
			return p.Store.Put(ctx, key, data, cond)
		}
	})},
	{"OS-PUT-3", "forgets IfVersion", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			if _, versioned := cond.Version(); versioned {
				cond = ports.Any
			}
			return p.Store.Put(ctx, key, data, cond)
		}
	})},
	{"OS-PUT-3", "creates a missing object under IfVersion", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			v, err := p.Store.Put(ctx, key, data, cond)
			if _, versioned := cond.Version(); versioned && errors.Is(err, ports.ErrPrecondition) {
				if created, err := p.Store.Put(ctx, key, data, ports.IfAbsent); err == nil {
					return created, nil
				}
			}
			return v, err
		}
	})},
	{"OS-PUT-3", "takes an empty version for no condition", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			if v, versioned := cond.Version(); versioned && v == "" {
				cond = ports.Any
			}
			return p.Store.Put(ctx, key, data, cond)
		}
	})},
	{"OS-PUT-4", "writes and then says that the condition did not hold", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			v, err := p.Store.Put(ctx, key, data, cond)
			if errors.Is(err, ports.ErrPrecondition) {
				_, _ = p.Store.Put(ctx, key, data, ports.Any)
			}
			return v, err
		}
	})},
	{"OS-PUT-5", "keeps the slice of its caller", patchedHarness(keptSlices)},
	{"OS-PUT-5", "scrambles the slice of its caller", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			v, err := p.Store.Put(ctx, key, data, cond)
			clear(data)
			return v, err
		}
	})},
	{"OS-DEL-1", "answers not found to the delete of an absent key", patchedHarness(func(p *patched) {
		p.delete = func(ctx context.Context, key string, cond ports.Condition) error {
			if _, err := p.Store.Stat(ctx, key); err != nil {
				return err
			}
			return p.Store.Delete(ctx, key, cond)
		}
	})},
	{"OS-DEL-2", "deletes whatever the condition", patchedHarness(deleteAnyway)},
	{"OS-DEL-3", "takes IfAbsent for a condition that can hold", patchedHarness(func(p *patched) {
		p.delete = func(ctx context.Context, key string, cond ports.Condition) error {
			if cond.IsAbsent() {
				return nil
			}
			return p.Store.Delete(ctx, key, cond)
		}
	})},
	{"OS-DEL-4", "lists its tombstones", patchedHarness(tombstones)},
	{"OS-KEY-2", "folds case", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			return p.Store.Put(ctx, strings.ToLower(key), data, cond)
		}
	})},
	{"OS-VER-3", "answers Put with a version of its own", patchedHarness(func(p *patched) {
		p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
			v, err := p.Store.Put(ctx, key, data, ports.Any)
			return v + "-put", err
		}
	})},
}

func checkThenAct(p *patched) {
	p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
		info, _ := p.Store.Stat(ctx, key)
		if !cond.Holds(info.Version) {
			return "", ports.Fail("put", key, ports.ErrPrecondition, nil)
		}
		runtime.Gosched()
		return p.Store.Put(ctx, key, data, ports.Any)
	}
}

func deleteAnyway(p *patched) {
	p.delete = func(ctx context.Context, key string, cond ports.Condition) error {
		if cond.IsAbsent() {
			return p.Store.Delete(ctx, key, cond)
		}
		return p.Store.Delete(ctx, key, ports.Any)
	}
}

// writeAfterCancel takes a millisecond for a put, and does it whether or not
// the context ends meanwhile.
func writeAfterCancel(p *patched) {
	p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
		v, err := p.Store.Put(context.WithoutCancel(ctx), key, data, cond)
		if ctx.Err() != nil {
			err = ports.ContextDone(ctx, "put", key)
		}
		return v, err
	}
}

func keptSlices(p *patched) {
	var mu sync.Mutex
	kept := map[string][]byte{}
	p.put = func(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
		mu.Lock()
		defer mu.Unlock()
		kept[key] = data
		return p.Store.Put(ctx, key, data, cond)
	}
	p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
		o, err := p.Store.Get(ctx, key, opts)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			o.Data = bytes.Clone(kept[key])
		}
		return o, err
	}
}

// tombstones deletes by an empty object, which Get and Stat know and List does
// not.
func tombstones(p *patched) {
	p.delete = func(ctx context.Context, key string, _ ports.Condition) error {
		_, err := p.Store.Put(ctx, key, nil, ports.Any)
		return err
	}
	p.get = func(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
		o, err := p.Store.Get(ctx, key, opts)
		if err == nil && o.Size == 0 {
			return ports.Object{}, ports.Fail("get", key, ports.ErrNotFound, nil)
		}
		return o, err
	}
	p.stat = func(ctx context.Context, key string) (ports.ObjectInfo, error) {
		o, err := p.get(ctx, key, ports.GetOptions{})
		return o.ObjectInfo, err
	}
}
