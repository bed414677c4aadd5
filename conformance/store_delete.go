package conformance

import (
	"slices"

	"github.com/smarterbase/smarterbase/ports"
)

var deleteClauses = []Clause[StoreHarness]{
	{"OS-DEL-1", "Deleting an absent key with Any MUST answer nil.", deleteAbsent},
	{"OS-DEL-2", "Where ConditionalDelete is true, Delete IfVersion MUST answer ErrPrecondition on another version and where no object exists, and change nothing; where it is false, every condition but Any MUST answer ErrUnsupported and change nothing.", deleteIfVersion},
	{"OS-DEL-3", "Delete IfAbsent MUST be refused with ErrUnsupported.", deleteIfAbsent},
	{"OS-DEL-4", "After Delete, Get and Stat MUST answer ErrNotFound, and List MUST leave the key out.", deleteRemoves},
}

func deleteAbsent(t *T, h StoreHarness) {
	s := h.open(t)
	remove := func(key, when string) {
		t.Helper()
		t.wantErr(s.Delete(t.Context(), key, ports.Any), nil, "delete of %q %s", key, when)
	}
	remove("absent.json", "in an empty store")
	t.put(s, "folder/there.json", []byte("x"), ports.Any)
	before := t.state(s)
	remove("folder", "which is a prefix of another key")
	remove("folder/there", "which is a prefix of another key")
	remove("folder/absent.json", "beside another key")
	t.wantState(s, before, "delete of absent keys")
	remove("folder/there.json", "that is there")
	remove("folder/there.json", "for the second time")
}

func deleteIfVersion(t *T, h StoreHarness) {
	first, second := h.pair(t)
	v1 := t.put(first, "k.json", []byte("one"), ports.Any)
	v2 := t.put(second, "k.json", []byte("two"), ports.IfVersion(v1))
	before := t.state(first)
	want := ports.ErrPrecondition
	if !first.Capabilities().ConditionalDelete {
		want = ports.ErrUnsupported
		t.unsupported("conditional delete; every condition is refused and changes nothing")
		t.wantErr(first.Delete(t.Context(), "k.json", ports.IfVersion(v2)), want, "delete if the current version")
		t.wantState(second, before, "delete if the current version")
	}
	for _, v := range []ports.Version{v1, "", "no version at all", v2 + "0"} {
		for _, s := range []ports.ObjectStore{first, second} {
			t.wantErr(s.Delete(t.Context(), "k.json", ports.IfVersion(v)), want, "delete if version %q of %q", v, v2)
			t.wantErr(s.Delete(t.Context(), "absent.json", ports.IfVersion(v)), want, "delete if version %q of an absent key", v)
		}
	}
	t.wantState(second, before, "a refused delete")
	if !first.Capabilities().ConditionalDelete {
		return
	}
	t.wantErr(second.Delete(t.Context(), "k.json", ports.IfVersion(v2)), nil, "delete if the current version")
	t.wantState(first, state{}, "that delete left something behind or")
	t.wantErr(first.Delete(t.Context(), "k.json", ports.IfVersion(v2)), want, "the same delete again")
}

func deleteIfAbsent(t *T, h StoreHarness) {
	s := h.open(t)
	t.put(s, "k.json", []byte("there"), ports.Any)
	before := t.state(s)
	t.wantErr(s.Delete(t.Context(), "k.json", ports.IfAbsent), ports.ErrUnsupported, "delete if absent of an object")
	t.wantErr(s.Delete(t.Context(), "absent.json", ports.IfAbsent), ports.ErrUnsupported, "delete if absent of an absent key")
	t.wantState(s, before, "delete if absent")
}

func deleteRemoves(t *T, h StoreHarness) {
	first, second := h.pair(t)
	all := []string{"a.json", "a/b.json", "a/b/c.json", "a/d.json", "z.json"}
	for _, key := range all {
		t.put(first, key, []byte(key), ports.Any)
	}
	for len(all) > 0 {
		i := len(all) / 2
		key := all[i]
		all = slices.Delete(all, i, i+1)
		t.must(first.Delete(t.Context(), key, ports.Any), "delete of %q", key)
		for _, s := range []ports.ObjectStore{first, second} {
			_, err := s.Get(t.Context(), key, ports.GetOptions{})
			t.wantErr(err, ports.ErrNotFound, "get of %q after its delete", key)
			_, err = s.Stat(t.Context(), key)
			t.wantErr(err, ports.ErrNotFound, "stat of %q after its delete", key)
			if left := keys(t.list(s, ports.ListOptions{})); !slices.Equal(left, all) {
				t.Errorf("list after the delete of %q answers %q, want %q", key, left, all)
			}
		}
	}
	t.put(second, "z.json", []byte("anew"), ports.IfAbsent)
	t.wantBytes(first, "z.json", []byte("anew"), "after it was deleted and made anew")
}
