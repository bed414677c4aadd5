package engine_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// combination is a kind of object store with a kind of index.
type combination struct {
	name string
	open func(t *testing.T) *site
}

// site is where one database lives. Any number of "processes", which are
// databases opened on it, can be there at once.
type site struct {
	store ports.ObjectStore
	index ports.Index // nil: none
}

// likeS3 is what a memory store lacks to act as one.
var likeS3 = memory.StoreOptions{HashVersions: true, NoConditionalDelete: true, LateWrites: true}

var combinations = []combination{
	{"memory and memory", onMemory(memory.StoreOptions{})},
	{"memory as S3 and memory", onMemory(likeS3)},
	{"memory without nested keys and memory", onMemory(memory.StoreOptions{NoNestedKeys: true})},
	{"fs and bolt", onFiles(fs.SyncFull, true)},
	{"fs without index", onFiles(fs.SyncFull, false)},
	{"fs without sync and bolt", onFiles(fs.SyncNone, true)},
}

func onMemory(options memory.StoreOptions) func(t *testing.T) *site {
	return func(*testing.T) *site {
		return &site{store: memory.NewStore(options), index: memory.NewIndex(memory.IndexOptions{})}
	}
}

func onFiles(sync fs.Sync, indexed bool) func(t *testing.T) *site {
	return func(t *testing.T) *site {
		dir := t.TempDir()
		store, err := fs.Open(t.Context(), filepath.Join(dir, "data"), fs.Options{Sync: sync})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		s := &site{store: store}
		if indexed {
			index, err := bolt.Open(t.Context(), filepath.Join(dir, "index.bolt"), bolt.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, index.Close()) })
			s.index = index
		}
		return s
	}
}

// open starts a process on the site; it is closed when the test ends.
func (s *site) open(t *testing.T, change ...func(*core.Options)) *core.DB {
	t.Helper()
	options := core.Options{Components: core.Components{Index: s.index}}
	for _, fn := range change {
		fn(&options)
	}
	db, err := core.Open(t.Context(), s.store, options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// withoutIndex opens a process that has no index.
func withoutIndex(o *core.Options) { o.Index = nil }

// put writes an object by other means than the database.
func (s *site) put(t *testing.T, key, body string) {
	t.Helper()
	_, err := s.store.Put(t.Context(), key, []byte(body), ports.Any)
	require.NoError(t, err)
}

// body reads an object by other means.
func (s *site) body(t *testing.T, key string) string {
	t.Helper()
	object, err := s.store.Get(t.Context(), key, ports.GetOptions{})
	require.NoError(t, err)
	return string(object.Data)
}

// collection opens a collection.
func collection[T any](t *testing.T, db *core.DB, name string, definitions ...core.Definition) *core.Collection[T] {
	t.Helper()
	c, err := core.NewCollection[T](t.Context(), db, name, definitions...)
	require.NoError(t, err)
	return c
}

// ready waits for the indexes of a collection, unless its database has none.
func ready[T any](t *testing.T, s *site, c *core.Collection[T]) {
	t.Helper()
	if s.index != nil {
		require.NoError(t, c.WaitReady(t.Context()))
	}
}

// onEach runs a test on every combination, in time that passes by itself.
func onEach(t *testing.T, fn func(t *testing.T, s *site)) {
	t.Parallel()
	for _, c := range combinations {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { fn(t, c.open(t)) })
		})
	}
}

// background is a context for what outlives a test's own.
var background = context.Background()
