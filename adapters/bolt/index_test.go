package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/ports"
)

// open opens an index that the test closes at its end, if it has not before.
func open(t testing.TB, path string) *bolt.Index {
	t.Helper()
	return openWith(t, path, bolt.Options{})
}

// openSmall opens an index that writes to its file at every few changes.
func openSmall(t testing.TB, path string) *bolt.Index {
	t.Helper()
	return openWith(t, path, bolt.Options{Pending: 5})
}

func openWith(t testing.TB, path string, opts bolt.Options) *bolt.Index {
	t.Helper()
	x, err := bolt.Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func shut(t testing.TB, x *bolt.Index) {
	t.Helper()
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

func identity(t testing.TB, x *bolt.Index) string {
	t.Helper()
	name, err := x.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// install returns the regime of a space after an Install.
func install(t testing.TB, x *bolt.Index, space string) ports.Regime {
	t.Helper()
	regime := ports.Regime{Epoch: "e1", Identity: identity(t, x)}
	if err := x.Install(t.Context(), space, regime); err != nil {
		t.Fatal(err)
	}
	return regime
}

func entry(set string, i int) ports.Entry {
	return ports.Entry{Set: set, Member: fmt.Appendf(nil, "member %06d", i)}
}

func begin(t testing.TB, x *bolt.Index, regime ports.Regime, entries ...ports.Entry) {
	t.Helper()
	if err := x.Begin(t.Context(), "s", regime, entries); err != nil {
		t.Fatal(err)
	}
}

func query(t testing.TB, x *bolt.Index, regime ports.Regime, set string) ports.EntryPage {
	t.Helper()
	page, err := x.Query(t.Context(), "s", regime, ports.EntryRange{Set: set})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "index.bolt") }

func TestConcurrentWritesAreAllOrNothingEach(t *testing.T) {
	t.Parallel()
	x := openSmall(t, newPath(t))
	regime := install(t, x, "s")
	stale := ports.Regime{Epoch: "another", Identity: regime.Identity}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	var wg sync.WaitGroup
	const writers, rounds = 16, 40
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				pair := []ports.Entry{entry("a", w*rounds+i), entry("b", w*rounds+i)}
				var err, want error
				switch w % 4 {
				case 0:
					err, want = x.Begin(t.Context(), "s", stale, pair), ports.ErrStale
				case 1:
					err, want = x.Begin(cancelled, "s", regime, pair), context.Canceled
				default:
					err = x.Begin(t.Context(), "s", regime, pair)
				}
				if !errors.Is(err, want) {
					t.Errorf("writer %d: err = %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	a, b := query(t, x, regime, "a"), query(t, x, regime, "b")
	const acknowledged = writers / 2 * rounds
	if len(a.Members) != acknowledged || len(b.Members) != acknowledged || a.Begins != acknowledged {
		t.Errorf("%d and %d members, %d Begins, want %d", len(a.Members), len(b.Members), a.Begins, acknowledged)
	}
}

func TestReadersSeeWholeWrites(t *testing.T) {
	t.Parallel()
	x := openSmall(t, newPath(t))
	regime := install(t, x, "s")
	var wg sync.WaitGroup
	var done atomic.Bool
	for range 2 {
		wg.Go(func() {
			for !done.Load() {
				if page, err := x.Query(t.Context(), "s", regime, ports.EntryRange{Set: "a"}); err != nil ||
					uint64(len(page.Members)) != 2*page.Begins {
					t.Errorf("%d members after %d Begins, %v", len(page.Members), page.Begins, err)
					return
				}
			}
		})
	}
	for i := range 200 {
		begin(t, x, regime, entry("a", 2*i), entry("a", 2*i+1))
	}
	done.Store(true)
	wg.Wait()
}

func TestMembersAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	x := open(t, newPath(t))
	regime := install(t, x, "s")
	begin(t, x, regime, entry("a", 1), entry("a", 2))
	page := query(t, x, regime, "a")
	_ = append(page.Members[0], "overwritten?"...)
	copy(page.Members[0], "mine")
	if got := string(page.Members[1]); got != "member 000002" {
		t.Errorf("an append to one member changed the next to %q", got)
	}
	if got := string(query(t, x, regime, "a").Members[0]); got != "member 000001" {
		t.Errorf("a change of the answer changed the index: %q", got)
	}
}

func TestALongWalkHonoursItsContext(t *testing.T) {
	t.Parallel()
	x := open(t, newPath(t))
	regime := install(t, x, "s")
	var entries []ports.Entry
	for i := range 5_000 {
		entries = append(entries, entry("a", i))
	}
	begin(t, x, regime, entries...)
	ctx := &expiring{Context: t.Context(), calls: 2}
	if _, err := x.Count(ctx, "s", regime, ports.EntryRange{Set: "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

// expiring is a context that is done from some call of Err on.
type expiring struct {
	context.Context
	calls int
}

func (c *expiring) Err() error {
	if c.calls--; c.calls < 0 {
		return context.Canceled
	}
	return nil
}

func TestDropOfASpaceLeavesItsNeighbours(t *testing.T) {
	t.Parallel()
	x := openSmall(t, newPath(t))
	// Names of which one begins with the other, joined or not.
	for _, space := range []string{"s", "sa", "s\x01", "s\x00a"} {
		regime := install(t, x, space)
		if err := x.Begin(t.Context(), space, regime, []ports.Entry{entry("a", 1), entry("aa", 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Drop(t.Context(), "s", ""); err != nil {
		t.Fatal(err)
	}
	regime := ports.Regime{Epoch: "e1", Identity: identity(t, x)}
	r := ports.EntryRange{Set: "a"}
	if _, err := x.Count(t.Context(), "s", regime, r); !errors.Is(err, ports.ErrStale) {
		t.Errorf("the dropped space: err = %v", err)
	}
	for _, space := range []string{"sa", "s\x01", "s\x00a"} {
		if n, err := x.Count(t.Context(), space, regime, r); n != 1 || err != nil {
			t.Errorf("%q: %d entries, %v", space, n, err)
		}
	}
	if page := query(t, x, install(t, x, "s"), "a"); len(page.Members) != 0 || page.Begins != 0 {
		t.Errorf("after the drop: %d members, %d Begins", len(page.Members), page.Begins)
	}
}
