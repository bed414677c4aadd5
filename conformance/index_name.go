package conformance

import (
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

var nameClauses = []Clause[IndexHarness]{
	{"IX-KEY-1", "Spaces and sets are any non-empty valid UTF-8 of at most 1,024 bytes, and different names MUST never share entries. An empty member, set or space, or one that is too long, MUST be refused with ErrInvalidKey, and then nothing of the call takes effect.", indexNames},
}

var dropClauses = []Clause[IndexHarness]{
	{"IX-DRP-1", "Drop MUST forget a set of a space with all its entries, or, with an empty set, the whole space with its epoch and its count, and touch nothing else; dropping what is not there is no error.", dropExactly},
}

// names are awkward names of spaces and sets: pairs of them, joined in any way,
// must not become equal.
func names() []string {
	return []string{
		"a", "A", "b", "a/b", "a:b", "a\x00b", "a\x00", "\x00a", "\x00", "a|b", "a b", " a", "a ", "{a}", "a}b", "a.b", "*", "?", "[a]", "é", "e\u0301",
		"_", "__", "a\nb", `a"b`, `a\b`, "1", "10", "\u0001", strings.Repeat("l", 1024), strings.Repeat("l", 1023), strings.Repeat("é", 512),
	}
}

func indexNames(t *T, h IndexHarness) {
	first, second := h.pair(t)
	id := identity(t, first)
	spaces := names()
	for i, name := range spaces {
		s := install(t, first, name, "e1")
		var list []ports.Entry
		for _, set := range names() {
			list = append(list, ports.Entry{Set: set, Member: []byte(name + " in " + set)})
		}
		t.wantErr(s.tryBegin(list), nil, "begin in the space %q", short(name))
		if i%2 == 1 {
			s.begin("a", "one more")
		}
	}
	for i, name := range spaces {
		s := space{t: t, ix: second, name: name, regime: ports.Regime{Epoch: "e1", Identity: id}}
		for _, set := range names() {
			want := []string{name + " in " + set}
			if i%2 == 1 && set == "a" {
				want = append(want, "one more")
			}
			sortedWant(s, 1+i%2, set, want)
		}
	}
	refuseNames(t, first)
}

func sortedWant(s space, begins int, set string, want []string) {
	s.t.Helper()
	if len(want) == 2 && want[0] > want[1] {
		want[0], want[1] = want[1], want[0]
	}
	s.want(begins, set, want...)
}

func refuseNames(t *T, ix ports.Index) {
	t.Helper()
	long := strings.Repeat("l", 1025)
	s := install(t, ix, "refusing", "e1")
	s.begin("s", "kept")
	for what, bad := range map[string]ports.Entry{
		"an empty member":     {Set: "s", Member: []byte{}},
		"a nil member":        {Set: "s"},
		"an empty set":        {Member: []byte("m")},
		"a set too long":      {Set: long, Member: []byte("m")},
		"a member too long":   {Set: "s", Member: make([]byte, ports.MaxMemberBytes+1)},
		"a set not in UTF-8":  {Set: "\xff", Member: []byte("m")},
		"a set cut in a rune": {Set: "\xe2\x82", Member: []byte("m")},
	} {
		t.wantErr(s.tryBegin([]ports.Entry{{Set: "s", Member: []byte("good")}, bad}), ports.ErrInvalidKey, "begin with %s", what)
		t.wantErr(s.tryEnd([]ports.Entry{{Set: "s", Member: []byte("kept")}, bad}), ports.ErrInvalidKey, "end with %s", what)
		s.want(1, "s", "kept")
	}
	for _, set := range []string{"", long, "\xff"} {
		_, _, err := s.query(ports.EntryRange{Set: set})
		t.wantErr(err, ports.ErrInvalidKey, "query of the set %q", short(set))
		_, err = ix.Count(t.Context(), s.name, s.regime, ports.EntryRange{Set: set})
		t.wantErr(err, ports.ErrInvalidKey, "count of the set %q", short(set))
	}
	for _, name := range []string{"", long, "\xff"} {
		bad := s
		bad.name = name
		t.wantErr(ix.Install(t.Context(), name, s.regime), ports.ErrInvalidKey, "install of the space %q", short(name))
		t.wantErr(bad.tryBegin(entries("s", "m")), ports.ErrInvalidKey, "begin in the space %q", short(name))
		t.wantErr(bad.tryEnd(entries("s", "m")), ports.ErrInvalidKey, "end in the space %q", short(name))
		t.wantErr(ix.Drop(t.Context(), name, "s"), ports.ErrInvalidKey, "drop in the space %q", short(name))
	}
	s.want(1, "s", "kept")
}

func dropExactly(t *T, h IndexHarness) {
	first, second := h.pair(t)
	drop := func(name, set string) {
		t.Helper()
		t.wantErr(second.Drop(t.Context(), name, set), nil, "drop of space %q, set %q", name, set)
	}
	drop("never there", "s")
	drop("never there", "")
	var near []space
	for _, name := range []string{"user", "users2", "users/s", "users\x00s", "Users", "s"} {
		s := install(t, first, name, "e1")
		s.begin("s", "kept")
		near = append(near, s)
	}
	s := install(t, first, "users", "e1")
	for _, set := range []string{"s", "s2", "s/x", "s\x00x", "S"} {
		s.begin(set, "a", "b")
	}
	drop("users", "s")
	drop("users", "s")
	drop("users", "never there")
	s.want(5, "s")
	for _, set := range []string{"s2", "s/x", "s\x00x", "S"} {
		s.want(5, set, "a", "b")
	}
	s.begin("s", "again")
	s.want(6, "s", "again")
	drop("users", "")
	drop("users", "")
	s.wantStale("after its space was dropped")
	anew := install(t, first, "users", "e1")
	for _, set := range []string{"s", "s2", "s/x", "s\x00x", "S"} {
		anew.want(0, set)
	}
	for i, neighbour := range near {
		neighbour.want(1, "s", "kept")
		neighbour.by(second).begin("s", fmt.Sprintf("more %d", i))
	}
}
