package conformance

import (
	"io"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// StoreHarness makes the object stores that TestObjectStore checks. Where the
// store has a limit of size that can be set, set it to 8 MiB: the kit needs
// objects of up to 6 MiB, and tries a limit of up to 64 MiB.
type StoreHarness struct {
	// New opens a fresh, empty store. The kit closes it at the end of the check
	// if it is an io.Closer, or decorates one. Required.
	New func(t testing.TB) ports.ObjectStore

	// Second opens an independent client of the data of first, as another
	// process would. Nil: first is used in its place.
	Second func(t testing.TB, first ports.ObjectStore) ports.ObjectStore

	// Reopen closes a store and opens its data again. Nil: nothing outlives
	// a close.
	Reopen func(t testing.TB, open ports.ObjectStore) ports.ObjectStore

	// PageSize is how many objects one request of a listing can answer, so
	// that the kit lists across the border of a page. 0: the store has no pages.
	PageSize int

	// Reserved maps keys that the server behind the store keeps for itself, or
	// refuses, to the reason. The kit does not use them; it has keys that some
	// servers are known to reserve. All other keys must work.
	Reserved map[string]string

	// Waive maps ids of clauses that are not checked to the reason.
	Waive map[string]string
}

// TestObjectStore checks every clause of ports.ObjectStore and its optional
// interfaces as a subtest named by its id, logs the report and returns it.
func TestObjectStore(t *testing.T, h StoreHarness) Report {
	t.Helper()
	report := suite[StoreHarness]{"ObjectStore", StoreClauses(), h.Waive}.run(t, h)
	t.Run("report", func(t *testing.T) {
		store := h.open(&T{TB: t})
		report.Adapter = describe(store.Capabilities())
		t.Log("\n" + report.String())
	})
	return report
}

// StoreClauses returns the clauses of ports.ObjectStore, of its optional
// interfaces, and of the versions and keys that it deals in.
func StoreClauses() []Clause[StoreHarness] {
	return slices.Concat(
		atomicityClauses, consistencyClauses, contextClauses, closeClauses,
		keyClauses, errorClauses, raceClauses, getClauses, putClauses,
		deleteClauses, statClauses, listClauses, walkClauses,
		capabilityClauses, versionClauses, unwrapClauses, streamClauses, batchClauses,
	)
}

// open makes a store and closes it at the end.
func (h StoreHarness) open(t *T) ports.ObjectStore {
	t.Helper()
	return guard(t, h.New(t.TB))
}

// pair makes a store and a second client of its data, which is the same one
// where the harness has none.
func (h StoreHarness) pair(t *T) (first, second ports.ObjectStore) {
	t.Helper()
	first = h.open(t)
	if h.Second == nil {
		return first, first
	}
	return first, guard(t, h.Second(t.TB, first.(patient).ObjectStore))
}

// reopen closes a store and opens it again; false if that is not possible.
func (h StoreHarness) reopen(t *T, open ports.ObjectStore) (ports.ObjectStore, bool) {
	t.Helper()
	if h.Reopen == nil {
		return nil, false
	}
	return guard(t, h.Reopen(t.TB, open.(patient).ObjectStore)), true
}

func guard(t *T, s ports.ObjectStore) ports.ObjectStore {
	t.Helper()
	closeAtEnd(t, s)
	return patient{s}
}

// closeAtEnd closes what a harness made. It may be closed already: a second
// Close answers nil.
func closeAtEnd(t *T, v any) {
	if c, ok := ports.As[io.Closer](v); ok {
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Errorf("close at the end of the check: %v", err)
			}
		})
	}
}

// describe says in words what a store claims.
func describe(c ports.Capabilities) string {
	text := c.Name + ":"
	for _, claim := range []struct {
		name string
		made bool
	}{
		{"conditional delete", c.ConditionalDelete},
		{"unique versions", c.UniqueVersions},
		{"late writes", c.LateWrites},
		{"nested keys", c.NestedKeys},
	} {
		if claim.made {
			text += " " + claim.name + ","
		} else {
			text += " no " + claim.name + ","
		}
	}
	return text[:len(text)-1]
}
