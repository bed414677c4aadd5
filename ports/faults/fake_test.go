package faults_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// mapStore is a store of as few lines as the tests of the wrappers need.
type mapStore struct {
	mu      sync.Mutex
	objects map[string]ports.Object
	writes  int
}

func newMapStore() *mapStore { return &mapStore{objects: map[string]ports.Object{}} }

func (s *mapStore) Get(ctx context.Context, key string, _ ports.GetOptions) (ports.Object, error) {
	if err := ports.ContextDone(ctx, "get", key); err != nil {
		return ports.Object{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[key]
	if !ok {
		return ports.Object{}, ports.Fail("get", key, ports.ErrNotFound, nil)
	}
	o.Data = bytes.Clone(o.Data)
	return o, nil
}

func (s *mapStore) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if err := ports.ContextDone(ctx, "put", key); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !cond.Holds(s.objects[key].Version) {
		return "", ports.Fail("put", key, ports.ErrPrecondition, nil)
	}
	s.writes++
	info := ports.ObjectInfo{Key: key, Version: ports.Version(strconv.Itoa(s.writes)), Size: int64(len(data))}
	s.objects[key] = ports.Object{ObjectInfo: info, Data: bytes.Clone(data)}
	return info.Version, nil
}

func (s *mapStore) Delete(_ context.Context, key string, cond ports.Condition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !cond.Holds(s.objects[key].Version) {
		return ports.Fail("delete", key, ports.ErrPrecondition, nil)
	}
	delete(s.objects, key)
	return nil
}

func (s *mapStore) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	o, err := s.Get(ctx, key, ports.GetOptions{})
	return o.ObjectInfo, err
}

func (s *mapStore) List(_ context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		s.mu.Lock()
		objects := maps.Clone(s.objects)
		s.mu.Unlock()
		for _, key := range slices.Sorted(maps.Keys(objects)) {
			if strings.HasPrefix(key, opts.Prefix) && !yield(objects[key].ObjectInfo, nil) {
				return
			}
		}
	}
}

func (s *mapStore) Capabilities() ports.Capabilities {
	return ports.Capabilities{Name: "map", ConditionalDelete: true}
}

// streams, batches, pings and closes add the optional interfaces.
type (
	streams struct{ *mapStore }
	batches struct{ *mapStore }
	pings   struct{}
	closes  struct{}
)

func (s streams) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	o, err := s.Get(ctx, key, opts)
	return o.ObjectInfo, io.NopCloser(bytes.NewReader(o.Data)), err
}

func (s streams) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	data, err := io.ReadAll(body)
	if err != nil {
		return ports.ObjectInfo{}, ports.Fail("put", key, ports.ErrUnavailable, err)
	}
	v, err := s.Put(ctx, key, data, cond)
	return ports.ObjectInfo{Key: key, Version: v, Size: int64(len(data))}, err
}

func (s batches) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	errs := make([]error, len(keys))
	for i, key := range keys {
		errs[i] = s.Delete(ctx, key, ports.Any)
	}
	return errs, nil
}

func (pings) Ping(context.Context) error { return nil }
func (closes) Close() error              { return nil }

// stubIndex answers the same to everybody.
type stubIndex struct{ ports.Index }

func (stubIndex) Identity(context.Context) (string, error) { return "i1", nil }
func (stubIndex) Begin(context.Context, string, ports.Regime, []ports.Entry) error {
	return nil
}
func (stubIndex) Query(context.Context, string, ports.Regime, ports.EntryRange) (ports.EntryPage, error) {
	return ports.EntryPage{Members: [][]byte{{1}}, Begins: 1, More: true}, nil
}

// manualClock stands still until the test moves it; Sleep moves it, too.
type manualClock struct {
	mu  sync.Mutex
	now time.Duration
}

func (c *manualClock) Now() time.Time { return time.Unix(0, 0).Add(c.Elapsed()) }

func (c *manualClock) Elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *manualClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
	return ctx.Err()
}
