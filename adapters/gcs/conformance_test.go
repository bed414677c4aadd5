package gcs

import (
	"sync"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// The kit runs on a client that the package makes, in the whole bucket and
// below a prefix, behind faults, and on a client of the caller's, which reads
// by the XML API.
func TestConformance(t *testing.T) {
	t.Parallel()
	own := func(change func(*Config)) func(testing.TB, *server) ports.ObjectStore {
		return func(t testing.TB, srv *server) ports.ObjectStore { return open(t, srv, change) }
	}
	for name, make := range map[string]func(testing.TB, *server) ports.ObjectStore{
		"probed":                       own(probed),
		"below a prefix, small chunks": own(func(c *Config) { c.Prefix, c.ChunkSize = "tenants/7", chunkUnit }),
		"behind faults": func(t testing.TB, srv *server) ports.ObjectStore {
			return faults.Store(open(t, srv), faults.New(faults.Options{}))
		},
		"caller's client": func(t testing.TB, srv *server) ports.ObjectStore { return openNew(t, srv) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, harness(make))
		})
	}
}

// openNew opens the bucket of a server with a client that the test made.
func openNew(t testing.TB, srv *server, opts ...option.ClientOption) ports.ObjectStore {
	t.Helper()
	base := newBase()
	opts = append(opts, option.WithEndpoint(srv.URL+"/storage/v1/"), option.WithoutAuthentication(), option.WithHTTPClient(clientOf(base)))
	client, err := storage.NewClient(t.Context(), opts...)
	check(t, err)
	t.Cleanup(link{client, base}.close)
	store, err := New(t.Context(), client, Options{Bucket: bucketName, SkipProbe: true})
	check(t, err)
	return store
}

func harness(make func(testing.TB, *server) ports.ObjectStore) conformance.StoreHarness {
	var servers sync.Map // *server by ports.ObjectStore
	openOn := func(t testing.TB, srv *server) ports.ObjectStore {
		store := make(t, srv)
		servers.Store(store, srv)
		return store
	}
	serverOf := func(store ports.ObjectStore) *server {
		srv, _ := servers.Load(store)
		return srv.(*server)
	}
	return conformance.StoreHarness{
		New:    func(t testing.TB) ports.ObjectStore { return openOn(t, newServer(t)) },
		Second: func(t testing.TB, first ports.ObjectStore) ports.ObjectStore { return openOn(t, serverOf(first)) },
		Reopen: func(t testing.TB, store ports.ObjectStore) ports.ObjectStore {
			closeStore(t, store)
			return openOn(t, serverOf(store))
		},
		PageSize: pageSize,
	}
}
