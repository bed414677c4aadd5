package speed

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/core"
)

// plain is an item without indexes.
type plain struct {
	Name    string `json:"name"`
	Count   int    `json:"count"`
	Comment string `json:"comment"`
}

func makePlain(i int) plain {
	whole := makeItem(i)
	return plain{Name: whole.Name, Count: i, Comment: whole.Comment}
}

// BenchmarkCreateDurable creates documents that survive a power cut. The floor
// is the least that makes a file durable and atomic: write, fsync, rename,
// fsync of the folder.
func BenchmarkCreateDurable(b *testing.B) {
	b.Run("impl=raw", func(b *testing.B) { rawCreate(b, true) })
	b.Run("impl=core", func(b *testing.B) { coreCreate(b, fs.SyncFull) })
}

// BenchmarkCreateUnsynced is the same without any flush.
func BenchmarkCreateUnsynced(b *testing.B) {
	b.Run("impl=raw", func(b *testing.B) { rawCreate(b, false) })
	b.Run("impl=core", func(b *testing.B) { coreCreate(b, fs.SyncNone) })
}

func rawCreate(b *testing.B, durable bool) {
	folder := b.TempDir()
	dir, err := os.Open(folder)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		data, _ := json.Marshal(makePlain(i))
		path := filepath.Join(folder, fmt.Sprintf("%09d.json", i))
		if err := writeFile(path+".tmp", data, durable); err != nil {
			b.Fatal(err)
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			b.Fatal(err)
		}
		if durable {
			if err := dir.Sync(); err != nil {
				b.Fatal(err)
			}
		}
		i++
	}
}

func writeFile(path string, data []byte, durable bool) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err = file.Write(data); err == nil && durable {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

func coreCreate(b *testing.B, sync fs.Sync) {
	ctx := context.Background()
	db := database(b, b.TempDir(), sync)
	docs, err := core.NewCollection[plain](ctx, db, "plain")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := docs.Create(ctx, fmt.Sprintf("%09d", i), makePlain(i)); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
