package encryption_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// boundaries are sizes at which something changes: the form, a segment, the
// batch that is read at a time.
var boundaries = []int{
	0, 1, 100, 4039, 4040, 4041, 65535, 65536, 65537, 65240 + 4080, 65240 + 4080 + 1, 4040 + 16*4080 - 1, 4040 + 16*4080,
	4040 + 16*4080 + 1, 4040 + 32*4080, 4040 + 33*4080 + 17, 1 << 20, 3<<20 + 12345,
}

var randoms sync.Map // by size

// random returns n bytes, the same ones each time.
func random(n int) []byte {
	if known, ok := randoms.Load(n); ok {
		return bytes.Clone(known.([]byte))
	}
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b) // never fails
	randoms.Store(n, b)
	return bytes.Clone(b)
}

func put(t testing.TB, s ports.ObjectStore, key string, data []byte) ports.Version {
	t.Helper()
	v, err := s.Put(t.Context(), key, data, ports.Any)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func get(t testing.TB, s ports.ObjectStore, key string) ports.Object {
	t.Helper()
	o, err := s.Get(t.Context(), key, ports.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func putStream(t testing.TB, s ports.ObjectStore, key string, data []byte) ports.ObjectInfo {
	t.Helper()
	info, err := s.(ports.Streamer).PutStream(t.Context(), key, bytes.NewReader(data), ports.Any)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// getStream reads a range as a stream.
func getStream(ctx context.Context, s ports.ObjectStore, key string, r ports.Range) (ports.ObjectInfo, []byte, error) {
	info, body, err := s.(ports.Streamer).GetStream(ctx, key, ports.GetOptions{Range: r})
	if err != nil {
		return info, nil, err
	}
	data, err := io.ReadAll(body)
	return info, data, errors.Join(err, body.Close())
}

func TestWhatIsWrittenInOneWayIsReadInTheOther(t *testing.T) {
	t.Parallel()
	s := plainly(t, memory.NewStore(memory.StoreOptions{}))
	for _, n := range boundaries {
		want := random(n)
		put(t, s, "put", want)
		if info := putStream(t, s, "streamed", want); info.Size != int64(n) {
			t.Errorf("put stream of %d bytes answers size %d", n, info.Size)
		}
		for _, key := range []string{"put", "streamed"} {
			o := get(t, s, key)
			info, data, err := getStream(t.Context(), s, key, ports.Range{})
			stat, statErr := s.Stat(t.Context(), key)
			if err != nil || statErr != nil || !bytes.Equal(o.Data, want) || !bytes.Equal(data, want) {
				t.Fatalf("%q of %d bytes is read as %d and %d bytes, %v, %v", key, n, len(o.Data), len(data), err, statErr)
			}
			if o.Size != int64(n) || info != o.ObjectInfo || stat != o.ObjectInfo {
				t.Errorf("%q of %d bytes: get answers %+v, get stream %+v, stat %+v", key, n, o.ObjectInfo, info, stat)
			}
		}
	}
}

func TestRangesAreThoseOfThePlaintext(t *testing.T) {
	t.Parallel()
	s := plainly(t, memory.NewStore(memory.StoreOptions{}))
	dice := rand.New(rand.NewPCG(1, 2))
	for _, n := range boundaries {
		want := random(n)
		put(t, s, "k", want)
		for range min(200, 20+10_000_000/(n+1)) {
			r := ports.Range{Offset: dice.Int64N(int64(n) + 2), Length: dice.Int64N(int64(n) + 10)}
			if dice.IntN(2) == 0 {
				r.Length = dice.Int64N(5000)
			}
			o, err := s.Get(t.Context(), "k", ports.GetOptions{Range: r})
			info, data, streamErr := getStream(t.Context(), s, "k", r)
			from, to, ok := r.Within(int64(n))
			if !ok {
				if !errors.Is(err, ports.ErrInvalidKey) || !errors.Is(streamErr, ports.ErrInvalidKey) {
					t.Fatalf("%v of %d bytes: %v, %v", r, n, err, streamErr)
				}
				continue
			}
			if err != nil || streamErr != nil || !bytes.Equal(o.Data, want[from:to]) || !bytes.Equal(data, want[from:to]) {
				t.Fatalf("%v of %d bytes: %d and %d bytes, %v, %v", r, n, len(o.Data), len(data), err, streamErr)
			}
			if o.Size != int64(n) || info.Size != int64(n) {
				t.Fatalf("%v of %d bytes: sizes %d and %d", r, n, o.Size, info.Size)
			}
		}
	}
}

func TestNothingOfThePlaintextIsStored(t *testing.T) {
	t.Parallel()
	inner := memory.NewStore(memory.StoreOptions{})
	s := plainly(t, inner)
	secret := strings.Repeat("a secret that stays one. ", 8000)
	for _, n := range []int{25, 1000, 60_000, len(secret)} {
		put(t, s, "k", []byte(secret[:n]))
		first := get(t, inner, "k").Data
		put(t, s, "k", []byte(secret[:n]))
		second := get(t, inner, "k").Data
		if bytes.Contains(first, []byte("secret")) {
			t.Errorf("an object of %d bytes is stored in the clear", n)
		}
		if bytes.Equal(first, second) {
			t.Errorf("two writes of the same %d bytes are stored the same", n)
		}
	}
}

// meter counts the requests and the bytes that it gives.
type meter struct {
	*memory.Store
	requests, bytes atomic.Int64
}

func (m *meter) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	o, err := m.Store.Get(ctx, key, opts)
	m.requests.Add(1)
	m.bytes.Add(int64(len(o.Data)))
	return o, err
}

func (m *meter) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	info, body, err := m.Store.GetStream(ctx, key, opts)
	m.requests.Add(1)
	if err == nil {
		from, to, _ := opts.Range.Within(info.Size)
		m.bytes.Add(to - from)
	}
	return info, body, err
}

func TestARangeFetchesOnlyTheSegmentsThatItNeeds(t *testing.T) {
	t.Parallel()
	inner := &meter{Store: memory.NewStore(memory.StoreOptions{})}
	s := plainly(t, inner)
	put(t, s, "small", random(1000))
	put(t, s, "large", random(10<<20))
	for _, tt := range []struct {
		key             string
		r               ports.Range
		requests, bytes int64
	}{
		{"small", ports.Range{Offset: 10, Length: 10}, 1, 1064},
		{"small", ports.Range{Offset: 10}, 1, 1064},
		{"large", ports.Range{Offset: 10, Length: 10}, 1, 65600},
		{"large", ports.Range{Offset: 60_000, Length: 20_000}, 1, 16 + 20*4096},
		{"large", ports.Range{Offset: 5 << 20, Length: 1}, 2, 56 + 4096},
		{"large", ports.Range{Offset: 5 << 20, Length: 100_000}, 2, 56 + 25*4096},
		{"large", ports.Range{Offset: 10<<20 - 5}, 2, 56 + 96},
	} {
		inner.requests.Store(0)
		inner.bytes.Store(0)
		if _, err := s.Get(t.Context(), tt.key, ports.GetOptions{Range: tt.r}); err != nil {
			t.Fatal(err)
		}
		if requests, n := inner.requests.Load(), inner.bytes.Load(); requests != tt.requests || n > tt.bytes+4096 || n < tt.bytes-4096 {
			t.Errorf("%v of %s: %d requests of %d bytes, want %d of about %d", tt.r, tt.key, requests, n, tt.requests, tt.bytes)
		}
		got := inner.bytes.Swap(0)
		if _, _, err := getStream(t.Context(), s, tt.key, tt.r); err != nil {
			t.Fatal(err)
		}
		if n := inner.bytes.Load(); n != got {
			t.Errorf("%v of %s: %d bytes as a stream, %d at once", tt.r, tt.key, n, got)
		}
	}
}

// restless replaces an object after each read of a header.
type restless struct {
	*memory.Store
	outer   func() ports.ObjectStore
	changes int
	data    [][]byte
}

func (r *restless) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	o, err := r.Store.Get(ctx, key, opts)
	if opts.Range.Length == 56 && r.changes > 0 {
		r.changes--
		if _, err := r.outer().Put(ctx, key, r.data[r.changes%len(r.data)], ports.Any); err != nil {
			return ports.Object{}, err
		}
	}
	return o, err
}

func TestARangeIsOfOneStateOrBusy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		changes int
		want    error
	}{{0, nil}, {1, nil}, {7, nil}, {8, ports.ErrBusy}} {
		for _, stream := range []bool{false, true} {
			inner := &restless{Store: memory.NewStore(memory.StoreOptions{}), data: [][]byte{
				bytes.Repeat([]byte("a"), 200_000), bytes.Repeat([]byte("b"), 150_000),
			}}
			s := plainly(t, inner)
			inner.outer = func() ports.ObjectStore { return s }
			put(t, s, "k", bytes.Repeat([]byte("c"), 190_000))
			inner.changes = tt.changes
			r := ports.Range{Offset: 100_000, Length: 40_000}
			o, err := ports.Object{}, error(nil)
			if stream {
				_, o.Data, err = getStream(t.Context(), s, "k", r)
			} else {
				o, err = s.Get(t.Context(), "k", ports.GetOptions{Range: r})
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("after %d changes: %v, want %v", tt.changes, err, tt.want)
			}
			if err == nil && (len(o.Data) != 40_000 || len(bytes.Trim(o.Data, string(o.Data[:1]))) > 0) {
				t.Errorf("after %d changes: %d bytes of several states", tt.changes, len(o.Data))
			}
		}
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	keys := keyring(t, key(1))
	inner := memory.NewStore(memory.StoreOptions{})
	for name, open := range map[string]func() (ports.ObjectStore, error){
		"no inner store": func() (ports.ObjectStore, error) { return encryption.Store(nil, keys, encryption.Options{}) },
		"no keyring":     func() (ports.ObjectStore, error) { return encryption.Store(inner, nil, encryption.Options{}) },
		"exact sizes without plaintext": func() (ports.ObjectStore, error) {
			return encryption.Store(inner, keys, encryption.Options{ExactListSizes: true})
		},
		"no room": func() (ports.ObjectStore, error) {
			return encryption.Store(memory.NewStore(memory.StoreOptions{MaxObjectSize: 64}), keys, encryption.Options{})
		},
	} {
		if s, err := open(); s != nil || !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func TestTheCapabilitiesAreThoseOfTheInnerStore(t *testing.T) {
	t.Parallel()
	for _, opts := range []memory.StoreOptions{{}, {HashVersions: true, NoConditionalDelete: true, NoNestedKeys: true, LateWrites: true}} {
		want := memory.NewStore(opts).Capabilities()
		want.Name = "encrypted memory"
		if got := plainly(t, memory.NewStore(opts)).Capabilities(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	for limit, want := range map[int64]int64{100: 36, 65600: 65536, 65700: 65536, 1 << 20: 1<<20 - 40 - 16 - 257*16 + 16} {
		got := plainly(t, memory.NewStore(memory.StoreOptions{MaxObjectSize: limit})).Capabilities().MaxObjectSize
		if got != want {
			t.Errorf("of %d bytes, %d are left, want %d", limit, got, want)
		}
	}
}

// bare has no optional interface.
type bare struct{ ports.ObjectStore }

func TestOnlyWhatTheInnerStoreHasIsOffered(t *testing.T) {
	t.Parallel()
	s := plainly(t, bare{memory.NewStore(memory.StoreOptions{})})
	_, streams := ports.As[ports.Streamer](s)
	_, batches := ports.As[ports.BatchDeleter](s)
	_, pings := ports.As[ports.Pinger](s)
	_, closes := ports.As[io.Closer](s)
	if streams || batches || pings || closes {
		t.Errorf("streams %v, batches %v, pings %v, closes %v", streams, batches, pings, closes)
	}
	for _, n := range []int{10, 200_000} {
		put(t, s, "k", random(n))
		if o, err := s.Get(t.Context(), "k", ports.GetOptions{Range: ports.Range{Offset: 5, Length: 3}}); err != nil || len(o.Data) != 3 {
			t.Errorf("%d bytes: %v, %v", n, o, err)
		}
	}
	if _, ok := s.(ports.Unwrapper); ok {
		t.Error(fmt.Errorf("%T can be unwrapped", s))
	}
}
