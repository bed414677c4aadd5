package core

import (
	"context"
	"errors"
	"iter"

	"github.com/smarterbase/smarterbase/ports"
)

// observeStore wraps a store so that every request is reported; without such
// a callback it is the store itself, and costs nothing.
func observeStore(store ports.ObjectStore, c *Components) ports.ObjectStore {
	if c.Observer.StoreCall == nil {
		return store
	}
	return &observedStore{store, c}
}

type observedStore struct {
	ports.ObjectStore
	*Components
}

// Unwrap gives access to optional interfaces of the store.
func (s *observedStore) Unwrap() any { return s.ObjectStore }

func (s *observedStore) start(ctx context.Context, method, key string) (context.Context, func(ports.StoreCallResult)) {
	began := s.Clock.Elapsed()
	started, end := s.Observer.StoreCall(ctx, ports.StoreCallInfo{Method: method, Key: key})
	return either(started, ctx), func(result ports.StoreCallResult) {
		if end != nil {
			result.Duration = s.Clock.Elapsed() - began
			end(result)
		}
	}
}

func (s *observedStore) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	ctx, end := s.start(ctx, "get", key)
	object, err := s.ObjectStore.Get(ctx, key, opts)
	end(ports.StoreCallResult{Bytes: len(object.Data), Err: failure(err)})
	return object, err
}

// failure is an error as callbacks get it: that something was not modified is
// a success of who asked.
func failure(err error) error {
	if errors.Is(err, ports.ErrNotModified) {
		return nil
	}
	return err
}

func (s *observedStore) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	ctx, end := s.start(ctx, "put", key)
	version, err := s.ObjectStore.Put(ctx, key, data, cond)
	end(ports.StoreCallResult{Bytes: len(data), Err: err})
	return version, err
}

func (s *observedStore) Delete(ctx context.Context, key string, cond ports.Condition) error {
	ctx, end := s.start(ctx, "delete", key)
	err := s.ObjectStore.Delete(ctx, key, cond)
	end(ports.StoreCallResult{Err: err})
	return err
}

func (s *observedStore) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	ctx, end := s.start(ctx, "stat", key)
	info, err := s.ObjectStore.Stat(ctx, key)
	end(ports.StoreCallResult{Err: err})
	return info, err
}

func (s *observedStore) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		ctx, end := s.start(ctx, "list", opts.Prefix)
		var result ports.StoreCallResult
		defer func() { end(result) }()
		for info, err := range s.ObjectStore.List(ctx, opts) {
			if result.Err = err; err == nil {
				result.Objects++
			}
			if !yield(info, err) {
				return
			}
		}
	}
}

// observeIndex does for an index what observeStore does for a store.
func observeIndex(index ports.Index, c *Components) ports.Index {
	if index == nil || c.Observer.IndexCall == nil {
		return index
	}
	return &observedIndex{index, c}
}

type observedIndex struct {
	ports.Index
	*Components
}

// Unwrap gives access to optional interfaces of the index.
func (x *observedIndex) Unwrap() any { return x.Index }

func (x *observedIndex) call(ctx context.Context, method, space string, sent int, do func(ctx context.Context) (received int, err error)) error {
	began := x.Clock.Elapsed()
	started, end := x.Observer.IndexCall(ctx, ports.IndexCallInfo{Method: method, Space: space, Entries: sent})
	received, err := do(either(started, ctx))
	if end != nil {
		end(ports.IndexCallResult{Duration: x.Clock.Elapsed() - began, Entries: received, Err: err})
	}
	return err
}

func (x *observedIndex) Identity(ctx context.Context) (identity string, err error) {
	err = x.call(ctx, "identity", "", 0, func(ctx context.Context) (int, error) {
		identity, err = x.Index.Identity(ctx)
		return 0, err
	})
	return identity, err
}

func (x *observedIndex) Install(ctx context.Context, space string, regime ports.Regime) error {
	return x.call(ctx, "install", space, 0, func(ctx context.Context) (int, error) {
		return 0, x.Index.Install(ctx, space, regime)
	})
}

func (x *observedIndex) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.call(ctx, "begin", space, len(entries), func(ctx context.Context) (int, error) {
		return 0, x.Index.Begin(ctx, space, regime, entries)
	})
}

func (x *observedIndex) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.call(ctx, "end", space, len(entries), func(ctx context.Context) (int, error) {
		return 0, x.Index.End(ctx, space, regime, entries)
	})
}

func (x *observedIndex) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (page ports.EntryPage, err error) {
	err = x.call(ctx, "query", space, 0, func(ctx context.Context) (int, error) {
		page, err = x.Index.Query(ctx, space, regime, r)
		return len(page.Members), err
	})
	return page, err
}

func (x *observedIndex) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (count int64, err error) {
	err = x.call(ctx, "count", space, 0, func(ctx context.Context) (int, error) {
		count, err = x.Index.Count(ctx, space, regime, r)
		return 0, err
	})
	return count, err
}

func (x *observedIndex) Drop(ctx context.Context, space, set string) error {
	return x.call(ctx, "drop", space, 0, func(ctx context.Context) (int, error) {
		return 0, x.Index.Drop(ctx, space, set)
	})
}

// operation spans a call by the user. The function that it answers must be
// called with the documents that were returned or written, and the error.
func (db *DB) operation(ctx context.Context, info ports.OperationInfo) (context.Context, func(documents int, err error)) {
	if db.options.Observer.Operation == nil {
		return ctx, noOperation
	}
	began := db.options.Clock.Elapsed()
	started, end := db.options.Observer.Operation(ctx, info)
	return either(started, ctx), func(documents int, err error) {
		if end != nil {
			end(ports.OperationResult{Duration: db.options.Clock.Elapsed() - began, Documents: documents, Err: err})
		}
	}
}

func noOperation(int, error) {}

// either is the context that a callback answered, or else the one it got.
func either(started, ctx context.Context) context.Context {
	if started == nil {
		return ctx
	}
	return started
}

// storeCall spans a request that is not made through the observed store.
func (db *DB) storeCall(ctx context.Context, method, key string) (context.Context, func(ports.StoreCallResult)) {
	if db.options.Observer.StoreCall == nil {
		return ctx, func(ports.StoreCallResult) {}
	}
	return (&observedStore{Components: &db.options.Components}).start(ctx, method, key)
}
