package encryption_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// disk is a streamer that holds one object in a file, and nothing in memory.
type disk struct {
	*memory.Store
	path string
}

func (d disk) PutStream(_ context.Context, key string, body io.Reader, _ ports.Condition) (ports.ObjectInfo, error) {
	f, err := os.Create(d.path)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	n, err := io.Copy(f, body)
	return ports.ObjectInfo{Key: key, Version: "1", Size: n}, errors.Join(err, f.Close())
}

func (d disk) GetStream(_ context.Context, key string, _ ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	f, err := os.Open(d.path)
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	stat, err := f.Stat()
	return ports.ObjectInfo{Key: key, Version: "1", Size: stat.Size()}, f, err
}

// endless gives the same bytes again and again, up to left.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	e.left -= n
	return int(n), nil
}

// It counts every allocation of the process, so it runs alone.
func TestStreamsNeedConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 2 x 256 MiB")
	}
	const size, limit = 256 << 20, 24 << 20
	s := plainly(t, disk{memory.NewStore(memory.StoreOptions{}), filepath.Join(t.TempDir(), "object")}).(ports.Streamer)
	var before, written, read runtime.MemStats
	runtime.ReadMemStats(&before)
	info, err := s.PutStream(t.Context(), "k", &endless{size}, ports.Any)
	if err != nil || info.Size != size {
		t.Fatalf("put stream answers %+v, %v", info, err)
	}
	runtime.ReadMemStats(&written)
	_, body, err := s.GetStream(t.Context(), "k", ports.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, body)
	if err != nil || n != size {
		t.Fatalf("%d bytes are read, %v", n, err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&read)
	put, get := written.TotalAlloc-before.TotalAlloc, read.TotalAlloc-written.TotalAlloc
	t.Logf("a stream of %d MiB: %d KiB allocated in all to write it, %d KiB to read it", size>>20, put>>10, get>>10)
	if put > limit || get > limit {
		t.Errorf("over %d MiB", limit>>20)
	}
	if grown := int64(read.HeapSys) - int64(before.HeapSys); grown > limit {
		t.Errorf("the heap has grown by %d KiB", grown>>10)
	}
}
