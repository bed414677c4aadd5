package bolt_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/ports"
)

// model is what an index has to answer: the members of each set, and Begins.
type model struct {
	sets   map[string]map[string]bool
	begins uint64
}

// TestTheIndexEqualsAModel does random things to an index and to a map. The
// changes are in the file, on their way to it or in memory, in every mixture.
func TestTheIndexEqualsAModel(t *testing.T) {
	t.Parallel()
	for _, pending := range []int{1, 7, 300, 0} {
		t.Run(fmt.Sprint("pending ", pending), func(t *testing.T) {
			t.Parallel()
			walkModel(t, rand.New(rand.NewPCG(7, uint64(pending))), bolt.Options{Pending: pending})
		})
	}
}

func walkModel(t *testing.T, random *rand.Rand, opts bolt.Options) {
	path := newPath(t)
	x := openWith(t, path, opts)
	regime := install(t, x, "s")
	m := model{sets: map[string]map[string]bool{"a": {}, "ab": {}}}
	for step := range 3_000 {
		switch action := random.IntN(100); {
		case action < 40:
			begin(t, x, regime, m.change(random, true)...)
			m.begins++
		case action < 75:
			if err := x.End(t.Context(), "s", regime, m.change(random, false)); err != nil {
				t.Fatal(err)
			}
		case action < 98:
			m.compare(t, random, x, regime)
		case action < 99:
			if err := x.Drop(t.Context(), "s", "a"); err != nil {
				t.Fatal(err)
			}
			m.sets["a"] = map[string]bool{}
		case step%3 == 0:
			shut(t, x)
			x = openWith(t, path, opts)
		}
	}
	shut(t, x)
	m.compare(t, random, openWith(t, path, opts), regime)
}

// change makes entries and does to the model what they do to the index.
func (m *model) change(random *rand.Rand, added bool) []ports.Entry {
	entries := make([]ports.Entry, random.IntN(5))
	for i := range entries {
		set := []string{"a", "ab"}[random.IntN(2)]
		member := fmt.Sprint(random.IntN(400))
		entries[i] = ports.Entry{Set: set, Member: []byte(member)}
		if added {
			m.sets[set][member] = true
		} else {
			delete(m.sets[set], member)
		}
	}
	return entries
}

func (m *model) compare(t *testing.T, random *rand.Rand, x *bolt.Index, regime ports.Regime) {
	t.Helper()
	r := ports.EntryRange{Set: []string{"a", "ab"}[random.IntN(2)], Limit: random.IntN(60)}
	if random.IntN(2) == 0 {
		r.From = fmt.Append(nil, random.IntN(400))
	}
	if random.IntN(2) == 0 {
		r.To = fmt.Append(nil, random.IntN(400))
	}
	var want []string
	for _, member := range slices.Sorted(maps.Keys(m.sets[r.Set])) {
		if member >= string(r.From) && (r.To == nil || member < string(r.To)) {
			want = append(want, member)
		}
	}
	if n, err := x.Count(t.Context(), "s", regime, r); n != int64(len(want)) || err != nil {
		t.Fatalf("count of %+v: %d, %v, want %d", r, n, err, len(want))
	}
	more := r.Limit > 0 && len(want) > r.Limit
	if more {
		want = want[:r.Limit]
	}
	page, err := x.Query(t.Context(), "s", regime, r)
	if err != nil || page.More != more || page.Begins != m.begins || fmt.Sprintf("%s", page.Members) != fmt.Sprint(want) {
		t.Fatalf("query of %+v: %s, more %v, %d Begins, %v, want %v, %v, %d", r, page.Members, page.More, page.Begins, err, want, more, m.begins)
	}
}
