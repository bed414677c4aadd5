package conformance

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var visibilityClauses = []Clause[IndexHarness]{
	{"IX-ATM-1", "Begin, End and Query each MUST be atomic: no other call ever sees a part of one.", entriesMoveTogether},
	{"IX-ACK-1", "After a call returned, every later call of any client on the same identity MUST see its effect.", callsAreSeen},
}

var entryClauses = []Clause[IndexHarness]{
	{"IX-BEG-1", "Adding an entry that is there MUST be no error and no second copy. An empty list counts as a Begin, too.", beginAgain},
	{"IX-END-1", "End MUST remove exactly these entries and no other; removing what is not there is no error. It does not change the count of Begins.", endExactly},
}

// group is the entries that a check adds and removes as one: they lie apart
// from each other in one set, so that a part of them would show.
func group(n int) []ports.Entry {
	list := make([]ports.Entry, 8)
	for i := range list {
		list[i] = ports.Entry{Set: "s", Member: fmt.Appendf(nil, "%d-%02d", i, n)}
	}
	return list
}

func entriesMoveTogether(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s := install(t, first, "users", "e1")
	var looks, writers atomic.Int64
	writers.Store(3)
	together(6, func(i int) {
		client := s
		if i%2 == 1 {
			client = s.by(second)
		}
		if i >= 3 {
			for writers.Load() > 0 && !t.Failed() {
				wantWholeGroups(t, client)
				looks.Add(1)
			}
			return
		}
		defer writers.Add(-1)
		for n := 0; n < 2000 && (n < 40 || looks.Load() < 200) && !t.Failed(); n++ {
			t.wantErr(client.tryBegin(group(i)), nil, "begin")
			t.wantErr(client.tryEnd(group(i)), nil, "end")
		}
	})
	s.want(-1, "s")
	bad := append(group(1), ports.Entry{Set: "s"})
	t.wantErr(s.tryBegin(bad), ports.ErrInvalidKey, "begin of eight good entries and an empty one")
	s.want(-1, "s")
	t.wantErr(s.tryBegin(group(1)), nil, "begin")
	t.wantErr(s.tryEnd(bad), ports.ErrInvalidKey, "end of eight good entries and an empty one")
	wantWholeGroups(t, s)
	if n, err := s.ix.Count(t.Context(), s.name, s.regime, ports.EntryRange{Set: "s"}); n != 8 {
		t.Errorf("count after a refused end answers %d, %v, want 8", n, err)
	}
}

// wantWholeGroups looks at all entries at once: of each group all are there, or
// none.
func wantWholeGroups(t *T, s space) {
	t.Helper()
	members, _, err := s.query(ports.EntryRange{Set: "s"})
	if err != nil {
		t.Errorf("query answers %v", err)
		return
	}
	parts := map[string]int{}
	for _, m := range members {
		parts[m[len(m)-2:]]++
	}
	for which, n := range parts {
		if n != 8 {
			t.Errorf("query sees %d of 8 entries that are added and removed together (group %s)", n, which)
		}
	}
	n, err := s.ix.Count(t.Context(), s.name, s.regime, ports.EntryRange{Set: "s"})
	if err != nil || n%8 != 0 {
		t.Errorf("count answers %d, %v of entries that come and go in groups of 8", n, err)
	}
}

func callsAreSeen(t *T, h IndexHarness) {
	first, second := h.pair(t)
	see := func(writer, reader ports.Index, name string) {
		s := space{t: t, ix: writer, name: name}
		id, err := writer.Identity(t.Context())
		t.wantErr(err, nil, "identity")
		s.regime = ports.Regime{Epoch: "e1", Identity: id}
		t.wantErr(writer.Install(t.Context(), name, s.regime), nil, "install")
		s.by(reader).want(0, "s")
		s.begin("s", "a", "b")
		s.by(reader).want(1, "s", "a", "b")
		s.end("s", "a")
		s.by(reader).want(1, "s", "b")
		t.wantErr(writer.Drop(t.Context(), name, "s"), nil, "drop of a set")
		s.by(reader).want(1, "s")
		t.wantErr(writer.Drop(t.Context(), name, ""), nil, "drop of a space")
		s.by(reader).wantStale("after drop of the space")
	}
	for round := range 5 {
		see(first, second, fmt.Sprintf("forth %d", round))
		see(second, first, fmt.Sprintf("back %d", round))
	}
	together(8, func(i int) { see(first, second, fmt.Sprintf("at once %d", i)) })
}

func beginAgain(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s := install(t, first, "users", "e1")
	s.begin("s", "b", "a")
	s.begin("s", "a", "a", "c", "a")
	s.by(second).want(2, "s", "a", "b", "c")
	s.by(second).begin("s", "b")
	s.want(3, "s", "a", "b", "c")
	s.begin("s")
	t.wantErr(s.tryBegin(nil), nil, "begin of nil")
	s.want(5, "s", "a", "b", "c")
	s.end("s", "a")
	s.want(5, "s", "b", "c")
	member := []byte("mutable")
	t.wantErr(s.tryBegin([]ports.Entry{{Set: "s", Member: member}}), nil, "begin")
	copy(member, "CHANGED")
	s.want(6, "s", "b", "c", "mutable")
	if string(member) != "CHANGED" {
		t.Errorf("the index wrote into the slice of its caller")
	}
}

func endExactly(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s, other := install(t, first, "users", "e1"), install(t, first, "users2", "e1")
	all := []string{"a", "a\x00", "a\x00b", "aa", "ab", "b"}
	for _, set := range []string{"s", "s2", "S"} {
		s.begin(set, all...)
	}
	other.begin("s", all...)
	left := slices.Clone(all)
	for _, member := range []string{"a", "ab", "a\x00"} {
		left = slices.DeleteFunc(left, func(m string) bool { return m == member })
		s.by(second).end("s", member)
		s.want(3, "s", left...)
	}
	s.end("s", "a", "never there", "aaa")
	s.end("never there", "a")
	s.end("s")
	s.want(3, "s", left...)
	s.want(3, "s2", all...)
	s.want(3, "S", all...)
	other.want(1, "s", all...)
	t.wantErr(s.tryEnd(slices.Concat(entries("s", left...), entries("s2", "b", "b"))), nil, "end of two sets")
	s.want(3, "s")
	s.want(3, "s2", all[:len(all)-1]...)
}
