package core_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

func counterWith(t *testing.T, values map[string]int64) *memory.Counter {
	t.Helper()
	c := memory.NewCounter()
	for name, value := range values {
		if err := c.Set(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func always(value int64) core.CounterTruth {
	return func(context.Context) (int64, error) { return value, nil }
}

func wantCounter(t *testing.T, c ports.Counter, name string, want int64) {
	t.Helper()
	if got, err := c.Value(t.Context(), name); err != nil || got != want {
		t.Errorf("%q is %d, %v, want %d", name, got, err, want)
	}
}

func TestAnAuditReportsWhatItsOptionsAskFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		value int64
		truth core.CounterTruth
		opts  core.AuditOptions
		want  core.AuditReport
		ok    bool
	}{
		"right":                {value: 5, truth: always(5), want: core.AuditReport{Value: 5, Truth: 5}, ok: true},
		"too high":             {value: 7, truth: always(5), want: core.AuditReport{Value: 7, Truth: 5, Drift: 2, Drifted: true}},
		"too low":              {value: 3, truth: always(5), want: core.AuditReport{Value: 3, Truth: 5, Drift: -2, Drifted: true}},
		"within the tolerance": {value: 3, truth: always(5), opts: core.AuditOptions{Tolerance: 2}, want: core.AuditReport{Value: 3, Truth: 5, Drift: -2}, ok: true},
		"no truth":             {value: 3, want: core.AuditReport{Value: 3}, ok: true},
		"negative":             {value: -1, want: core.AuditReport{Value: -1, Negative: true}},
		"allowed negative":     {value: -1, opts: core.AuditOptions{AllowNegative: true}, want: core.AuditReport{Value: -1}, ok: true},
		"large":                {value: 11, opts: core.AuditOptions{Large: 10}, want: core.AuditReport{Value: 11, Large: true}},
		"not yet large":        {value: 10, opts: core.AuditOptions{Large: 10}, want: core.AuditReport{Value: 10}, ok: true},
		"far apart": {
			value: math.MinInt64, truth: always(math.MaxInt64), opts: core.AuditOptions{AllowNegative: true},
			want: core.AuditReport{Value: math.MinInt64, Truth: math.MaxInt64, Drift: math.MinInt64, Drifted: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := counterWith(t, map[string]int64{"n": tt.value})
			got, err := core.AuditCounter(t.Context(), c, "n", tt.truth, tt.opts)
			tt.want.Name = "n"
			if err != nil || got != tt.want || got.OK() != tt.ok {
				t.Errorf("the report is %+v, OK %v, %v, want %+v", got, got.OK(), err, tt.want)
			}
			wantCounter(t, c, "n", tt.value) // nothing asked for a repair
		})
	}
}

func TestARepairMakesTheCounterTrue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ value, truth int64 }{
		{7, 5}, {-3, 5}, {math.MinInt64, math.MaxInt64}, {math.MaxInt64, math.MinInt64}, {0, math.MinInt64},
	} {
		c := counterWith(t, map[string]int64{"n": tt.value})
		got, err := core.AuditCounter(t.Context(), c, "n", always(tt.truth), core.AuditOptions{Repair: true})
		if err != nil || !got.Repaired || got.Value != tt.value {
			t.Errorf("the repair of %d to %d answers %+v, %v", tt.value, tt.truth, got, err)
		}
		wantCounter(t, c, "n", tt.truth)
	}
}

func TestAMissingCounterCountsAsZero(t *testing.T) {
	t.Parallel()
	c := memory.NewCounter()
	got, err := core.AuditCounter(t.Context(), c, "n", always(0), core.AuditOptions{Repair: true})
	if err != nil || !got.Missing || !got.OK() || got.Repaired {
		t.Errorf("the report is %+v, %v", got, err)
	}
	got, err = core.AuditCounter(t.Context(), c, "n", always(4), core.AuditOptions{Repair: true})
	if err != nil || !got.Missing || !got.Drifted || !got.Repaired {
		t.Errorf("the report is %+v, %v", got, err)
	}
	wantCounter(t, c, "n", 4)
}

// scripted answers what its functions say, and otherwise what is inside.
type scripted struct {
	*memory.Counter
	value func(name string) error        // before each Value
	add   func(name string, delta int64) // before each Add
}

func (s *scripted) Value(ctx context.Context, name string) (int64, error) {
	if s.value != nil {
		if err := s.value(name); err != nil {
			return 0, err
		}
	}
	return s.Counter.Value(ctx, name)
}

func (s *scripted) Add(ctx context.Context, name string, delta int64) (int64, error) {
	if s.add != nil {
		s.add(name, delta)
	}
	return s.Counter.Add(ctx, name, delta)
}

func TestARepairKeepsTheAdditionsOfOthers(t *testing.T) {
	t.Parallel()
	c := &scripted{Counter: counterWith(t, map[string]int64{"n": 7})}
	c.add = func(name string, _ int64) { // somebody adds between the look and the repair
		_, _ = c.Counter.Add(t.Context(), name, 100)
	}
	if got, err := core.AuditCounter(t.Context(), c, "n", always(5), core.AuditOptions{Repair: true}); err != nil || !got.Repaired {
		t.Errorf("the report is %+v, %v", got, err)
	}
	wantCounter(t, c, "n", 105)
}

func TestAnUnreadableValueIsReportedAndReplaced(t *testing.T) {
	t.Parallel()
	broken := true
	c := &scripted{Counter: counterWith(t, map[string]int64{"n": 7})}
	c.value = func(name string) error {
		if broken {
			return ports.Fail("value", name, ports.ErrCorrupt, nil)
		}
		return nil
	}
	got, err := core.AuditCounter(t.Context(), c, "n", always(5), core.AuditOptions{})
	if err != nil || !got.Corrupt || got.OK() || got.Repaired {
		t.Errorf("the report is %+v, %v", got, err)
	}
	if got, err = core.AuditCounter(t.Context(), c, "n", always(5), core.AuditOptions{Repair: true}); err != nil || !got.Repaired {
		t.Errorf("the report of the repair is %+v, %v", got, err)
	}
	broken = false
	wantCounter(t, c, "n", 5)
}

func TestADriftThatPassesIsNone(t *testing.T) {
	t.Parallel()
	c := counterWith(t, map[string]int64{"n": 5})
	looks := 0
	truth := func(context.Context) (int64, error) { // a document is written, its addition is on the way
		if looks++; looks == 1 {
			return 6, nil
		}
		return 5, nil
	}
	got, err := core.AuditCounter(t.Context(), c, "n", truth, core.AuditOptions{Repair: true})
	if err != nil || !got.OK() || got.Repaired || looks != 2 {
		t.Errorf("the report after %d looks is %+v, %v", looks, got, err)
	}
	wantCounter(t, c, "n", 5)
}

func TestACounterThatMovesIsNotRepaired(t *testing.T) {
	t.Parallel()
	c := counterWith(t, map[string]int64{"n": 5})
	truth := func(ctx context.Context) (int64, error) {
		_, err := c.Add(ctx, "n", 1)
		return 0, err
	}
	got, err := core.AuditCounter(t.Context(), c, "n", truth, core.AuditOptions{Repair: true})
	if err != nil || got.Name != "n" || !got.Moving || got.Drifted || got.Repaired || got.OK() {
		t.Errorf("the report is %+v, %v", got, err)
	}
	if value, err := c.Value(t.Context(), "n"); err != nil || value <= 5 {
		t.Errorf("the counter is %d, %v", value, err)
	}
}

func TestAnAuditThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	c := counterWith(t, map[string]int64{"n": 5})
	failing := func(context.Context) (int64, error) { return 0, boom }
	if _, err := core.AuditCounter(t.Context(), c, "n", failing, core.AuditOptions{}); !errors.Is(err, boom) || !errors.Is(err, core.ErrUnavailable) {
		t.Errorf("with a truth that fails: %v", err)
	}
	down := &scripted{Counter: c, value: func(string) error { return ports.Fail("value", "n", ports.ErrUnknown, nil) }}
	if _, err := core.AuditCounter(t.Context(), down, "n", nil, core.AuditOptions{}); !errors.Is(core.KindOf(err), core.ErrUnavailable) {
		t.Errorf("a read without an answer: %v", err)
	}
	for _, opts := range []core.AuditOptions{{Tolerance: -1}, {Large: -1}} {
		if _, err := core.AuditCounter(t.Context(), c, "n", nil, opts); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%+v: %v", opts, err)
		}
	}
}

// listed is a counter that knows its names.
type listed struct {
	ports.Counter
	names []string
	err   error
}

func (l listed) Names(_ context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, name := range l.names {
			if strings.HasPrefix(name, prefix) && !yield(name, nil) {
				return
			}
		}
		if l.err != nil {
			yield("", l.err)
		}
	}
}

func TestAnAuditOfAllCoversRegisteredAndStoredCounters(t *testing.T) {
	t.Parallel()
	c := counterWith(t, map[string]int64{"orders": 3, "users": -2, "zebras": 1})
	audit := core.NewCounterAudit(listed{Counter: c, names: []string{"users", "zebras", "orders"}})
	boom := errors.New("boom")
	for name, truth := range map[string]core.CounterTruth{
		"orders": always(4), "views": always(0), "broken": func(context.Context) (int64, error) { return 0, boom },
	} {
		if err := audit.Register(name, truth, core.AuditOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	reports, err := audit.AuditAll(t.Context(), "")
	if !errors.Is(err, boom) {
		t.Errorf("the error is %v", err)
	}
	want := []core.AuditReport{
		{Name: "orders", Value: 3, Truth: 4, Drift: -1, Drifted: true}, {Name: "users", Value: -2, Negative: true},
		{Name: "views", Missing: true}, {Name: "zebras", Value: 1},
	}
	if !slices.Equal(reports, want) {
		t.Errorf("the reports are %+v", reports)
	}
	names, err := audit.Names(t.Context(), "u")
	if err != nil || !slices.Equal(names, []string{"users"}) {
		t.Errorf("the names are %q, %v", names, err)
	}
	torn := core.NewCounterAudit(listed{Counter: c, err: boom})
	if _, err := torn.AuditAll(t.Context(), ""); !errors.Is(err, boom) {
		t.Errorf("a list that fails: %v", err)
	}
}

func TestInfoAndRepairOfARegisteredCounter(t *testing.T) {
	t.Parallel()
	c := counterWith(t, map[string]int64{"orders": 3})
	audit := core.NewCounterAudit(c)
	if err := audit.Register("orders", always(9), core.AuditOptions{Tolerance: 1}); err != nil {
		t.Fatal(err)
	}
	if info, err := audit.Info(t.Context(), "orders"); err != nil || !info.Registered || info.Tolerance != 1 || info.Value != 3 || info.Last != nil {
		t.Errorf("before the audit: %+v, %v", info, err)
	}
	if report, err := audit.Repair(t.Context(), "orders"); err != nil || !report.Repaired {
		t.Errorf("the repair answers %+v, %v", report, err)
	}
	if info, err := audit.Info(t.Context(), "orders"); err != nil || info.Value != 9 || info.Last == nil || info.Last.Value != 3 {
		t.Errorf("after the repair: %+v, %v", info, err)
	}
	if info, err := audit.Info(t.Context(), "never"); err != nil || info.Registered || !info.Missing {
		t.Errorf("of one that never was: %+v, %v", info, err)
	}
	for _, name := range []string{"", "orders"} {
		if err := audit.Register(name, nil, core.AuditOptions{}); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("register of %q: %v", name, err)
		}
	}
	if _, err := audit.Repair(t.Context(), "never"); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("a repair without a truth: %v", err)
	}
}

// The counters in the store can be listed, and repaired where they can't be
// read.
func TestAuditOfCountersInTheStore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	db := openWith(t, store, core.Options{})
	for _, name := range []string{"a", "b", "gone"} {
		if err := db.Counter().Set(ctx, name, 3); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Counter().Remove(ctx, "gone"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bad", "worse"} {
		for _, body := range []string{`{"value":"many"}`, `no JSON`} {
			if _, err := store.Put(ctx, "_sb/counter/"+name+".json", []byte(body), ports.Any); err != nil {
				t.Fatal(err)
			}
		}
	}
	audit := core.NewCounterAudit(db.Counter())
	if names, err := audit.Names(ctx, ""); err != nil || !slices.Equal(names, []string{"a", "b", "bad", "worse"}) {
		t.Errorf("known are %q, %v", names, err)
	}
	if names, err := audit.Names(ctx, "b"); err != nil || !slices.Equal(names, []string{"b", "bad"}) {
		t.Errorf("known are %q, %v", names, err)
	}
	if err := audit.Register("bad", func(context.Context) (int64, error) { return 7, nil }, core.AuditOptions{}); err != nil {
		t.Fatal(err)
	}
	if report, err := audit.Repair(ctx, "bad"); err != nil || !report.Repaired {
		t.Errorf("repair: %+v, %v", report, err)
	}
	if value, err := db.Counter().Value(ctx, "bad"); err != nil || value != 7 {
		t.Errorf("after the repair it is %d, %v", value, err)
	}
	if err := db.Counter().Remove(ctx, "worse"); err != nil {
		t.Errorf("remove: %v", err)
	}
	if _, err := db.Counter().Value(ctx, "worse"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("after the removal: %v", err)
	}
}
