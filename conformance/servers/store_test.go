package servers_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

// decoration is what stands between the database and an adapter.
type decoration struct {
	name string
	wrap func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore
}

var decorations = []decoration{
	{"plain", func(_ testing.TB, inner ports.ObjectStore) ports.ObjectStore { return inner }},
	{"behind encryption", encrypted},
	{"below a prefix", func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
		outer, err := prefix.Store(inner, "tenants/7")
		require.NoError(t, err)
		return outer
	}},
	{"behind faults", func(_ testing.TB, inner ports.ObjectStore) ports.ObjectStore {
		return faults.Store(inner, faults.New(faults.Options{TraceLimit: -1}))
	}},
}

func TestStoresKeepTheContract(t *testing.T) {
	t.Parallel()
	for _, b := range slices.Concat(locals, backends) {
		for _, d := range decorations {
			t.Run(b.name+" "+d.name, func(t *testing.T) {
				t.Parallel()
				conformance.TestObjectStore(t, harness(b, d))
			})
		}
	}
}

// harness remembers on which bucket a store is, for a second client of it.
func harness(b backend, d decoration) conformance.StoreHarness {
	var buckets sync.Map
	open := func(t testing.TB, c client) ports.ObjectStore {
		store := d.wrap(t, c.make(t, c.addr))
		buckets.Store(store, c)
		return store
	}
	again := func(t testing.TB, store ports.ObjectStore) ports.ObjectStore {
		c, ok := buckets.Load(store)
		require.True(t, ok, "the kit hands back what it was given")
		return open(t, c.(client))
	}
	return conformance.StoreHarness{
		New:    func(t testing.TB) ports.ObjectStore { return open(t, b.fresh(t)) },
		Second: again,
		Reopen: func(t testing.TB, store ports.ObjectStore) ports.ObjectStore {
			closeStore(t, store)
			return again(t, store)
		},
		PageSize: 1000,
		Reserved: b.reserved,
	}
}
