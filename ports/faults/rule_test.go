package faults_test

import (
	"errors"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// put writes through the store and returns the error.
func put(t *testing.T, s ports.ObjectStore, key, data string, cond ports.Condition) error {
	t.Helper()
	_, err := s.Put(t.Context(), key, []byte(data), cond)
	return err
}

// content returns what is stored, "-" for nothing.
func content(t *testing.T, s *mapStore, key string) string {
	t.Helper()
	o, err := s.Get(t.Context(), key, ports.GetOptions{})
	if errors.Is(err, ports.ErrNotFound) {
		return "-"
	}
	return string(o.Data)
}

func TestRulesOnOnePut(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := []struct {
		name   string
		choose func(*faults.Rule)
		want   error  // of put "new" if absent
		stored string // afterwards
	}{
		{"fail", func(r *faults.Rule) { r.Fail(broken) }, broken, "-"},
		{"fail with a port error", func(r *faults.Rule) { r.Fail(ports.Fail("x", "y", ports.ErrPermission, nil)) }, ports.ErrPermission, "-"},
		{"busy", func(r *faults.Rule) { r.Busy() }, ports.ErrBusy, "-"},
		{"lose request", func(r *faults.Rule) { r.LoseRequest() }, ports.ErrUnknown, "-"},
		{"lose answer", func(r *faults.Rule) { r.LoseAnswer() }, ports.ErrUnknown, "new"},
		{"late", func(r *faults.Rule) { r.ApplyLate() }, ports.ErrUnknown, "-"},
		{"duplicate", func(r *faults.Rule) { r.Duplicate() }, nil, "new"},
		{"retry", func(r *faults.Rule) { r.Retry() }, ports.ErrPrecondition, "new"},
		{"replay", func(r *faults.Rule) { r.Replay() }, nil, "new"},
		{"delay", func(r *faults.Rule) { r.Delay(time.Hour) }, nil, "new"},
		{"break", func(r *faults.Rule) { r.BreakAfter(1, broken) }, broken, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inner, plan := newMapStore(), faults.New(faults.Options{Clock: &manualClock{}})
			rule := plan.On(faults.Match{Method: faults.Put})
			tt.choose(rule)
			err := put(t, faults.Store(inner, plan), "k", "new", ports.IfAbsent)
			if !errors.Is(err, tt.want) {
				t.Errorf("put answers %v, want %v", err, tt.want)
			}
			if got := content(t, inner, "k"); got != tt.stored {
				t.Errorf("stored is %q, want %q", got, tt.stored)
			}
			if rule.Hits() != 1 {
				t.Errorf("hits = %d, want 1", rule.Hits())
			}
		})
	}
}

func TestMatchSelectsCalls(t *testing.T) {
	t.Parallel()
	puts := []string{"a/1", "b/1", "a/2", "a/3", "b/2", "a/4"}
	tests := []struct {
		name  string
		match faults.Match
		want  string // one letter a put: x hit, . not
	}{
		{"zero value: the first call", faults.Match{}, "x....."},
		{"nth of all", faults.Match{Nth: 4}, "...x.."},
		{"prefix", faults.Match{KeyPrefix: "a/", Nth: 3}, "...x.."},
		{"key", faults.Match{Key: "b/2"}, "....x."},
		{"times", faults.Match{KeyPrefix: "a/", Nth: 2, Times: 2}, "..xx.."},
		{"always", faults.Match{KeyPrefix: "b/", Times: faults.Always}, ".x..x."},
		{"always from the nth", faults.Match{Nth: 5, Times: faults.Always}, "....xx"},
		{"group", faults.Match{Method: faults.AnyWrite, Nth: 2}, ".x...."},
		{"other group", faults.Match{Method: faults.AnyRead, Times: faults.Always}, "......"},
		{"close only by name", faults.Match{Method: faults.Close, Times: faults.Always}, "......"},
		{"where", faults.Match{Where: func(c faults.Call) bool { return string(c.Data) == "a/3" }}, "...x.."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(faults.Options{})
			plan.On(tt.match).Busy()
			store := faults.Store(newMapStore(), plan)
			got := ""
			for _, key := range puts {
				if put(t, store, key, key, ports.Any) != nil {
					got += "x"
				} else {
					got += "."
				}
			}
			if got != tt.want {
				t.Errorf("hit %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRulesNestInOrder(t *testing.T) {
	t.Parallel()
	clock := &manualClock{}
	plan := faults.New(faults.Options{Clock: clock})
	plan.On(faults.Match{}).Delay(time.Minute)
	plan.On(faults.Match{}).LoseAnswer()
	inner := newMapStore()
	if err := put(t, faults.Store(inner, plan), "k", "v", ports.Any); !errors.Is(err, ports.ErrUnknown) {
		t.Errorf("put answers %v", err)
	}
	if clock.Elapsed() != time.Minute || content(t, inner, "k") != "v" {
		t.Errorf("delayed by %v, stored %q", clock.Elapsed(), content(t, inner, "k"))
	}
	if want := "put k -> outcome unknown (delayed, answer lost)\n"; plan.Trace() != want {
		t.Errorf("trace is %q, want %q", plan.Trace(), want)
	}
}

func TestThrottleAllowsOneWriteAnIntervalAndKey(t *testing.T) {
	t.Parallel()
	clock := &manualClock{}
	plan := faults.New(faults.Options{Clock: clock})
	plan.On(faults.Match{Times: faults.Always}).Throttle(time.Second)
	store := faults.Store(newMapStore(), plan)
	write := func(key string, want error) {
		t.Helper()
		if err := put(t, store, key, "v", ports.Any); !errors.Is(err, want) {
			t.Errorf("put of %s at %v answers %v, want %v", key, clock.Elapsed(), err, want)
		}
	}
	write("a", nil)
	write("a", ports.ErrBusy)
	write("b", nil)
	if _, err := store.Stat(t.Context(), "a"); err != nil {
		t.Errorf("a read was throttled: %v", err)
	}
	_ = clock.Sleep(t.Context(), 999*time.Millisecond)
	write("a", ports.ErrBusy)
	_ = clock.Sleep(t.Context(), time.Millisecond)
	write("a", nil)
}

func TestBeforeAndAfter(t *testing.T) {
	t.Parallel()
	refused, changed := errors.New("refused"), errors.New("changed")
	plan := faults.New(faults.Options{})
	inner := newMapStore()
	store := faults.Store(inner, plan)
	plan.On(faults.Match{Key: "a"}).Before(faultless(refused))
	if err := put(t, store, "a", "v", ports.Any); !errors.Is(err, refused) || content(t, inner, "a") != "-" {
		t.Errorf("before: %v, %q", err, content(t, inner, "a"))
	}
	plan.On(faults.Match{Key: "b"}).After(instead(changed))
	if err := put(t, store, "b", "v", ports.Any); !errors.Is(err, changed) || content(t, inner, "b") != "v" {
		t.Errorf("after: %v, %q", err, content(t, inner, "b"))
	}
	plan.On(faults.Match{Key: "b"}).After(instead(nil))
	if err := put(t, store, "b", "w", ports.IfAbsent); !errors.Is(err, ports.ErrPrecondition) {
		t.Errorf("after made a success of a failure: %v", err)
	}
}
