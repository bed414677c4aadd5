package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

var listClauses = []Clause[StoreHarness]{
	{"OS-LST-1", "List MUST yield the objects in ascending byte order of their keys, each key at most once.", listOrder},
	{"OS-LST-2", "List MUST yield exactly the objects whose key has the byte prefix Prefix, is greater than StartAfter and less than EndBefore, at most Limit of them.", listSelection},
	{"OS-LST-3", "Without KeysOnly, version and size MUST be those that Get returns.", listDetails},
}

func listOrder(t *T, h StoreHarness) {
	first, second := h.pair(t)
	all := h.usableKeys(t, first.Capabilities())
	for i := range max(100, h.PageSize) + 7 {
		all = append(all, fmt.Sprintf("page/%07d.json", i*7919%1000003))
	}
	fill(t, first, all)
	want := slices.Sorted(slices.Values(all))
	for _, keysOnly := range []bool{false, true} {
		got := keys(t.list(second, ports.ListOptions{KeysOnly: keysOnly}))
		wantKeys(t, got, want, "list of everything")
	}
	for _, limit := range []int{h.PageSize - 1, h.PageSize, h.PageSize + 1} {
		if limit > 0 {
			got := keys(t.list(first, ports.ListOptions{Prefix: "page/", Limit: limit}))
			wantKeys(t, got, selectKeys(want, ports.ListOptions{Prefix: "page/", Limit: limit}), "list across a page")
		}
	}
}

// fill puts small objects, several at a time.
func fill(t *T, s ports.ObjectStore, all []string) {
	t.Helper()
	const hands = 8
	together(hands, func(hand int) {
		for i := hand; i < len(all); i += hands {
			if _, err := s.Put(t.Context(), all[i], []byte(all[i]), ports.Any); err != nil {
				t.Errorf("put of %q answers %v", short(all[i]), err)
				return
			}
		}
	})
	if t.Failed() {
		t.FailNow()
	}
}

func wantKeys(t *T, got, want []string, what string, args ...any) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	what = fmt.Sprintf(what, args...)
	missing, extra := without(want, got), without(got, want)
	if len(missing)+len(extra) > 0 {
		t.Errorf("%s misses %q and adds %q", what, missing, extra)
		return
	}
	for i := 1; i < len(got); i++ {
		if got[i-1] >= got[i] {
			t.Errorf("%s yields %q before %q", what, short(got[i-1]), short(got[i]))
			return
		}
	}
}

func listSelection(t *T, h StoreHarness) {
	s := h.open(t)
	all := []string{
		"a.json", "a.json2", "a-1", "a/1.json", "a/2.json", "a/b/1.json", "a/b/2.json", "a/bc.json", "a0", "aa/1", "ab", "b/1.json",
		"é/1", "éa", "e\u0301", "日本/1", "日木", "~x", ".hidden", ".sb/x", "B/1", "k/10", "k/100", "k/2",
	}
	fill(t, s, all)
	sorted := slices.Sorted(slices.Values(all))
	i := 0
	for _, prefix := range []string{"", "a", "a/", "a/b", "a/b/", "a/b/1.json", "a/b/1.json/", "é", "\xc3", "日", "\xe6\x97", "k/1", ".", "/", "a//", "../", "\xff", "zz"} {
		for _, after := range []string{"", "a/1.json", "a/1.json0", "a/b", "a0", "k/1", "é", "\xc3\xa9/0\xff", "\xff", " "} {
			for _, before := range []string{"", "a/2.json", "a/b0", "b", "k/100", "\xe6\x97\xa6", "\xff", " "} {
				opts := ports.ListOptions{Prefix: prefix, StartAfter: after, EndBefore: before}
				opts.Limit, opts.KeysOnly = []int{0, 1, 3, 1000}[i%4], i%8 >= 4
				i++
				wantKeys(t, keys(t.list(s, opts)), selectKeys(sorted, opts), "list of %+v", opts)
			}
		}
	}
	wantPaging(t, s, sorted)
}

// wantPaging walks through everything with each limit, going on after the last
// key each time, as a caller does that shows pages.
func wantPaging(t *T, s ports.ObjectStore, sorted []string) {
	t.Helper()
	for limit := 1; limit < 6; limit++ {
		var got []string
		for {
			opts := ports.ListOptions{Limit: limit}
			if len(got) > 0 {
				opts.StartAfter = got[len(got)-1]
			}
			page := keys(t.list(s, opts))
			got = append(got, page...)
			if len(page) < limit || len(got) > len(sorted) {
				break
			}
		}
		wantKeys(t, got, sorted, "list in pages of %d", limit)
	}
}

// selectKeys is what List has to answer, in the plainest words.
func selectKeys(sorted []string, opts ports.ListOptions) (want []string) {
	for _, key := range sorted {
		switch {
		case !strings.HasPrefix(key, opts.Prefix):
		case opts.StartAfter != "" && key <= opts.StartAfter:
		case opts.EndBefore != "" && key >= opts.EndBefore:
		case opts.Limit > 0 && len(want) == opts.Limit:
		default:
			want = append(want, key)
		}
	}
	return want
}

func listDetails(t *T, h StoreHarness) {
	first, second := h.pair(t)
	for i, key := range []string{"a.json", "b/1.json", "b/2.json", "é.json"} {
		t.put(first, key, make([]byte, 1000), ports.Any)
		t.put(first, key, make([]byte, i*i*100), ports.Any)
	}
	for _, s := range []ports.ObjectStore{first, second} {
		infos := t.list(s, ports.ListOptions{})
		if len(infos) != 4 {
			t.Fatalf("list answers %q, want 4 objects", keys(infos))
		}
		for _, info := range infos {
			o := t.get(second, info.Key)
			if info.Version != o.Version || info.Size != o.Size {
				t.Errorf("list answers %+v, get %+v", info, o.ObjectInfo)
			}
		}
	}
}
