package conformance

import (
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

var versionClauses = []Clause[StoreHarness]{
	{"OS-VER-1", "Two states of a key with different bytes MUST have different versions.", versionsDiffer},
	{"OS-VER-2", "Where UniqueVersions is true, every successful Put MUST give the key a version that it never had before, even for the same bytes and also across deletion.", versionsAreUnique},
	{"OS-VER-3", "Get, Stat, List and the answer of Put MUST agree on the version of a state, in every process.", versionsAgree},
}

// versionsDiffer puts in quick succession, with equal sizes, so that a clock
// or a size is not enough to tell the states apart.
func versionsDiffer(t *T, h StoreHarness) {
	first, second := h.pair(t)
	seen := map[ports.Version]string{}
	for i := range 200 {
		s := first
		if i%2 == 1 {
			s = second
		}
		body := fmt.Sprintf("%06d", i)
		v := t.put(s, "k.json", []byte(body), ports.Any)
		if v == "" {
			t.Fatalf("put answers an empty version")
		}
		if other, ok := seen[v]; ok {
			t.Fatalf("version %q was made by puts of %q and %q", v, other, body)
		}
		seen[v] = body
	}
	states := map[ports.Version]string{}
	together(16, func(i int) {
		_, err := second.Put(t.Context(), fmt.Sprintf("own/%d", i), []byte("x"), ports.Any)
		t.wantErr(err, nil, "put")
	})
	for round := range 20 {
		body := strings.Repeat("x", round)
		v := t.put(first, "sizes.json", []byte(body), ports.Any)
		if other, ok := states[v]; ok && other != body {
			t.Fatalf("version %q was made by puts of %q and %q", v, other, body)
		}
		states[v] = body
	}
}

func versionsAreUnique(t *T, h StoreHarness) {
	first, second := h.pair(t)
	if !first.Capabilities().UniqueVersions {
		t.absent("unique versions are not claimed")
		return
	}
	seen := map[ports.Version]int{}
	for i := range 100 {
		s := first
		if i%3 == 1 {
			s = second
		}
		v := t.put(s, "k.json", []byte("the same bytes"), ports.Any)
		if before, ok := seen[v]; ok {
			t.Fatalf("put %d made version %q, as put %d did", i, v, before)
		}
		seen[v] = i
		if i%2 == 1 {
			t.must(s.Delete(t.Context(), "k.json", ports.Any), "delete")
		}
	}
	if again, ok := h.reopen(t, first); ok {
		for range 3 {
			v := t.put(again, "k.json", []byte("the same bytes"), ports.Any)
			if before, ok := seen[v]; ok {
				t.Fatalf("a put after reopening made version %q, as put %d did", v, before)
			}
			t.must(again.Delete(t.Context(), "k.json", ports.Any), "delete")
		}
	}
}

func versionsAgree(t *T, h StoreHarness) {
	first, second := h.pair(t)
	written := map[string]ports.Version{}
	for i, key := range []string{"a.json", "b/1.json", "empty.json", "é.json"} {
		written[key] = t.put(first, key, []byte("old"), ports.Any)
		written[key] = t.put(second, key, make([]byte, i*300), ports.IfVersion(written[key]))
	}
	clients := []ports.ObjectStore{first, second}
	check := func(s ports.ObjectStore, who string) {
		t.Helper()
		for key, v := range written {
			info, err := s.Stat(t.Context(), key)
			if o := t.get(s, key); err != nil || o.Version != v || info.Version != v {
				t.Errorf("%s: put of %q made version %q, get answers %q, stat %q, %v", who, key, v, o.Version, info.Version, err)
			}
		}
		for _, info := range t.list(s, ports.ListOptions{}) {
			if info.Version != written[info.Key] {
				t.Errorf("%s: put of %q made version %q, list answers %q", who, info.Key, written[info.Key], info.Version)
			}
		}
	}
	for i, s := range clients {
		check(s, fmt.Sprintf("client %d", i+1))
	}
	if again, ok := h.reopen(t, first); ok {
		check(again, "after reopening")
	}
}
