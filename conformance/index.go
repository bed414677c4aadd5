package conformance

import (
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// IndexHarness makes the indexes that TestIndex checks.
type IndexHarness struct {
	// New opens a fresh, empty index. The kit closes it at the end of the check
	// if it is an io.Closer, or decorates one. Required.
	New func(t testing.TB) ports.Index

	// Second opens an independent client of the memory of first, as another
	// process would. Nil: first is used in its place.
	Second func(t testing.TB, first ports.Index) ports.Index

	// Reopen closes an index cleanly and opens its data again. Nil: nothing
	// outlives a close.
	Reopen func(t testing.TB, open ports.Index) ports.Index

	// Lose makes the index lose acknowledged entries, as a crash, a restart
	// without them or a failover would, and returns the index to go on with,
	// which may be the same. Nil: that can't be brought about.
	Lose func(t testing.TB, ix ports.Index) ports.Index

	// Flush empties the memory of the index as an operator's command would
	// (FLUSHALL of Redis): entries and epochs are gone, the identity may stay.
	// It returns the index to go on with. Nil: there is no such command.
	Flush func(t testing.TB, ix ports.Index) ports.Index

	// Waive maps ids of clauses that are not checked to the reason.
	Waive map[string]string
}

// TestIndex checks every clause of ports.Index as a subtest named by its id,
// logs the report and returns it.
func TestIndex(t *testing.T, h IndexHarness) Report {
	t.Helper()
	report := suite[IndexHarness]{"Index", IndexClauses(), h.Waive}.run(t, h)
	t.Log("\n" + report.String())
	return report
}

// IndexClauses returns the clauses of ports.Index.
func IndexClauses() []Clause[IndexHarness] {
	return slices.Concat(
		regimeClauses, installClauses, identityClauses, visibilityClauses,
		entryClauses, queryClauses, nameClauses, dropClauses, indexCallClauses,
	)
}

func (h IndexHarness) open(t *T) ports.Index {
	t.Helper()
	ix := h.New(t.TB)
	closeAtEnd(t, ix)
	return ix
}

// pair makes an index and a second client of it, which is the same one where
// the harness has none.
func (h IndexHarness) pair(t *T) (first, second ports.Index) {
	t.Helper()
	first = h.open(t)
	if h.Second == nil {
		return first, first
	}
	second = h.Second(t.TB, first)
	closeAtEnd(t, second)
	return first, second
}

// space is one space of an index as the checks use it: through one client and
// under one regime.
type space struct {
	t      *T
	ix     ports.Index
	name   string
	regime ports.Regime
}

// install makes a space with an epoch under the current identity.
func install(t *T, ix ports.Index, name, epoch string) space {
	t.Helper()
	s := space{t: t, ix: ix, name: name, regime: ports.Regime{Epoch: epoch, Identity: identity(t, ix)}}
	t.must(ix.Install(t.Context(), name, s.regime), "install of %q", short(name))
	return s
}

func identity(t *T, ix ports.Index) string {
	t.Helper()
	id, err := ix.Identity(t.Context())
	t.must(err, "identity")
	return id
}

// by is the same space through another client.
func (s space) by(ix ports.Index) space {
	s.ix = ix
	return s
}

// under is the same space under another regime.
func (s space) under(epoch, identity string) space {
	s.regime = ports.Regime{Epoch: epoch, Identity: identity}
	return s
}

// entries makes entries of one set.
func entries(set string, members ...string) []ports.Entry {
	list := make([]ports.Entry, len(members))
	for i, m := range members {
		list[i] = ports.Entry{Set: set, Member: []byte(m)}
	}
	return list
}

func (s space) tryBegin(list []ports.Entry) error {
	return s.ix.Begin(s.t.Context(), s.name, s.regime, list)
}

func (s space) tryEnd(list []ports.Entry) error {
	return s.ix.End(s.t.Context(), s.name, s.regime, list)
}

// begin adds entries and reports a failure.
func (s space) begin(set string, members ...string) {
	s.t.Helper()
	s.t.wantErr(s.tryBegin(entries(set, members...)), nil, "begin of %d entries", len(members))
}

// end removes entries and reports a failure.
func (s space) end(set string, members ...string) {
	s.t.Helper()
	s.t.wantErr(s.tryEnd(entries(set, members...)), nil, "end of %d entries", len(members))
}

func (s space) query(r ports.EntryRange) ([]string, ports.EntryPage, error) {
	page, err := s.ix.Query(s.t.Context(), s.name, s.regime, r)
	members := make([]string, len(page.Members))
	for i, m := range page.Members {
		members[i] = string(m)
	}
	return members, page, err
}

// want checks all members of a set and, unless it is negative, the number of
// Begins on the space.
func (s space) want(begins int, set string, members ...string) {
	s.t.Helper()
	got, page, err := s.query(ports.EntryRange{Set: set})
	if err != nil {
		s.t.Errorf("query of set %q answers %v", short(set), err)
		return
	}
	if !slices.Equal(got, members) {
		s.t.Errorf("set %q holds %s, want %s", short(set), quoted(got), quoted(members))
	}
	if begins >= 0 && page.Begins != uint64(begins) {
		s.t.Errorf("the space counts %d Begins, want %d", page.Begins, begins)
	}
	if page.More {
		s.t.Errorf("a query without limit says that there is more")
	}
	n, err := s.ix.Count(s.t.Context(), s.name, s.regime, ports.EntryRange{Set: set})
	if err != nil || n != int64(len(members)) {
		s.t.Errorf("count of set %q answers %d, %v, want %d", short(set), n, err, len(members))
	}
}

// wantStale checks that every call under the regime of s answers ErrStale.
func (s space) wantStale(when string) {
	s.t.Helper()
	ctx := s.t.Context()
	s.t.wantErr(s.tryBegin(entries("s", "stale")), ports.ErrStale, "begin %s", when)
	s.t.wantErr(s.tryBegin(nil), ports.ErrStale, "begin of nothing %s", when)
	s.t.wantErr(s.tryEnd(entries("s", "kept")), ports.ErrStale, "end %s", when)
	_, err := s.ix.Query(ctx, s.name, s.regime, ports.EntryRange{Set: "s"})
	s.t.wantErr(err, ports.ErrStale, "query %s", when)
	_, err = s.ix.Count(ctx, s.name, s.regime, ports.EntryRange{Set: "s"})
	s.t.wantErr(err, ports.ErrStale, "count %s", when)
}

// quoted shows members, cut where there are many.
func quoted(members []string) string {
	text := "["
	for i, m := range members {
		if i == 20 {
			return text + " …]"
		}
		text += " \"" + short(m) + "\""
	}
	return text + " ]"
}
