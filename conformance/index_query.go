package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var queryClauses = []Clause[IndexHarness]{
	{"IX-QRY-1", "Query MUST return the members with From <= member < To in ascending byte order, each once, at most Limit of them with More set if there are others.", queryRange},
	{"IX-QRY-2", "Begins MUST be the number of Begins on the space, read in the same atomic step as the members.", queryBegins},
	{"IX-CNT-1", "Count MUST be exact: how many members a Query of the range without limit would return.", countExactly},
}

// trapMembers are in ascending byte order, and awkward: any byte, prefixes of
// each other, no UTF-8, the greatest length.
func trapMembers() []string {
	all := []string{
		"\x00", "\x00\x00", "\x00a", "\x01", " ", "#", "0", "10", "9", "A", "a", "a\x00", "a\x00\xff", "a\x01", "a b", "aa", "ab", "b",
		"\x7f", "\x80", "é", "e\u0301", "日本", "\xff", "\xff\x00", "\xff\xff", `"quoted"`, `\`, "line\nbreak", "[a", "(a", "+", "-", "*", "$1", "%s",
		string(bytes.Repeat([]byte{'m'}, ports.MaxMemberBytes)), string(bytes.Repeat([]byte{0xff}, ports.MaxMemberBytes)),
		string(bytes.Repeat([]byte{0}, ports.MaxMemberBytes)), string(bytes.Repeat([]byte{'m'}, ports.MaxMemberBytes-1)),
	}
	for b := range 256 {
		all = append(all, "byte"+string([]byte{byte(b)}))
	}
	slices.Sort(all)
	return all
}

// ranges are those that the checks of Query and Count try.
func ranges() (list []ports.EntryRange) {
	bounds := [][]byte{nil, []byte("\x00"), []byte("a"), []byte("a\x00"), []byte("a\x00b"), []byte("byte\x80"), []byte("m"), []byte("zz"), []byte("\xff"), []byte("\xff\xff\xff")}
	for _, from := range bounds {
		for _, to := range bounds {
			for _, limit := range []int{0, 1, 2, 7, 1000} {
				list = append(list, ports.EntryRange{Set: "s", From: from, To: to, Limit: limit})
			}
		}
	}
	return list
}

// selectMembers is what a Query without limit has to answer, in the plainest
// words.
func selectMembers(sorted []string, r ports.EntryRange) (want []string) {
	for _, m := range sorted {
		if (r.From == nil || m >= string(r.From)) && (r.To == nil || m < string(r.To)) {
			want = append(want, m)
		}
	}
	return want
}

func queryRange(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s := install(t, first, "users", "e1")
	sorted := trapMembers()
	shuffled := slices.Clone(sorted)
	for i := range shuffled {
		j := i * 7919 % len(shuffled)
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	}
	s.begin("s", shuffled...)
	s.begin("s2", "another set")
	for _, r := range ranges() {
		wantPage(t, s.by(second), sorted, r)
	}
	wantPage(t, s, nil, ports.EntryRange{Set: "never written"})
	page, err := first.Query(t.Context(), s.name, s.regime, ports.EntryRange{Set: "s", Limit: 3})
	t.must(err, "query")
	for _, m := range page.Members {
		clear(m)
		_ = append(m, "behind the end"...)
	}
	wantPage(t, s, sorted, ports.EntryRange{Set: "s"})
}

func wantPage(t *T, s space, sorted []string, r ports.EntryRange) {
	t.Helper()
	want := selectMembers(sorted, r)
	more := r.Limit > 0 && len(want) > r.Limit
	if more {
		want = want[:r.Limit]
	}
	got, page, err := s.query(r)
	what := fmt.Sprintf("query from %q to %q, limit %d,", short(string(r.From)), short(string(r.To)), r.Limit)
	switch {
	case err != nil:
		t.Errorf("%s answers %v", what, err)
	case !slices.Equal(got, want):
		t.Errorf("%s answers %d members %s, want %d %s", what, len(got), quoted(got), len(want), quoted(want))
	case page.More != more:
		t.Errorf("%s answers More %t, want %t", what, page.More, more)
	}
}

func queryBegins(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s, other := install(t, first, "users", "e1"), install(t, first, "users2", "e1")
	s.want(0, "s")
	s.begin("s", "a")
	s.begin("t", "a", "b")
	s.end("s", "a")
	s.by(second).want(2, "s")
	s.want(2, "never written")
	_ = s.under("e0", s.regime.Identity).tryBegin(entries("s", "x"))
	_ = s.tryBegin(entries("s", ""))
	s.want(2, "s")
	other.want(0, "s")
	other.begin("s", "a")
	s.want(2, "s")
	countWhileReading(t, install(t, first, "users3", "e1"), second)
}

// countWhileReading adds one entry a Begin while others look: as many are
// there as were counted, in every answer.
func countWhileReading(t *T, s space, second ports.Index) {
	t.Helper()
	const each = 60
	var writers atomic.Int64
	writers.Store(3)
	together(6, func(i int) {
		client := s
		if i%2 == 1 {
			client = s.by(second)
		}
		if i < 3 {
			defer writers.Add(-1)
			for n := range each {
				client.begin("s", fmt.Sprintf("%d-%03d", i, n))
			}
			return
		}
		for writers.Load() > 0 {
			members, page, err := client.query(ports.EntryRange{Set: "s"})
			t.wantErr(err, nil, "query")
			if uint64(len(members)) != page.Begins {
				t.Errorf("query answers %d members, each from a Begin of its own, and %d Begins", len(members), page.Begins)
				return
			}
		}
	})
	members, page, err := s.query(ports.EntryRange{Set: "s"})
	t.must(err, "query")
	if len(members) != 3*each || page.Begins != 3*each {
		t.Errorf("%d members and %d Begins are there after %d Begins", len(members), page.Begins, 3*each)
	}
}

func countExactly(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s := install(t, first, "users", "e1")
	sorted := trapMembers()
	s.begin("s", sorted...)
	s.begin("s", sorted[:9]...)
	s.end("s", sorted[3])
	sorted = slices.Delete(sorted, 3, 4)
	for _, r := range ranges() {
		want := int64(len(selectMembers(sorted, r)))
		if n, err := second.Count(t.Context(), s.name, s.regime, r); err != nil || n != want {
			t.Errorf("count from %q to %q answers %d, %v, want %d", short(string(r.From)), short(string(r.To)), n, err, want)
		}
	}
	if n, err := first.Count(t.Context(), s.name, s.regime, ports.EntryRange{Set: "never written"}); err != nil || n != 0 {
		t.Errorf("count of a set that was never written answers %d, %v", n, err)
	}
}
