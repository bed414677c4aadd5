package conformance

import (
	"bytes"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var getClauses = []Clause[StoreHarness]{
	{"OS-GET-1", "Get of an absent key MUST answer ErrNotFound.", getAbsent},
	{"OS-GET-2", "Get MUST answer one state: bytes, version and size that belong together.", getOneState},
	{"OS-GET-3", "Get with IfNoneMatch equal to the current version MUST answer ErrNotModified, with any other one the object.", getIfNoneMatch},
	{"OS-GET-4", "Get with a Range MUST return exactly those bytes, cut at the end of the object, and Size of the whole; a range that is negative or starts at or beyond the end MUST answer ErrInvalidKey.", getRange},
	{"OS-GET-5", "The slice that Get returns MUST be the caller's own: not shared with the store or another call.", getOwnSlice},
}

func getAbsent(t *T, h StoreHarness) {
	s := h.open(t)
	get := func(key string, opts ports.GetOptions, when string) {
		t.Helper()
		_, err := s.Get(t.Context(), key, opts)
		t.wantErr(err, ports.ErrNotFound, "get of %q %s", key, when)
	}
	get("absent.json", ports.GetOptions{}, "in an empty store")
	get("absent.json", ports.GetOptions{IfNoneMatch: "v"}, "with IfNoneMatch")
	get("absent.json", ports.GetOptions{Range: ports.Range{Offset: 1, Length: 1}}, "with a range")
	t.put(s, "folder/there.json", []byte("x"), ports.Any)
	get("folder", ports.GetOptions{}, "which is a prefix of another key")
	get("folder/there", ports.GetOptions{}, "which is a prefix of another key")
}

func getOneState(t *T, h StoreHarness) {
	first, second := h.pair(t)
	const key = "state.json"
	body := func(writer, round int) []byte {
		return bytes.Repeat([]byte{byte('a' + writer)}, 100+37*(round%50))
	}
	type reading struct {
		version ports.Version
		data    string
	}
	var mu sync.Mutex
	written, read := map[ports.Version]string{}, map[reading]bool{}
	var looks, writers atomic.Int64
	writers.Store(2)
	written[t.put(first, key, body(9, 0), ports.Any)] = string(body(9, 0))
	together(6, func(i int) {
		if i >= 2 {
			for ; writers.Load() > 0; looks.Add(1) {
				o, err := second.Get(t.Context(), key, ports.GetOptions{})
				t.wantErr(err, nil, "get during replacement")
				if o.Size != int64(len(o.Data)) || o.Key != key {
					t.Errorf("get answers key %q and size %d with %d bytes", o.Key, o.Size, len(o.Data))
				}
				mu.Lock()
				read[reading{o.Version, string(o.Data)}] = true
				mu.Unlock()
			}
			return
		}
		defer writers.Add(-1)
		for round := 0; round < 500 && (round < 30 || looks.Load() < 200); round++ {
			data := body(i, round)
			v, err := first.Put(t.Context(), key, data, ports.Any)
			t.wantErr(err, nil, "put")
			mu.Lock()
			written[v] = string(data)
			mu.Unlock()
		}
	})
	for r := range read {
		if written[r.version] != r.data {
			t.Errorf("get answered version %q with %s, but that version was put with %s", r.version, excerpt([]byte(r.data)), excerpt([]byte(written[r.version])))
		}
	}
}

func getIfNoneMatch(t *T, h StoreHarness) {
	s := h.open(t)
	old := t.put(s, "k.json", []byte("old"), ports.Any)
	current := t.put(s, "k.json", []byte("new"), ports.Any)
	other := t.put(s, "other.json", []byte("another object"), ports.Any)
	for _, tt := range []struct {
		version ports.Version
		want    error
	}{{current, ports.ErrNotModified}, {old, nil}, {"no version at all", nil}, {"", nil}, {other, nil}} {
		if tt.version == current && tt.want == nil {
			continue // the versions of different keys may be equal
		}
		o, err := s.Get(t.Context(), "k.json", ports.GetOptions{IfNoneMatch: tt.version})
		t.wantErr(err, tt.want, "get if not %q of version %q", tt.version, current)
		if tt.want == nil && (string(o.Data) != "new" || o.Version != current) {
			t.Errorf("get if not %q answers %s, version %q, want \"new\", %q", tt.version, excerpt(o.Data), o.Version, current)
		}
	}
}

func getRange(t *T, h StoreHarness) {
	s := h.open(t)
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i)
	}
	for _, size := range []int64{0, 1, 10, 1000} {
		key := fmt.Sprintf("%d.bin", size)
		t.put(s, key, data[:size], ports.Any)
		for _, offset := range []int64{0, 1, 5, size - 1, size, size + 1, 5000, math.MaxInt64, -1, math.MinInt64} {
			for _, length := range []int64{0, 1, 3, size, size + 1, math.MaxInt64, -1} {
				wantRange(t, s, key, data[:size], ports.Range{Offset: offset, Length: length})
			}
		}
	}
}

func wantRange(t *T, s ports.ObjectStore, key string, whole []byte, r ports.Range) {
	t.Helper()
	o, err := s.Get(t.Context(), key, ports.GetOptions{Range: r})
	from, to, ok := r.Within(int64(len(whole)))
	switch {
	case !ok:
		t.wantErr(err, ports.ErrInvalidKey, "get of %s of %d bytes", r, len(whole))
	case err != nil:
		t.Errorf("get of %s of %d bytes answers %v", r, len(whole), err)
	case !bytes.Equal(o.Data, whole[from:to]):
		t.Errorf("get of %s of %d bytes answers %s, want %s", r, len(whole), excerpt(o.Data), excerpt(whole[from:to]))
	case o.Size != int64(len(whole)):
		t.Errorf("get of %s of %d bytes answers size %d", r, len(whole), o.Size)
	}
}

func getOwnSlice(t *T, h StoreHarness) {
	s := h.open(t)
	for _, size := range []int{1, 100, 300 << 10} {
		want := bytes.Repeat([]byte("x"), size)
		t.put(s, "k.json", want, ports.Any)
		one, two := t.get(s, "k.json").Data, t.get(s, "k.json").Data
		clear(one)
		_ = append(one, "behind the end"...)
		if !bytes.Equal(two, want) {
			t.Errorf("bytes from one get changed those from another, of %d bytes", size)
		}
		t.wantBytes(s, "k.json", want, "after the caller changed the bytes it got")
		part, err := s.Get(t.Context(), "k.json", ports.GetOptions{Range: ports.Range{Length: 1}})
		t.must(err, "get of a range")
		_ = append(part.Data, "behind the end"...)
		t.wantBytes(s, "k.json", want, "after the caller appended to a range")
	}
	t.put(s, "empty.json", nil, ports.Any)
	if o := t.get(s, "empty.json"); len(o.Data) != 0 || o.Size != 0 {
		t.Errorf("get of an empty object answers %s, size %d", excerpt(o.Data), o.Size)
	}
}
