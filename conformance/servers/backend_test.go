package servers_test

import (
	"io"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/adapters/gcs"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/adapters/minio"
	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// client opens object stores on one bucket, at an address. Each is another
// client, as another process would be.
type client struct {
	addr string
	make func(t testing.TB, addr string) ports.ObjectStore
}

// at is the same bucket at another address, such as that of a proxy.
func (c client) at(addr string) client {
	c.addr = addr
	return c
}

// backend is an adapter with a server.
type backend struct {
	name  string
	start func(t testing.TB) server

	// reserved are keys of the kit that the server keeps for itself.
	reserved map[string]string
}

// server is where buckets are. bucket makes one, and answers how to open it at
// some address.
type server struct {
	addr   string
	bucket func(t testing.TB) func(t testing.TB, addr string) ports.ObjectStore
}

// client makes a bucket and clients of it.
func (s server) client(t testing.TB) client {
	t.Helper()
	return client{s.addr, s.bucket(t)}
}

var backends = []backend{
	{"s3 on versitygw", func(t testing.TB) server { return s3Server(t, services.S3(t)) }, map[string]string{
		".sgwtmp/x": "where versitygw keeps what is not finished",
	}},
	{"s3 on MinIO", func(t testing.TB) server { return s3Server(t, services.MinIO(t)) }, map[string]string{
		`quote/..\up.json`: "MinIO takes a backslash for a slash when it looks for steps upwards",
	}},
	{"minio on MinIO", func(t testing.TB) server { return minioServer(t, services.MinIO(t)) }, nil},
	{"gcs on an emulator", func(t testing.TB) server { return gcsServer(t, services.GCS(t)) }, nil},
}

// locals need no server. The same tests say whether it is the adapter, or the
// server, that breaks a rule.
var locals = []backend{
	{"memory", func(testing.TB) server {
		return server{"", func(testing.TB) func(testing.TB, string) ports.ObjectStore {
			store := memory.NewStore(memory.StoreOptions{MaxObjectSize: kitObjectSize})
			return func(testing.TB, string) ports.ObjectStore { return store.Client() }
		}}
	}, nil},
	{"files", func(testing.TB) server {
		return server{"", func(t testing.TB) func(testing.TB, string) ports.ObjectStore {
			root := t.TempDir()
			return func(t testing.TB, _ string) ports.ObjectStore {
				t.Helper()
				store, err := fs.Open(t.Context(), root, fs.Options{Sync: fs.SyncNone})
				require.NoError(t, err)
				return store
			}
		}}
	}, nil},
}

// fresh makes clients of a new bucket.
func (b backend) fresh(t testing.TB) client {
	t.Helper()
	return b.start(t).client(t)
}

func host(t testing.TB, endpoint string) string {
	t.Helper()
	u, err := url.Parse(endpoint)
	require.NoError(t, err)
	return u.Host
}

func s3Server(t testing.TB, s services.S3Server) server {
	t.Helper()
	return server{host(t, s.Endpoint), func(t testing.TB) func(testing.TB, string) ports.ObjectStore {
		config := s3.Config{
			Bucket: s.NewBucket(t), Region: s.Region,
			AccessKey: s.AccessKey, SecretKey: s.SecretKey, MaxObjectSize: kitObjectSize,
		}
		return func(t testing.TB, addr string) ports.ObjectStore {
			t.Helper()
			config := config
			config.Endpoint = "http://" + addr
			store, err := s3.Open(t.Context(), config)
			require.NoError(t, err)
			return store
		}
	}}
}

func minioServer(t testing.TB, s services.S3Server) server {
	t.Helper()
	return server{host(t, s.Endpoint), func(t testing.TB) func(testing.TB, string) ports.ObjectStore {
		config := minio.Config{
			Bucket: s.NewBucket(t), Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey,
		}
		return func(t testing.TB, addr string) ports.ObjectStore {
			t.Helper()
			config := config
			config.Endpoint = addr
			store, err := minio.Open(t.Context(), config)
			require.NoError(t, err)
			return store
		}
	}}
}

func gcsServer(t testing.TB, s services.GCSServer) server {
	t.Helper()
	return server{host(t, s.Endpoint), func(t testing.TB) func(testing.TB, string) ports.ObjectStore {
		config := gcs.Config{Bucket: s.NewBucket(t)}
		return func(t testing.TB, addr string) ports.ObjectStore {
			t.Helper()
			config := config
			config.Endpoint = "http://" + addr
			store, err := gcs.Open(t.Context(), config)
			require.NoError(t, err)
			return store
		}
	}}
}

// kitObjectSize is a limit of size that the kit can reach.
const kitObjectSize = 8 << 20

// open opens one client and closes it at the end of the test.
func (c client) open(t testing.TB) ports.ObjectStore {
	t.Helper()
	store := c.make(t, c.addr)
	t.Cleanup(func() { closeStore(t, store) })
	return store
}

func closeStore(t testing.TB, store ports.ObjectStore) {
	t.Helper()
	if closer, ok := ports.As[io.Closer](store); ok {
		require.NoError(t, closer.Close())
	}
}
