package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func TestWrapperHasTheOptionalInterfacesOfTheInnerStore(t *testing.T) {
	t.Parallel()
	m := newMapStore()
	for i, inner := range []ports.ObjectStore{
		m,
		struct {
			s
			closes
		}{s: m},
		struct {
			s
			pings
		}{s: m},
		struct {
			s
			pings
			closes
		}{s: m},
		batches{m},
		struct {
			batches
			closes
		}{batches: batches{m}},
		struct {
			batches
			pings
		}{batches: batches{m}},
		struct {
			batches
			pings
			closes
		}{batches: batches{m}},
		streams{m},
		struct {
			streams
			closes
		}{streams: streams{m}},
		struct {
			streams
			pings
		}{streams: streams{m}},
		struct {
			streams
			pings
			closes
		}{streams: streams{m}},
		both{s: m, Streamer: streams{m}, BatchDeleter: batches{m}},
		struct {
			both
			closes
		}{both: both{s: m, Streamer: streams{m}, BatchDeleter: batches{m}}},
		struct {
			both
			pings
		}{both: both{s: m, Streamer: streams{m}, BatchDeleter: batches{m}}},
		struct {
			both
			pings
			closes
		}{both: both{s: m, Streamer: streams{m}, BatchDeleter: batches{m}}},
	} {
		want := i // the bits of the table above
		plan := faults.New(faults.Options{})
		if got := abilities(faults.Store(inner, plan)); got != want {
			t.Errorf("combination %04b is wrapped as %04b", want, got)
		}
		if got := abilities(faults.Store(decorated{inner}, plan)); got != want {
			t.Errorf("decorated combination %04b is wrapped as %04b", want, got)
		}
	}
}

// s is short for what the combinations have in common.
type s = ports.ObjectStore

type both struct {
	s
	ports.Streamer
	ports.BatchDeleter
}

// decorated hides its optional interfaces behind Unwrap.
type decorated struct{ ports.ObjectStore }

func (d decorated) Unwrap() any { return d.ObjectStore }

// abilities are the optional interfaces of v itself: streams, batches, pings,
// closes, as bits.
func abilities(v any) (bits int) {
	has := func(bit int, ok bool) {
		if ok {
			bits |= bit
		}
	}
	_, ok := v.(ports.Streamer)
	has(8, ok)
	_, ok = v.(ports.BatchDeleter)
	has(4, ok)
	_, ok = v.(ports.Pinger)
	has(2, ok)
	_, ok = v.(io.Closer)
	has(1, ok)
	return bits
}

func TestFaultsReachTheOptionalInterfaces(t *testing.T) {
	t.Parallel()
	m := newMapStore()
	_ = put(t, m, "k", "0123456789", ports.Any)
	plan := faults.New(faults.Options{})
	store := faults.Store(struct {
		both
		pings
		closes
	}{both: both{s: m, Streamer: streams{m}, BatchDeleter: batches{m}}}, plan)
	streamer, deleter := store.(ports.Streamer), store.(ports.BatchDeleter)

	broken := errors.New("broken")
	plan.On(faults.Match{Method: faults.GetStream}).BreakAfter(4, broken)
	_, body, err := streamer.GetStream(t.Context(), "k", ports.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(iotest.OneByteReader(body)); string(data) != "0123" || !errors.Is(err, broken) {
		t.Errorf("the stream gave %q and %v", data, err)
	}

	late := plan.On(faults.Match{Method: faults.PutStream}).ApplyLate()
	_, err = streamer.PutStream(t.Context(), "s", strings.NewReader("stream"), ports.IfAbsent)
	if !errors.Is(err, ports.ErrUnknown) || content(t, m, "s") != "-" {
		t.Errorf("late stream: %v, %q", err, content(t, m, "s"))
	}
	if late.Apply(t.Context()); content(t, m, "s") != "stream" {
		t.Errorf("late stream stored %q", content(t, m, "s"))
	}

	plan.On(faults.Match{Method: faults.DeleteBatch, Key: "s"}).LoseAnswer()
	if _, err := deleter.DeleteBatch(t.Context(), []string{"k", "s"}); !errors.Is(err, ports.ErrUnknown) || content(t, m, "s") != "-" {
		t.Errorf("batch: %v, %q", err, content(t, m, "s"))
	}
	plan.On(faults.Match{Method: faults.Ping}).Fail(broken)
	if err := store.(ports.Pinger).Ping(t.Context()); !errors.Is(err, broken) {
		t.Errorf("ping answers %v", err)
	}
	plan.On(faults.Match{Method: faults.Close}).Fail(broken)
	if err := store.(io.Closer).Close(); !errors.Is(err, broken) {
		t.Errorf("close answers %v", err)
	}
}

func TestBreakAfterEndsAList(t *testing.T) {
	t.Parallel()
	m, plan := newMapStore(), faults.New(faults.Options{})
	for i := range 5 {
		_ = put(t, m, fmt.Sprint(i), "v", ports.Any)
	}
	store := faults.Store(m, plan)
	for n, want := range []string{"!", "0!", "01!", "012!", "0123!", "01234!", "01234!"} {
		plan.On(faults.Match{Method: faults.List}).BreakAfter(n, ports.ErrUnavailable)
		got := ""
		for info, err := range store.List(t.Context(), ports.ListOptions{}) {
			if got += info.Key; err != nil {
				got += "!"
			}
		}
		if got != want {
			t.Errorf("broken after %d: %s, want %s", n, got, want)
		}
	}
}

func TestOptionsChangeCapabilities(t *testing.T) {
	t.Parallel()
	m := newMapStore()
	if got := faults.Store(m, faults.New(faults.Options{})).Capabilities(); got != m.Capabilities() {
		t.Errorf("an empty plan answers %+v", got)
	}
	store := faults.Store(m, faults.New(faults.Options{LateWrites: true, NoConditionalDelete: true}))
	if got := store.Capabilities(); !got.LateWrites || got.ConditionalDelete {
		t.Errorf("capabilities are %+v", got)
	}
	if err := store.Delete(t.Context(), "k", ports.IfVersion("1")); !errors.Is(err, ports.ErrUnsupported) {
		t.Errorf("conditional delete answers %v", err)
	}
}

func TestDoneContextUsesUpNoRule(t *testing.T) {
	t.Parallel()
	plan := faults.New(faults.Options{})
	store := faults.Store(newMapStore(), plan)
	rule := plan.FailNth(1, ports.ErrBusy)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Get(ctx, "k", ports.GetOptions{}); !errors.Is(err, context.Canceled) || rule.Hits() != 0 {
		t.Errorf("get answers %v, %d hits", err, rule.Hits())
	}
}

func TestIndexCallsAreTracedAndBroken(t *testing.T) {
	t.Parallel()
	plan := faults.New(faults.Options{})
	ix := faults.Index(stubIndex{}, plan)
	if _, closes := ix.(io.Closer); closes {
		t.Error("the wrapper closes what can't be closed")
	}
	plan.On(faults.Match{Method: faults.Begin, KeyPrefix: "use", Nth: 2}).LoseAnswer()
	_, _ = ix.Identity(t.Context())
	for range 2 {
		_ = ix.Begin(t.Context(), "users", ports.Regime{}, []ports.Entry{{Set: "s", Member: []byte("m")}})
	}
	_, _ = ix.Query(t.Context(), "users", ports.Regime{}, ports.EntryRange{Set: "role", From: []byte("a\x00"), Limit: 1})
	want := `identity -> ok
begin users 1 -> ok
begin users 1 -> outcome unknown (answer lost)
query users role from "a\x00" limit 1 -> ok, 1 members and more
`
	if plan.Trace() != want {
		t.Errorf("trace is\n%swant\n%s", plan.Trace(), want)
	}
	if _, closes := faults.Index(struct {
		stubIndex
		closes
		pings
	}{}, plan).(io.Closer); !closes {
		t.Error("the wrapper hides Close")
	}
}
