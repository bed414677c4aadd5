package encryption_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// stores are what is compared: the same store with and without encryption.
func stores(b *testing.B) map[string]ports.ObjectStore {
	b.Helper()
	documents, streams := handles(b)
	gcm, err := encryption.FromHandles(documents, streams)
	if err != nil {
		b.Fatal(err)
	}
	return map[string]ports.ObjectStore{
		"plain":        memory.NewStore(memory.StoreOptions{}),
		"XAES-256-GCM": plainly(b, memory.NewStore(memory.StoreOptions{})),
		"AES-256-GCM":  encrypted(b, memory.NewStore(memory.StoreOptions{}), gcm, encryption.Options{}),
	}
}

func BenchmarkDocuments(b *testing.B) {
	for name, s := range stores(b) {
		for _, n := range []int{1 << 10, 16 << 10, 64 << 10} {
			data := random(n)
			b.Run(fmt.Sprintf("put/%d KiB/%s", n>>10, name), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					put(b, s, "users/42.json", data)
				}
			})
			b.Run(fmt.Sprintf("get/%d KiB/%s", n>>10, name), func(b *testing.B) {
				put(b, s, "users/42.json", data)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					get(b, s, "users/42.json")
				}
			})
		}
	}
}

// void is a streamer that holds one object and costs as little as can be.
type void struct {
	*memory.Store
	object []byte
}

func (v *void) PutStream(_ context.Context, key string, body io.Reader, _ ports.Condition) (ports.ObjectInfo, error) {
	n, err := io.Copy(io.Discard, body)
	return ports.ObjectInfo{Key: key, Version: "1", Size: n}, err
}

func (v *void) GetStream(_ context.Context, key string, _ ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	return ports.ObjectInfo{Key: key, Version: "1", Size: int64(len(v.object))}, io.NopCloser(bytes.NewReader(v.object)), nil
}

func BenchmarkStreams(b *testing.B) {
	for _, size := range []int64{1 << 20, 64 << 20} {
		inner := &void{Store: memory.NewStore(memory.StoreOptions{})}
		s := plainly(b, inner)
		put(b, s, "k", make([]byte, size))
		inner.object = get(b, inner.Store, "k").Data
		streamer := s.(ports.Streamer)
		b.Run(fmt.Sprintf("put/%d MiB", size>>20), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := streamer.PutStream(b.Context(), "k", &endless{size}, ports.Any); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("get/%d MiB", size>>20), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				_, body, err := streamer.GetStream(b.Context(), "k", ports.GetOptions{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
