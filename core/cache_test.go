package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// cachedUsers opens users on a store whose requests the plan counts.
func cachedUsers(t *testing.T, store ports.ObjectStore, cache ports.Cache) (*core.Collection[User], *faults.Plan) {
	t.Helper()
	plan := faults.New(faults.Options{})
	db := openWith(t, faults.Store(store, plan), core.Options{
		Components: core.Components{Cache: cache, Index: memory.NewIndex(memory.IndexOptions{})},
	})
	users, err := core.NewCollection[User](t.Context(), db, "users")
	if err != nil {
		t.Fatal(err)
	}
	return users, plan
}

func TestCacheHitIsOneRequestWithoutBytes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users, plan := cachedUsers(t, memory.NewStore(memory.StoreOptions{}), memory.NewCache(memory.CacheOptions{}))
	name := strings.Repeat("n", 1000)
	if _, err := users.Create(ctx, "ann", User{Name: name, Email: "a@x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Get(ctx, "ann"); err != nil { // makes the identity
		t.Fatal(err)
	}
	if err := users.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	unchanged := atomic.Int64{}
	plan.Reset()
	plan.On(faults.Match{Method: faults.Get, Key: "users/ann.json", Times: faults.Always}).After(func(_ context.Context, _ faults.Call, err error) error {
		if errors.Is(err, ports.ErrNotModified) {
			unchanged.Add(1)
		}
		return err
	})
	for i := range 3 {
		ann, err := users.Get(ctx, "ann")
		if err != nil || ann.Value.Name != name || ann.ID != "ann" || ann.Revision.IsZero() {
			t.Fatalf("%+v, %v", ann, err)
		}
		if plan.Calls() != i+1 || unchanged.Load() != int64(i+1) {
			t.Fatalf("asked were %v, %d not modified", plan.Trace(), unchanged.Load())
		}
	}
	if _, err := users.GetAll(ctx, []string{"ann"}); err != nil || unchanged.Load() != 4 {
		t.Errorf("a batch: %v, %d not modified", err, unchanged.Load())
	}
	found, err := users.Query().Where(core.Eq("email", "a@x")).All(ctx)
	if err != nil || len(found) != 1 || unchanged.Load() != 5 {
		t.Errorf("an indexed query: %d, %v, %d not modified", len(found), err, unchanged.Load())
	}
	if found, err := users.All(ctx); err != nil || len(found) != 1 || unchanged.Load() != 5 {
		t.Errorf("a scan: %d, %v, %d not modified", len(found), err, unchanged.Load())
	}
	if got := users.DB().CacheStats(); got != (core.CacheStats{Hits: 5, Misses: 1}) {
		t.Errorf("%+v", got)
	}
	// A revision that came out of the cache is as good as any other.
	ann, err := users.Get(ctx, "ann")
	if err == nil {
		_, err = users.Put(ctx, "ann", User{Name: "Ann"}, core.IfRevision(ann.Revision))
	}
	if err != nil {
		t.Error(err)
	}
}

// Whoever writes, and whatever the cache holds, a read that starts after a
// write sees it.
func TestCacheIsNeverStale(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]memory.StoreOptions{"unique versions": {}, "hash versions": {HashVersions: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			store, cache := memory.NewStore(options), memory.NewCache(memory.CacheOptions{})
			reader, _ := cachedUsers(t, store.Client(), cache)
			var written atomic.Int64
			var group sync.WaitGroup
			for range 2 {
				writer, _ := cachedUsers(t, store.Client(), cache)
				group.Go(func() {
					for range 100 {
						var age int
						var err error
						if _, err = writer.Update(ctx, "ann", func(u *User) error { u.Age++; age = u.Age; return nil }); errors.Is(err, core.ErrNotFound) {
							_, err = writer.Create(ctx, "ann", User{Name: "Ann"})
						}
						if err != nil && !errors.Is(err, core.ErrExists) {
							t.Error(err)
							return
						}
						for old := written.Load(); old < int64(age) && !written.CompareAndSwap(old, int64(age)); old = written.Load() {
						}
					}
				})
			}
			stop := make(chan struct{})
			var readers sync.WaitGroup
			for range 4 {
				readers.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						before := written.Load()
						ann, err := reader.Get(ctx, "ann")
						if err != nil && !errors.Is(err, core.ErrNotFound) || before > 0 && int64(ann.Value.Age) < before {
							t.Errorf("read %d, %v after %d was written", ann.Value.Age, err, before)
							return
						}
					}
				})
			}
			group.Wait()
			close(stop)
			readers.Wait()
			if ann, err := reader.Get(ctx, "ann"); err != nil || ann.Value.Age < 198 {
				t.Errorf("%+v, %v", ann.Value, err)
			}
			if err := reader.Delete(ctx, "ann"); err != nil {
				t.Error(err)
			}
			if _, err := reader.Get(ctx, "ann"); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("after delete: %v", err)
			}
		})
	}
}

// Two databases may share a cache, though their versions collide.
func TestDatabasesThatShareACacheDoNotMix(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cache := memory.NewCache(memory.CacheOptions{})
	var users [2]*core.Collection[User]
	for i := range users {
		users[i], _ = cachedUsers(t, memory.NewStore(memory.StoreOptions{}), cache) // versions count writes
		if _, err := users[i].Create(ctx, "ann", User{Name: fmt.Sprint("Ann ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		for i := range users {
			if ann, err := users[i].Get(ctx, "ann"); err != nil || ann.Value.Name != fmt.Sprint("Ann ", i) {
				t.Errorf("database %d: %+v, %v", i, ann.Value, err)
			}
		}
	}
}

// bad is a cache that misbehaves.
type bad struct {
	ports.Cache
	load func(ctx context.Context, name string, data []byte, err error) ([]byte, error)
}

func (c bad) Load(ctx context.Context, name string) ([]byte, error) {
	data, err := c.Cache.Load(ctx, name)
	return c.load(ctx, name, data, err)
}

func TestGarbageInTheCacheIsIgnored(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(data []byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"cut":       func(data []byte) []byte { return data[:len(data)-1] },
		"head only": func(data []byte) []byte { return data[:10] },
		"longer":    func(data []byte) []byte { return append(data, '}') },
		"flipped":   func(data []byte) []byte { data[len(data)-3] ^= 1; return data },
		"version":   func(data []byte) []byte { data[20] ^= 1; return data },
		"text":      func([]byte) []byte { return []byte(`{"name":"Eve"} and so on`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			cache := bad{memory.NewCache(memory.CacheOptions{}), func(_ context.Context, _ string, data []byte, err error) ([]byte, error) {
				if err == nil {
					data = spoil(data)
				}
				return data, err
			}}
			users, _ := cachedUsers(t, memory.NewStore(memory.StoreOptions{}), cache)
			if _, err := users.Create(ctx, "ann", User{Name: "Ann"}); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if ann, err := users.Get(ctx, "ann"); err != nil || ann.Value.Name != "Ann" {
					t.Errorf("%+v, %v", ann.Value, err)
				}
			}
			if got := users.DB().CacheStats(); got.Hits != 0 || got.Misses != 3 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestACacheThatFailsOrHangsFailsNoRead(t *testing.T) {
	t.Parallel()
	for name, load := range map[string]func(ctx context.Context, name string, data []byte, err error) ([]byte, error){
		"fails": func(context.Context, string, []byte, error) ([]byte, error) { return nil, errors.New("broken") },
		"hangs": func(ctx context.Context, _ string, _ []byte, _ error) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				users, _ := cachedUsers(t, memory.NewStore(memory.StoreOptions{}), bad{memory.NewCache(memory.CacheOptions{}), load})
				if _, err := users.Create(ctx, "ann", User{Name: "Ann"}); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				for range 100 {
					if ann, err := users.Get(ctx, "ann"); err != nil || ann.Value.Name != "Ann" {
						t.Errorf("%+v, %v", ann.Value, err)
					}
				}
				if passed := time.Since(began); passed > 100*time.Millisecond {
					t.Errorf("100 reads took %v", passed)
				}
				pause(t, 3*time.Second)
				if _, err := users.Get(ctx, "ann"); err != nil {
					t.Error(err)
				}
				if got := users.DB().CacheStats(); got.Failures != 2 {
					t.Errorf("after some seconds the cache is not tried again: %+v", got)
				}
				_ = users.DB().Close()
			})
		})
	}
}

func TestACacheIsNotUsedWithoutAnIdentity(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users, plan := cachedUsers(t, memory.NewStore(memory.StoreOptions{}), memory.NewCache(memory.CacheOptions{}))
	if _, err := users.Create(ctx, "ann", User{Name: "Ann"}); err != nil {
		t.Fatal(err)
	}
	plan.On(faults.Match{Method: faults.Put, Times: faults.Always}).Fail(ports.ErrPermission) // may only read
	for range 3 {
		if ann, err := users.Get(ctx, "ann"); err != nil || ann.Value.Name != "Ann" {
			t.Errorf("%+v, %v", ann.Value, err)
		}
	}
	if got := users.DB().CacheStats(); got.Hits != 0 || got.Failures != 1 {
		t.Errorf("%+v", got)
	}
}

func TestLargeDocumentsAreNotCached(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users, _ := cachedUsers(t, memory.NewStore(memory.StoreOptions{}), memory.NewCache(memory.CacheOptions{}))
	if _, err := users.Create(ctx, "ann", User{Name: strings.Repeat("n", 1<<20)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := users.Get(ctx, "ann"); err != nil {
			t.Error(err)
		}
	}
	if got := users.DB().CacheStats(); got.Hits != 0 || got.Misses != 2 {
		t.Errorf("%+v", got)
	}
}
