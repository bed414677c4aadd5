package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

var keyClauses = []Clause[StoreHarness]{
	{"OS-KEY-1", "A key that ValidateKey refuses MUST be refused with ErrInvalidKey by Get, Put, Delete and Stat, before anything outside the process is touched.", invalidKeysAreRefused},
	{"OS-KEY-2", "Every key that ValidateKey accepts, and that has at most MaxKeyBytes bytes, MUST be usable, a longer one MUST be refused with ErrInvalidKey, and different keys MUST name different objects, whatever their case, Unicode form or likeness to names that the adapter uses itself.", validKeysAreDistinct},
	{"OS-KEY-3", `Where NestedKeys is true, "a" and "a/b" MUST be able to exist side by side; where it is false, the second one MUST be refused with ErrUnsupported, and the first one MUST stay as it was.`, nestedKeys},
}

func invalidKeysAreRefused(t *T, h StoreHarness) {
	s := h.open(t)
	t.put(s, "k.json", []byte("there"), ports.Any)
	before := t.state(s)
	for _, key := range invalidKeys() {
		if ports.ValidateKey(key) == nil {
			t.Fatalf("the table of invalid keys holds the valid %q", key)
		}
		for _, call := range storeCalls(s) {
			if call.keyed {
				t.wantErr(call.do(t.Context(), key), ports.ErrInvalidKey, "%s of %q", call.name, short(key))
			}
		}
		err := s.Delete(t.Context(), key, ports.IfVersion("v"))
		if s.Capabilities().ConditionalDelete || err == nil {
			t.wantErr(err, ports.ErrInvalidKey, "conditional delete of %q", short(key))
		}
	}
	t.wantState(s, before, "calls with invalid keys")
}

// usableKeys are the weird keys that this store can hold at the same time.
func (h StoreHarness) usableKeys(t *T, c ports.Capabilities) []string {
	t.Helper()
	all := weirdKeys()
	for key, reason := range h.Reserved {
		if !slices.Contains(all, key) || reason == "" {
			t.Errorf("the reserved key %q is none of the kit's, or has no reason", key)
		}
	}
	all = slices.DeleteFunc(all, func(key string) bool {
		_, reserved := h.Reserved[key]
		return reserved || len(key) > maxKeyBytes(c)
	})
	if c.NestedKeys {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(key string) bool {
		return slices.ContainsFunc(all, func(other string) bool { return strings.HasPrefix(key, other+"/") })
	})
}

// maxKeyBytes is the greatest length of a key that a store takes.
func maxKeyBytes(c ports.Capabilities) int {
	if c.MaxKeyBytes == 0 {
		return ports.MaxKeyBytes
	}
	return c.MaxKeyBytes
}

// wantLongRefused checks that a key which is too long for this store, and for
// this store alone, is refused.
func wantLongRefused(t *T, s ports.ObjectStore) {
	t.Helper()
	most := maxKeyBytes(s.Capabilities())
	if most == ports.MaxKeyBytes {
		return // longer ones are no keys at all: see OS-KEY-1
	}
	long := strings.Repeat("l/", ports.MaxKeyBytes)[:most] + "x"
	for _, call := range storeCalls(s) {
		if call.keyed {
			t.wantErr(call.do(t.Context(), long), ports.ErrInvalidKey, "%s of a key of %d bytes, where %d are the most,", call.name, len(long), most)
		}
	}
}

func validKeysAreDistinct(t *T, h StoreHarness) {
	first, second := h.pair(t)
	wantLongRefused(t, first)
	all := h.usableKeys(t, first.Capabilities())
	for i, key := range all {
		if err := ports.ValidateKey(key); err != nil {
			t.Fatalf("the table of weird keys: %v", err)
		}
		_, err := first.Put(t.Context(), key, fmt.Appendf(nil, "object %d", i), ports.IfAbsent)
		t.wantErr(err, nil, "put if absent of %q", short(key))
	}
	sorted := slices.Sorted(slices.Values(all))
	if got := keys(t.list(second, ports.ListOptions{})); !slices.Equal(got, sorted) {
		t.Errorf("list misses %q and adds %q", without(sorted, got), without(got, sorted))
	}
	for i, key := range all {
		t.wantBytes(second, key, fmt.Appendf(nil, "object %d", i), "after all were put")
		if info, err := second.Stat(t.Context(), key); err != nil || info.Key != key {
			t.Errorf("stat of %q answers %+v, %v", short(key), info, err)
		}
	}
	for i, key := range all {
		t.wantErr(second.Delete(t.Context(), key, ports.Any), nil, "delete of %q", short(key))
		_, err := first.Stat(t.Context(), key)
		t.wantErr(err, ports.ErrNotFound, "stat of %q after its delete", short(key))
		if i%16 != 15 && i != len(all)-1 {
			continue // listings are dear on servers; those that follow find what went with it
		}
		left := slices.Sorted(slices.Values(all[i+1:]))
		if got := keys(t.list(first, ports.ListOptions{KeysOnly: true})); !slices.Equal(got, left) {
			t.Fatalf("the deletes up to that of %q also removed %q, or left %q", short(key), without(left, got), without(got, left))
		}
	}
}

// without returns what of a is not in b, cut for messages.
func without(a, b []string) (rest []string) {
	for _, key := range a {
		if !slices.Contains(b, key) {
			rest = append(rest, short(key))
		}
	}
	return rest
}

func nestedKeys(t *T, h StoreHarness) {
	for _, order := range [][]string{{"a", "a/b", "a/b/c"}, {"a/b/c", "a/b", "a"}, {"a/b", "a", "a/b/c"}} {
		s := h.open(t)
		if s.Capabilities().NestedKeys {
			wantNested(t, s, order)
			continue
		}
		t.unsupported("nested keys; the second one is refused and the first one stays")
		t.put(s, order[0], []byte("first"), ports.Any)
		before := t.state(s)
		for _, cond := range []ports.Condition{ports.Any, ports.IfAbsent} {
			_, err := s.Put(t.Context(), order[1], []byte("second"), cond)
			t.wantErr(err, ports.ErrUnsupported, "put of %q beside %q", order[1], order[0])
			t.wantState(s, before, "put of %q", order[1])
		}
	}
}

func wantNested(t *T, s ports.ObjectStore, order []string) {
	t.Helper()
	want := map[string]string{}
	check := func(when string) {
		t.Helper()
		for key, data := range want {
			t.wantBytes(s, key, []byte(data), "%s", when)
		}
		if got := t.list(s, ports.ListOptions{}); len(got) != len(want) {
			t.Errorf("%s list answers %q, want %d objects", when, keys(got), len(want))
		}
	}
	for round, cond := range []ports.Condition{ports.IfAbsent, ports.Any} {
		for _, key := range order {
			want[key] = fmt.Sprintf("%s %d", key, round)
			t.put(s, key, []byte(want[key]), cond)
			check("after put of " + key)
		}
	}
	for _, key := range order {
		delete(want, key)
		t.must(s.Delete(context.WithoutCancel(t.Context()), key, ports.Any), "delete of %q", key)
		check("after delete of " + key)
	}
}
