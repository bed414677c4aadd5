package minio

import (
	"io"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// The kit runs on a server in memory here; it also runs on real ones elsewhere.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, prefix := range map[string]string{"the bucket": "", "below a prefix": "tenants/example.com/db.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, harness(prefix))
		})
	}
}

// harness remembers the server of each store that it opens.
func harness(prefix string) conformance.StoreHarness {
	var servers sync.Map
	openAt := func(t testing.TB, f *fake) ports.ObjectStore {
		t.Helper()
		cfg := config(f)
		cfg.Prefix = prefix
		store, err := Open(t.Context(), cfg)
		check(t, err)
		servers.Store(store, f)
		return store
	}
	of := func(store ports.ObjectStore) *fake {
		f, _ := servers.Load(store)
		return f.(*fake)
	}
	return conformance.StoreHarness{
		PageSize: maxPage,
		New:      func(t testing.TB) ports.ObjectStore { return openAt(t, newFake()) },
		Second:   func(t testing.TB, first ports.ObjectStore) ports.ObjectStore { return openAt(t, of(first)) },
		Reopen: func(t testing.TB, open ports.ObjectStore) ports.ObjectStore {
			closer, _ := ports.As[io.Closer](open)
			check(t, closer.Close())
			return openAt(t, of(open))
		},
	}
}
