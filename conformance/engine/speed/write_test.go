package speed

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/conformance"
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
func BenchmarkCreateDurable(b *testing.B) { compareCreate(b, fs.SyncFull) }

// BenchmarkCreateUnsynced is the same without any flush.
func BenchmarkCreateUnsynced(b *testing.B) { compareCreate(b, fs.SyncNone) }

func compareCreate(b *testing.B, sync fs.Sync) {
	ctx := context.Background()
	root := b.TempDir()
	db := database(b, root, sync)
	docs, err := core.NewCollection[plain](ctx, db, "plain")
	if err != nil {
		b.Fatal(err)
	}
	raw := rawFolder(b, filepath.Join(root, "raw"))
	conformance.Compare(b, func(i int) error {
		return raw.create(i, sync == fs.SyncFull)
	}, func(i int) error {
		_, err := docs.Create(ctx, fmt.Sprintf("%09d", i), makePlain(i))
		return err
	})
}

// folder is what the floor writes into.
type folder struct{ *os.File }

func rawFolder(b *testing.B, path string) folder {
	b.Helper()
	err := os.Mkdir(path, 0o755)
	var opened *os.File
	if err == nil {
		opened, err = os.Open(path)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = opened.Close() })
	return folder{opened}
}

func (f folder) create(i int, durable bool) error {
	data, err := json.Marshal(makePlain(i))
	if err != nil {
		return err
	}
	path := filepath.Join(f.Name(), fmt.Sprintf("%09d.json", i))
	if err := writeFile(path+".tmp", data, durable); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil || !durable {
		return err
	}
	return f.Sync()
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
