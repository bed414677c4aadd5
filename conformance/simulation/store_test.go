package simulation_test

import (
	"bytes"
	"context"
	"iter"

	"github.com/smarterbase/smarterbase/ports"
)

// storePort is the object store as one client reaches it.
type storePort struct{ *client }

var _ ports.ObjectStore = storePort{}

func (s storePort) Capabilities() ports.Capabilities { return s.history.store.Capabilities() }

func (s storePort) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	a := s.send(ctx, &call{method: "get", key: key, perform: func() (a answer) {
		a.object, a.err = s.history.store.Get(context.Background(), key, opts)
		return a
	}})
	return a.object, a.err
}

func (s storePort) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	a := s.send(ctx, &call{method: "stat", key: key, perform: func() (a answer) {
		a.object.ObjectInfo, a.err = s.history.store.Stat(context.Background(), key)
		return a
	}})
	return a.object.ObjectInfo, a.err
}

func (s storePort) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	r := &call{method: "put", key: key, args: cond.String(), write: true}
	sent := bytes.Clone(data)
	r.perform = func() (a answer) {
		a.version, a.err = s.history.recorder.put(r, sent, cond)
		return a
	}
	a := s.send(ctx, r)
	return a.version, a.err
}

func (s storePort) Delete(ctx context.Context, key string, cond ports.Condition) error {
	r := &call{method: "delete", key: key, args: cond.String(), write: true}
	r.perform = func() answer { return answer{err: s.history.recorder.remove(r, cond)} }
	return s.send(ctx, r).err
}

// listPage is how many objects a request lists. Few, so that things change
// between two pages.
const listPage = 3

func (s storePort) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		for left := opts.Limit; ; {
			page := opts
			if page.Limit = listPage; left > 0 {
				page.Limit = min(left, listPage)
			}
			a := s.send(ctx, &call{method: "list", key: opts.Prefix, args: opts.StartAfter, perform: func() answer { return s.list(page) }})
			if a.err != nil {
				yield(ports.ObjectInfo{}, a.err)
				return
			}
			for _, info := range a.infos {
				if !yield(info, nil) {
					return
				}
				opts.StartAfter = info.Key
			}
			if left -= len(a.infos); len(a.infos) < page.Limit || opts.Limit > 0 && left <= 0 {
				return
			}
		}
	}
}

func (s storePort) list(opts ports.ListOptions) (a answer) {
	for info, err := range s.history.store.List(context.Background(), opts) {
		if err != nil {
			return answer{err: err}
		}
		a.infos = append(a.infos, info)
	}
	return a
}
