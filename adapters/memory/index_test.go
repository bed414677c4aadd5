package memory_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// installed returns the regime of a space after an Install.
func installed(t testing.TB, x *memory.Index, space string) ports.Regime {
	t.Helper()
	identity, err := x.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	regime := ports.Regime{Epoch: "e1", Identity: identity}
	if err := x.Install(t.Context(), space, regime); err != nil {
		t.Fatal(err)
	}
	return regime
}

func begin(t *testing.T, x *memory.Index, regime ports.Regime, member string) {
	t.Helper()
	if err := x.Begin(t.Context(), "s", regime, []ports.Entry{{Set: "a", Member: []byte(member)}}); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, x *memory.Index, regime ports.Regime) (int64, error) {
	t.Helper()
	return x.Count(t.Context(), "s", regime, ports.EntryRange{Set: "a"})
}

func TestLoseKeepsTheIdentityAndForgetsTheEpoch(t *testing.T) {
	t.Parallel()
	x := memory.NewIndex(memory.IndexOptions{})
	regime := installed(t, x, "s")
	begin(t, x, regime, "m")
	x.Lose()
	if _, err := count(t, x, regime); !errors.Is(err, ports.ErrStale) {
		t.Errorf("after the loss: err = %v", err)
	}
	if again := installed(t, x, "s"); again != regime {
		t.Errorf("the identity changed: %v", again)
	}
	if n, err := count(t, x, regime); n != 0 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
}

func TestRestartChangesTheIdentity(t *testing.T) {
	t.Parallel()
	next := 0
	x := memory.NewIndex(memory.IndexOptions{NewIdentity: func() string { next++; return fmt.Sprint("identity ", next) }})
	regime := installed(t, x, "s")
	begin(t, x, regime, "m")
	x.Restart()
	if err := x.Install(t.Context(), "s", regime); !errors.Is(err, ports.ErrStale) {
		t.Errorf("install under the old identity: err = %v", err)
	}
	if again := installed(t, x, "s"); again.Identity != "identity 2" {
		t.Errorf("identity %q", again.Identity)
	}
}

func TestFailoverGoesBackUnderANewIdentity(t *testing.T) {
	t.Parallel()
	x := memory.NewIndex(memory.IndexOptions{})
	regime := installed(t, x, "s")
	begin(t, x, regime, "before")
	snapshot := x.Snapshot()
	begin(t, x, regime, "after")
	for range 2 {
		x.Failover(snapshot)
		if _, err := count(t, x, regime); !errors.Is(err, ports.ErrStale) {
			t.Errorf("under the old identity: err = %v", err)
		}
		identity, err := x.Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		now := ports.Regime{Epoch: regime.Epoch, Identity: identity}
		if n, err := count(t, x, now); n != 1 || err != nil {
			t.Errorf("%d entries, %v", n, err)
		}
		begin(t, x, now, "later") // must not change the snapshot
	}
}

func TestASpaceWithoutEpochIsStaleForEveryRegime(t *testing.T) {
	t.Parallel()
	x := memory.NewIndex(memory.IndexOptions{})
	identity, err := x.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := count(t, x, ports.Regime{Identity: identity}); !errors.Is(err, ports.ErrStale) {
		t.Errorf("empty epoch: err = %v", err)
	}
	if err := x.Install(t.Context(), "s", ports.Regime{Identity: identity}); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("install of an empty epoch: err = %v", err)
	}
}

func TestIndexClientsShareEntriesAndCloseAlone(t *testing.T) {
	t.Parallel()
	first := memory.NewIndex(memory.IndexOptions{})
	second := first.Client()
	regime := installed(t, first, "s")
	begin(t, first, regime, "m")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := count(t, first, regime); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("after close: err = %v", err)
	}
	if n, err := count(t, second, regime); n != 1 || err != nil {
		t.Errorf("the second client counts %d, %v", n, err)
	}
}

func BenchmarkQuery100Of100000(b *testing.B) {
	x := memory.NewIndex(memory.IndexOptions{})
	regime := installed(b, x, "s")
	entries := make([]ports.Entry, 0, 100_000)
	for i := range 100_000 {
		entries = append(entries, ports.Entry{Set: "a", Member: fmt.Appendf(nil, "%08d", i)})
	}
	if err := x.Begin(b.Context(), "s", regime, entries); err != nil {
		b.Fatal(err)
	}
	r := ports.EntryRange{Set: "a", From: []byte("00050000"), Limit: 100}
	b.ReportAllocs()
	for b.Loop() {
		if page, err := x.Query(b.Context(), "s", regime, r); err != nil || len(page.Members) != 100 {
			b.Fatal(err)
		}
	}
}
