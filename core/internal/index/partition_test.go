package index

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/tuple"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func TestMain(m *testing.M) { conformance.Main(m) }

const space = "users"

// divided opens an index under a regime of that many partitions.
func divided(t *testing.T, count int) (ports.Index, *memory.Index, *faults.Plan, ports.Regime) {
	t.Helper()
	inner := memory.NewIndex(memory.IndexOptions{})
	plan := faults.New(faults.Options{})
	x := Partitioned(faults.Index(inner, plan))
	identity, err := x.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	regime := (&Manifest{Epoch: "e", Identity: identity, Partitions: count}).regime()
	if err := x.Install(t.Context(), space, regime); err != nil {
		t.Fatal(err)
	}
	if installs := plan.Calls(faults.Install); installs != count {
		t.Errorf("%d installs for %d partitions", installs, count)
	}
	plan.Reset()
	return x, inner, plan, regime
}

func entry(value, id string, rev int) ports.Entry {
	return ports.Entry{Set: "s", Member: tuple.Member([]byte(value), id, revision.Revision(rev))}
}

// Whatever the number of partitions, an index answers the same.
func TestPartitionsAnswerAsOne(t *testing.T) {
	t.Parallel()
	one, _, _, plain := divided(t, 1)
	for _, count := range []int{2, 7, 256} {
		x, _, plan, regime := divided(t, count)
		both := func(do func(x ports.Index, regime ports.Regime) error) {
			t.Helper()
			if a, b := do(one, plain), do(x, regime); a != nil || b != nil {
				t.Fatal(a, b)
			}
		}
		for i := range 300 {
			both(func(x ports.Index, regime ports.Regime) error {
				id := fmt.Sprint("user ", i)
				return x.Begin(t.Context(), space, regime, []ports.Entry{entry(fmt.Sprint("v", i%7), id, i+1), entry(fmt.Sprint("w", i%3), id, i+1)})
			})
		}
		if begins := plan.Calls(faults.Begin); begins != 300 {
			t.Errorf("300 documents are begun in %d round trips", begins)
		}
		var gone []ports.Entry
		for i := range 100 {
			gone = append(gone, entry(fmt.Sprint("v", i%7), fmt.Sprint("user ", i), i+1))
		}
		both(func(x ports.Index, regime ports.Regime) error { return x.End(t.Context(), space, regime, gone) })
		for _, r := range []ports.EntryRange{
			{}, {Limit: 1}, {Limit: 10}, {Limit: 499}, {Limit: 500}, {Limit: 501}, {From: []byte("v3"), To: []byte("w1")}, {From: []byte("v3"), Limit: 20}, {To: []byte("a")},
		} {
			r.Set = "s"
			plan.Reset()
			want, err := one.Query(t.Context(), space, plain, r)
			got, err2 := x.Query(t.Context(), space, regime, r)
			if err != nil || err2 != nil || !slices.EqualFunc(got.Members, want.Members, bytes.Equal) || got.More != want.More || got.Begins != 300 {
				t.Errorf("%d partitions, %+v: %d members, more %v, begins %d, %v; want %d, %v", count, r, len(got.Members), got.More, got.Begins, err2, len(want.Members), want.More)
			}
			if plan.Calls(faults.Query) != count {
				t.Errorf("%d queries of %d partitions", plan.Calls(faults.Query), count)
			}
			n, err := one.Count(t.Context(), space, plain, r)
			m, err2 := x.Count(t.Context(), space, regime, r)
			if n != m || err != nil || err2 != nil {
				t.Errorf("%d partitions count %d, want %d: %v %v", count, m, n, err, err2)
			}
		}
		one, _, _, plain = divided(t, 1) // its Begins start anew
	}
}

func TestAStalePartitionMakesAllStale(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	x, inner, _, regime := divided(t, 7)
	if err := inner.Drop(ctx, "users#3/7", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Query(ctx, space, regime, ports.EntryRange{Set: "s"}); !errors.Is(err, ports.ErrStale) {
		t.Errorf("query: %v", err)
	}
	if _, err := x.Count(ctx, space, regime, ports.EntryRange{Set: "s"}); !errors.Is(err, ports.ErrStale) {
		t.Errorf("count: %v", err)
	}
	var all []ports.Entry
	stale := 0
	for i := range 100 {
		e := entry("v", fmt.Sprint(i), 1)
		all = append(all, e)
		if err := x.Begin(ctx, space, regime, []ports.Entry{e}); errors.Is(err, ports.ErrStale) {
			stale++
		} else if err != nil {
			t.Error(err)
		}
	}
	if stale < 3 || stale > 40 {
		t.Errorf("%d of 100 documents are in one of 7 partitions", stale)
	}
	for name, do := range map[string]func() error{
		"begin": func() error { return x.Begin(ctx, space, regime, all) },
		"end":   func() error { return x.End(ctx, space, regime, all) },
	} {
		if err := do(); !errors.Is(err, ports.ErrStale) {
			t.Errorf("%s: %v", name, err)
		}
	}
	plain := ports.Regime{Epoch: "e", Identity: regime.Identity}
	if _, err := x.Query(ctx, space, plain, ports.EntryRange{Set: "s"}); !errors.Is(err, ports.ErrStale) {
		t.Errorf("the undivided space: %v", err)
	}
}

// An install that reached some partitions is never repeated: its outcome is
// unknown, and the next epoch settles it. One that reached none may be.
func TestPartialInstalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		match faults.Match
		cause error
		want  error
	}{
		"one fails":      {faults.Match{Key: "users#3/7"}, ports.ErrUnavailable, ports.ErrUnknown},
		"all fail":       {faults.Match{Times: faults.Always}, ports.ErrUnavailable, ports.ErrUnavailable},
		"one is unknown": {faults.Match{Key: "users#3/7"}, ports.ErrUnknown, ports.ErrUnknown},
		"one is stale":   {faults.Match{Key: "users#3/7"}, ports.ErrStale, ports.ErrStale},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, _, plan, regime := divided(t, 7)
			c.match.Method = faults.Install
			plan.On(c.match).Fail(c.cause)
			if err := x.Install(t.Context(), space, regime); !errors.Is(err, c.want) {
				t.Errorf("it answers %v", err)
			}
		})
	}
}

func TestManifestsTellPartitions(t *testing.T) {
	t.Parallel()
	for count, format := range map[int]string{0: `"format":1`, 1: `"format":1`, 7: `"format":2`} {
		body, err := encodeManifest(&Manifest{Epoch: "e", Partitions: count}, 1)
		if err != nil || !bytes.Contains(body, []byte(format)) {
			t.Errorf("%d: %s, %v", count, body, err)
		}
		m, err := decodeManifest(body)
		if err != nil || m.Partitions != count || divide(space, m.regime().Epoch).count != max(count, 1) {
			t.Errorf("%d: %+v, %v", count, m, err)
		}
	}
	for _, count := range []int{-1, 257} {
		body, _ := encodeManifest(&Manifest{Epoch: "e", Partitions: count}, 1)
		if _, err := decodeManifest(body); !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("%d partitions: %v", count, err)
		}
	}
}
