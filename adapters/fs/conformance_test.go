//go:build unix && !aix && !solaris

package fs

import (
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// The kit runs in both sync modes, and in every way of working that the file
// system of the test does not need.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]Options{
		"sync full":               {},
		"sync none":               {Sync: SyncNone},
		"the poorest file system": {Sync: SyncNone, forceFold: true, forceHash: true, forceWalk: true, forceLink: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, harness(opts, func(s ports.ObjectStore) ports.ObjectStore { return s }))
		})
	}
}

func TestConformanceBehindFaults(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]Options{"sync full": {}, "sync none": {Sync: SyncNone}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, harness(opts, func(s ports.ObjectStore) ports.ObjectStore {
				return faults.Store(s, faults.New(faults.Options{}))
			}))
		})
	}
}

// harness remembers the root of each store that it opens.
func harness(opts Options, wrap func(ports.ObjectStore) ports.ObjectStore) conformance.StoreHarness {
	roots := newRegister[ports.ObjectStore, string]()
	openAt := func(t testing.TB, root string) ports.ObjectStore {
		t.Helper()
		s, err := Open(t.Context(), root, opts)
		if err != nil {
			t.Fatal(err)
		}
		wrapped := wrap(s)
		roots.set(wrapped, root)
		return wrapped
	}
	return conformance.StoreHarness{
		New: func(t testing.TB) ports.ObjectStore { return openAt(t, t.TempDir()) },
		Second: func(t testing.TB, first ports.ObjectStore) ports.ObjectStore {
			return openAt(t, roots.get(first))
		},
		Reopen: func(t testing.TB, open ports.ObjectStore) ports.ObjectStore {
			closeStore(t, open)
			return openAt(t, roots.get(open))
		},
	}
}
