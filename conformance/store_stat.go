package conformance

import (
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

var statClauses = []Clause[StoreHarness]{
	{"OS-STA-1", "Stat of an absent key MUST answer ErrNotFound.", statAbsent},
	{"OS-STA-2", "Key, version and size of Stat MUST be those that Get returns.", statLikeGet},
}

func statAbsent(t *T, h StoreHarness) {
	s := h.open(t)
	_, err := s.Stat(t.Context(), "absent.json")
	t.wantErr(err, ports.ErrNotFound, "stat in an empty store")
	t.put(s, "folder/there.json", []byte("x"), ports.Any)
	for _, key := range []string{"folder", "folder/there", "folder/there.json2"} {
		_, err := s.Stat(t.Context(), key)
		t.wantErr(err, ports.ErrNotFound, "stat of %q", key)
	}
}

func statLikeGet(t *T, h StoreHarness) {
	first, second := h.pair(t)
	for i, size := range []int{0, 1, 5000, 2, 300 << 10} {
		for _, key := range []string{"same.json", fmt.Sprintf("own/%d.json", i)} {
			v := t.put(first, key, []byte(strings.Repeat("x", size)), ports.Any)
			for _, s := range []ports.ObjectStore{first, second} {
				info, err := s.Stat(t.Context(), key)
				t.must(err, "stat of %q", key)
				o := t.get(s, key)
				if info.Key != key || info.Size != int64(size) || info.Version != v {
					t.Errorf("stat answers %+v after put of %d bytes made version %q", info, size, v)
				}
				if o.Key != info.Key || o.Size != info.Size || o.Version != info.Version {
					t.Errorf("stat answers %+v, get %+v", info, o.ObjectInfo)
				}
			}
		}
	}
}
