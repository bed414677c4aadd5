package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// CacheHarness makes the caches that TestCache checks.
type CacheHarness struct {
	// New opens an empty cache. The kit closes it at the end of the check if it
	// is an io.Closer. Required.
	New func(t testing.TB) ports.Cache

	// Second opens an independent client of the same cache. Nil: first is used
	// in its place.
	Second func(t testing.TB, first ports.Cache) ports.Cache

	// Advance moves the clock of the cache that New made last, and of its
	// second client. Nil: the kit lets real time pass.
	Advance func(d time.Duration)

	// Waive maps ids of clauses that are not checked to the reason.
	Waive map[string]string
}

// TestCache checks every clause of ports.Cache as a subtest named by its id,
// logs the report and returns it. A cache may forget anything at any time, so
// one that keeps nothing passes.
func TestCache(t *testing.T, h CacheHarness) Report {
	t.Helper()
	report := suite[CacheHarness]{"Cache", CacheClauses(), h.Waive}.run(t, h)
	t.Log("\n" + report.String())
	return report
}

// CacheClauses returns the clauses of ports.Cache.
func CacheClauses() []Clause[CacheHarness] {
	return []Clause[CacheHarness]{
		{"CA-LIE-1", "A cache MUST NOT answer with bytes that were not the last ones stored under that name, nor with any after a Remove that returned.", cacheTellsTheTruth},
		{"CA-CTX-1", "A call whose context is done MUST answer an error matching ctx.Err().", cacheDoneContext},
		{"CA-RAC-1", "All methods MUST be safe for concurrent use.", cacheManyAtOnce},
		{"CA-LOA-1", "Load of a forgotten or expired name MUST answer ErrNotFound.", loadForgotten},
		{"CA-STO-1", "The caller's slice MUST NOT be kept by Store, and what Load returns is a copy.", cacheKeepsNoSlice},
	}
}

func (h CacheHarness) pair(t *T) (first, second ports.Cache) {
	t.Helper()
	first = h.New(t.TB)
	closeAtEnd(t, first)
	if h.Second == nil {
		return first, first
	}
	second = h.Second(t.TB, first)
	closeAtEnd(t, second)
	return first, second
}

func (t *T) store(c ports.Cache, name, data string, d time.Duration) {
	t.Helper()
	t.wantErr(c.Store(t.Context(), name, []byte(data), d), nil, "store of %q", name)
}

// wantLoad checks that a name holds data or is forgotten.
func (t *T) wantLoad(c ports.Cache, name, data, when string) {
	t.Helper()
	got, err := c.Load(t.Context(), name)
	switch {
	case errors.Is(err, ports.ErrNotFound):
	case err != nil:
		t.Errorf("load of %q %s answers %v", name, when, err)
	case string(got) != data:
		t.Errorf("load of %q %s answers %s, want %q or nothing", name, when, excerpt(got), data)
	}
}

func (t *T) wantForgotten(c ports.Cache, name, when string) {
	t.Helper()
	_, err := c.Load(t.Context(), name)
	t.wantErr(err, ports.ErrNotFound, "load of %q %s", name, when)
}

func cacheTellsTheTruth(t *T, h CacheHarness) {
	first, second := h.pair(t)
	for i := range 20 {
		data := fmt.Sprintf("round %d", i)
		t.store(first, "a", data, 0)
		t.store(second, "A", "upper "+data, time.Hour)
		t.store(first, "a/b", "", 0)
		for _, c := range []ports.Cache{first, second} {
			t.wantLoad(c, "a", data, "after a store")
			t.wantLoad(c, "A", "upper "+data, "after a store")
			t.wantLoad(c, "a/b", "", "after a store")
		}
		t.wantErr(second.Remove(t.Context(), "a"), nil, "remove")
		for _, c := range []ports.Cache{first, second} {
			t.wantForgotten(c, "a", "after its remove")
			t.wantLoad(c, "A", "upper "+data, "after the remove of another name")
		}
	}
	t.wantErr(first.Remove(t.Context(), "never there"), nil, "remove of an absent name")
}

func cacheDoneContext(t *T, h CacheHarness) {
	c, _ := h.pair(t)
	t.store(c, "a", "kept", 0)
	for how, ctx := range doneContexts(t) {
		for name, do := range map[string]func(context.Context) error{
			"load": func(ctx context.Context) error {
				_, err := c.Load(ctx, "a")
				return err
			},
			"store":  func(ctx context.Context) error { return c.Store(ctx, "a", []byte("changed"), 0) },
			"remove": func(ctx context.Context) error { return c.Remove(ctx, "a") },
		} {
			t.wantErr(do(ctx), ctx.Err(), "%s with a context that is %s", name, how)
		}
		t.wantLoad(c, "a", "kept", "after calls whose context was done")
	}
}

func cacheManyAtOnce(t *T, h CacheHarness) {
	first, second := h.pair(t)
	var writers atomic.Int64
	writers.Store(6)
	together(12, func(i int) {
		c := first
		if i%2 == 1 {
			c = second
		}
		if i < 6 {
			defer writers.Add(-1)
			storeAndRemove(t, c, i)
			return
		}
		for writers.Load() > 0 {
			got, err := c.Load(t.Context(), "shared")
			if err == nil && (len(got) == 0 || !bytes.Equal(got, bytes.Repeat(got[:1], 1000+int(got[0]-'a')))) {
				t.Errorf("load answers %s, which nobody stored", excerpt(got))
				return
			}
		}
	})
}

// storeAndRemove uses a name of its own, whose content is known, and one that
// it shares with others, which holds what one of them stored.
func storeAndRemove(t *T, c ports.Cache, i int) {
	t.Helper()
	own := fmt.Sprintf("own %d", i)
	for n := range 100 {
		data := fmt.Sprintf("%d by %d", n, i)
		t.store(c, own, data, 0)
		t.wantLoad(c, own, data, "while others store")
		t.store(c, "shared", string(bytes.Repeat([]byte{byte('a' + i)}, 1000+i)), 0)
		t.wantErr(c.Remove(t.Context(), own), nil, "remove")
		t.wantForgotten(c, own, "after its remove")
	}
}

func loadForgotten(t *T, h CacheHarness) {
	first, second := h.pair(t)
	t.wantForgotten(first, "never there", "that never was")
	const short = 100 * time.Millisecond
	t.store(first, "short", "x", short)
	t.store(first, "long", "y", time.Hour)
	t.store(first, "longer at first", "z", time.Hour)
	t.store(first, "longer at first", "z", short)
	if h.Advance != nil {
		h.Advance(short + time.Millisecond)
	} else {
		<-time.After(short + short/4)
	}
	for _, c := range []ports.Cache{first, second} {
		t.wantForgotten(c, "short", "after its ttl")
		t.wantForgotten(c, "longer at first", "after its last ttl")
		t.wantLoad(c, "long", "y", "before its ttl")
	}
}

func cacheKeepsNoSlice(t *T, h CacheHarness) {
	c, _ := h.pair(t)
	data := []byte("before")
	t.wantErr(c.Store(t.Context(), "a", data, 0), nil, "store")
	copy(data, "CHANGE")
	t.wantLoad(c, "a", "before", "after the caller changed its slice")
	if got, err := c.Load(t.Context(), "a"); err == nil {
		clear(got)
		_ = append(got, "behind the end"...)
	}
	t.wantLoad(c, "a", "before", "after the caller changed what it got")
}
