package conformance

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

var regimeClauses = []Clause[IndexHarness]{
	{"IX-REG-1", "Every call but Identity, Install and Drop MUST answer ErrStale, having changed nothing, if the epoch of the space is not Regime.Epoch or the identity of the index is not Regime.Identity; the check and the work MUST be one atomic step.", regimeIsChecked},
	{"IX-REG-2", "Entries that an acknowledged Begin added, and nobody removed, MUST be there as long as epoch and identity are the same.", entriesStay},
}

var installClauses = []Clause[IndexHarness]{
	{"IX-INS-1", "Install MUST answer ErrStale, having changed nothing, if regime.Identity is not the current identity.", installUnderOtherIdentity},
	{"IX-INS-2", "After Install, calls with another epoch MUST answer ErrStale, calls with this regime work, and entries are kept.", installChangesEpoch},
}

var identityClauses = []Clause[IndexHarness]{
	{"IX-IDN-1", "Identity MUST change whenever acknowledged entries may have been lost, unless the epochs are lost with them, and MUST stay equal otherwise, also across a clean Close and reopen of an index that keeps its entries. It is never empty.", identityTells},
}

func regimeIsChecked(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s := install(t, first, "users", "e1")
	s.begin("s", "kept")
	for _, ix := range []ports.Index{first, second} {
		for _, wrong := range []ports.Regime{
			{Epoch: "e2", Identity: s.regime.Identity}, {Epoch: "", Identity: s.regime.Identity}, {Epoch: "e1 ", Identity: s.regime.Identity},
			{Epoch: "e1", Identity: s.regime.Identity + "x"}, {Epoch: "e1", Identity: ""}, {},
		} {
			s.by(ix).under(wrong.Epoch, wrong.Identity).wantStale(fmt.Sprintf("under %+v, where %+v is right,", wrong, s.regime))
		}
		other := s.by(ix)
		other.name = "never installed"
		other.wantStale("on a space that was never installed")
		s.by(ix).want(1, "s", "kept")
	}
	for round := range 20 {
		changeRegimeUnderLoad(t, first, second, fmt.Sprintf("space %d", round))
	}
}

// changeRegimeUnderLoad installs an epoch while others begin under the one
// before: what was acknowledged is there, what was refused is not.
func changeRegimeUnderLoad(t *T, first, second ports.Index, name string) {
	t.Helper()
	s := install(t, first, name, "before")
	var acknowledged, begun atomic.Int64
	var installed atomic.Bool
	together(5, func(i int) {
		if i == 0 {
			eventually(patience, func() bool { return begun.Load() > 8 })
			err := second.Install(t.Context(), name, ports.Regime{Epoch: "after", Identity: s.regime.Identity})
			t.wantErr(err, nil, "install under load")
			installed.Store(true)
			return
		}
		writer := s
		if i%2 == 0 {
			writer = s.by(second)
		}
		for n := 0; ; n++ {
			late := installed.Load()
			err := writer.tryBegin(entries("s", fmt.Sprintf("%d-%d", i, n)))
			begun.Add(1)
			if err != nil {
				t.wantErr(err, ports.ErrStale, "begin while the epoch changes")
				return
			}
			acknowledged.Add(1)
			if late {
				t.Errorf("begin under the epoch before answers no error after install had returned")
				return
			}
		}
	})
	members, page, err := s.under("after", s.regime.Identity).query(ports.EntryRange{Set: "s"})
	t.must(err, "query under the new epoch")
	if want := acknowledged.Load(); int64(len(members)) != want || page.Begins != uint64(want) {
		t.Errorf("%d begins were acknowledged before the epoch changed; %d entries and %d begins are there", want, len(members), page.Begins)
	}
}

func entriesStay(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s := install(t, first, "users", "e1")
	var want []string
	for i := range 200 {
		member := fmt.Sprintf("%05d", i)
		s.begin("s", member)
		want = append(want, member)
	}
	s.begin("t", "other")
	s.end("t", "other")
	s.by(second).want(201, "s", want...)
	current := first
	if h.Reopen != nil {
		current = h.Reopen(t.TB, first)
		closeAtEnd(t, current)
		if identity(t, current) == s.regime.Identity {
			s.by(current).want(201, "s", want...)
		}
	}
	for how, forget := range map[string]func(testing.TB, ports.Index) ports.Index{"loss": h.Lose, "flush": h.Flush} {
		if forget == nil {
			continue
		}
		s = install(t, current, "users", "before the "+how)
		s.begin("s", "acknowledged")
		current = forget(t.TB, current)
		closeAtEnd(t, current)
		s.by(current).wantStale("after a " + how)
	}
}

func installUnderOtherIdentity(t *T, h IndexHarness) {
	first, second := h.pair(t)
	s := install(t, first, "users", "e1")
	s.begin("s", "kept")
	for _, id := range []string{"", s.regime.Identity + "x", "other"} {
		for _, ix := range []ports.Index{first, second} {
			err := ix.Install(t.Context(), "users", ports.Regime{Epoch: "e2", Identity: id})
			t.wantErr(err, ports.ErrStale, "install under the identity %q, where %q is right,", id, s.regime.Identity)
			err = ix.Install(t.Context(), "fresh", ports.Regime{Epoch: "e2", Identity: id})
			t.wantErr(err, ports.ErrStale, "install of a fresh space under another identity")
		}
	}
	s.want(1, "s", "kept")
	s.under("e2", s.regime.Identity).wantStale("under an epoch whose install was refused")
	fresh := s.under("e2", s.regime.Identity)
	fresh.name = "fresh"
	fresh.wantStale("on a space whose install was refused")
	if h.Lose == nil {
		return
	}
	lost := h.Lose(t.TB, first)
	closeAtEnd(t, lost)
	err := lost.Install(t.Context(), "users", s.regime)
	t.wantErr(err, ports.ErrStale, "install under the identity from before the loss")
	s.by(lost).wantStale("after the loss")
}

func installChangesEpoch(t *T, h IndexHarness) {
	first, second := h.pair(t)
	old := install(t, first, "users", "e1")
	old.begin("s", "kept")
	neighbour := install(t, first, "users2", "e1")
	neighbour.begin("s", "kept")
	current := install(t, second, "users", "e2")
	old.wantStale("under the epoch before")
	current.by(first).want(1, "s", "kept")
	neighbour.want(1, "s", "kept")
	current.begin("s", "more")
	current.by(first).want(2, "s", "kept", "more")
	install(t, first, "users", "e2")
	current.want(2, "s", "kept", "more")
	back := install(t, first, "users", "e1")
	back.by(second).want(2, "s", "kept", "more")
	current.wantStale("under an epoch that was replaced by an older one")
}

func identityTells(t *T, h IndexHarness) {
	first, second := h.pair(t)
	before := identity(t, first)
	if before == "" {
		t.Errorf("the identity is empty")
	}
	s := install(t, first, "users", "e1")
	s.begin("s", "kept")
	for _, ix := range []ports.Index{first, second, first} {
		if now := identity(t, ix); now != before {
			t.Errorf("the identity changed from %q to %q, and nothing was lost", before, now)
		}
	}
	current := first
	if h.Reopen != nil {
		current = h.Reopen(t.TB, first)
		closeAtEnd(t, current)
		wantHonestIdentity(t, s, current, "a clean close and reopen")
	}
	if h.Lose != nil {
		again := install(t, current, "users", "e3")
		again.begin("s", "to be lost")
		lost := h.Lose(t.TB, current)
		closeAtEnd(t, lost)
		if now := identity(t, lost); now == again.regime.Identity {
			t.Errorf("the identity is still %q after acknowledged entries were lost", now)
		}
		again.by(lost).wantStale("after acknowledged entries were lost")
	}
}

// wantHonestIdentity checks that the identity is the old one if, and only if,
// the entries are there.
func wantHonestIdentity(t *T, s space, ix ports.Index, after string) {
	t.Helper()
	now := identity(t, ix)
	if now == s.regime.Identity {
		s.by(ix).want(1, "s", "kept")
		return
	}
	s.by(ix).wantStale("after " + after + " with another identity")
	members, _, err := install(t, ix, s.name, s.regime.Epoch).query(ports.EntryRange{Set: "s"})
	if err == nil && len(members) == 1 {
		t.Errorf("%s kept the entries and changed the identity from %q to %q", after, s.regime.Identity, now)
	}
	if err != nil && !errors.Is(err, ports.ErrStale) {
		t.Errorf("query after %s answers %v", after, err)
	}
}
