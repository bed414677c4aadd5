package encryption_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// Whatever lies in the store, a read answers what was written or ErrCorrupt.
func FuzzAnObjectThatIsStored(f *testing.F) {
	inner := memory.NewStore(memory.StoreOptions{})
	s := plainly(f, inner)
	written := map[string]bool{}
	for _, n := range []int{0, 1, 100, 65536, 65537, 80_000} {
		data := random(n)
		written[string(data)] = true
		put(f, s, "k", data)
		object := get(f, inner, "k").Data
		f.Add(object, 0, byte(0))
		f.Add(object, 7, byte(1))
		f.Add(object[:len(object)/2], 12, byte(4))
		f.Add(append(object, object...), 70, byte(1))
	}
	f.Fuzz(func(t *testing.T, object []byte, at int, flip byte) {
		object = bytes.Clone(object)
		if at >= 0 && at < len(object) {
			object[at] ^= flip
		}
		inner := memory.NewStore(memory.StoreOptions{})
		s := encrypted(t, inner, keyring(t, key(1)), encryption.Options{})
		put(t, inner, "k", object)
		o, err := s.Get(t.Context(), "k", ports.GetOptions{})
		if err == nil && !written[string(o.Data)] {
			t.Errorf("%d bytes are read that were never written", len(o.Data))
		}
		if err != nil && !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("get answers %v", err)
		}
		_, body, streamErr := s.(ports.Streamer).GetStream(t.Context(), "k", ports.GetOptions{})
		var data []byte
		if streamErr == nil {
			data, streamErr = io.ReadAll(body)
		}
		if (err == nil) != (streamErr == nil) || (err == nil && !bytes.Equal(o.Data, data)) {
			t.Errorf("get answers %d bytes, %v, the stream %d, %v", len(o.Data), err, len(data), streamErr)
		}
		r := ports.Range{Offset: 70_000, Length: 10}
		part, err := s.Get(t.Context(), "k", ports.GetOptions{Range: r})
		if err != nil && !errors.Is(err, ports.ErrCorrupt) && !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("get of a range answers %v", err)
		}
		if whole := random(80_000); err == nil && !bytes.Equal(part.Data, whole[70_000:70_010]) {
			t.Errorf("a range is read as %x", part.Data)
		}
	})
}
