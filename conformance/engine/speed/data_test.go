package speed

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
)

// item is a document of about one KiB.
type item struct {
	Name    string    `json:"name"`
	Group   string    `json:"group" sb:"index"`
	Score   float64   `json:"score"`
	Count   int       `json:"count"`
	At      time.Time `json:"at"`
	Tags    []string  `json:"tags"`
	Comment string    `json:"comment"`
}

const (
	many   = 10_000 // documents of the collection that is queried
	groups = 100    // each of many/groups documents
)

func makeItem(i int) item {
	return item{
		Name: fmt.Sprintf("item number %d", i), Group: fmt.Sprintf("group-%03d", i%groups),
		Score: float64(i*7919%many) / 16, Count: i, At: time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC),
		Tags: []string{"red", "green", "blue"}, Comment: strings.Repeat("the quick brown fox ", 41),
	}
}

// database opens a database on files, with the embedded index.
func database(tb testing.TB, root string, sync fs.Sync) *core.DB {
	tb.Helper()
	ctx := context.Background()
	store, err := fs.Open(ctx, root, fs.Options{Sync: sync})
	if err != nil {
		tb.Fatal(err)
	}
	index, err := bolt.Open(ctx, filepath.Join(root, fs.MetadataDir, "index.bolt"), bolt.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	db, err := core.Open(ctx, store, core.Options{Components: core.Components{Index: index}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for _, err := range []error{db.Close(), index.Close(), store.Close()} {
			if err != nil {
				tb.Error(err)
			}
		}
	})
	return db
}

var library struct {
	sync.Once
	root string
}

// stocked returns a folder with many documents in the collection "items",
// indexed, made once for all benchmarks.
func stocked(b testing.TB) (root string, items *core.Collection[item]) {
	b.Helper()
	ctx := context.Background()
	library.Do(func() {
		root, err := os.MkdirTemp("", "speed")
		if err != nil {
			b.Fatal(err)
		}
		library.root = root
	})
	db := database(b, library.root, fs.SyncNone)
	items, err := core.NewCollection[item](ctx, db, "items")
	if err != nil {
		b.Fatal(err)
	}
	if found, err := items.Exists(ctx, fmt.Sprintf("%06d", many-1)); err != nil || !found {
		docs := make([]core.Document[item], many)
		for i := range docs {
			docs[i] = core.Document[item]{ID: fmt.Sprintf("%06d", i), Value: makeItem(i)}
		}
		if _, err := items.PutAll(ctx, docs); err != nil {
			b.Fatal(err)
		}
	}
	if err := items.WaitReady(ctx); err != nil {
		b.Fatal(err)
	}
	return filepath.Join(library.root, "items"), items
}

func TestMain(m *testing.M) {
	code := m.Run()
	services.Stop()
	if library.root != "" {
		_ = os.RemoveAll(library.root)
	}
	os.Exit(code)
}

func readItem(path string) (value item, err error) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &value)
	}
	return value, err
}
