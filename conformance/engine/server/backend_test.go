package server_test

import (
	"io"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/gcs"
	"github.com/smarterbase/smarterbase/adapters/minio"
	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// client opens an object store on one bucket. Each call is another client, as
// another process would be; who opens it closes it.
type client func(t testing.TB) ports.ObjectStore

// backend is an adapter with a server.
type backend struct {
	name  string
	fresh func(t testing.TB) client // on a new bucket
	waive map[string]string         // clauses that the server can't keep
}

var backends = []backend{
	{"s3 on versitygw", func(t testing.TB) client { return onS3(t, services.S3(t), "") }, nil},
	{"s3 on MinIO", func(t testing.TB) client { return onS3(t, services.MinIO(t), "") }, nil},
	{"minio on MinIO", func(t testing.TB) client { return onMinIO(t, services.MinIO(t), "") }, nil},
	{"gcs on an emulator", func(t testing.TB) client { return onGCS(t, services.GCS(t), "") }, nil},
}

// onS3 and the next two make a bucket on a server, and clients that reach it
// at that address or, if via is not empty, at that of a proxy.
func onS3(t testing.TB, server services.S3Server, via string) client {
	t.Helper()
	config := s3.Config{
		Bucket: server.NewBucket(t), Endpoint: server.Endpoint, Region: server.Region,
		AccessKey: server.AccessKey, SecretKey: server.SecretKey, MaxObjectSize: kitObjectSize,
	}
	if via != "" {
		config.Endpoint = "http://" + via
	}
	return func(t testing.TB) ports.ObjectStore {
		t.Helper()
		store, err := s3.Open(t.Context(), config)
		require.NoError(t, err)
		return store
	}
}

func onMinIO(t testing.TB, server services.S3Server, via string) client {
	t.Helper()
	u, err := url.Parse(server.Endpoint)
	require.NoError(t, err)
	config := minio.Config{
		Bucket: server.NewBucket(t), Endpoint: u.Host, Region: server.Region, Secure: u.Scheme == "https",
		AccessKey: server.AccessKey, SecretKey: server.SecretKey,
	}
	if via != "" {
		config.Endpoint = via
	}
	return func(t testing.TB) ports.ObjectStore {
		t.Helper()
		store, err := minio.Open(t.Context(), config)
		require.NoError(t, err)
		return store
	}
}

func onGCS(t testing.TB, server services.GCSServer, via string) client {
	t.Helper()
	config := gcs.Config{Bucket: server.NewBucket(t), Endpoint: server.Endpoint}
	if via != "" {
		config.Endpoint = "http://" + via
	}
	return func(t testing.TB) ports.ObjectStore {
		t.Helper()
		store, err := gcs.Open(t.Context(), config)
		require.NoError(t, err)
		return store
	}
}

// kitObjectSize is a limit of size that the kit can reach.
const kitObjectSize = 8 << 20

// open opens one client and closes it at the end of the test.
func (c client) open(t testing.TB) ports.ObjectStore {
	t.Helper()
	store := c(t)
	t.Cleanup(func() { closeStore(t, store) })
	return store
}

func closeStore(t testing.TB, store ports.ObjectStore) {
	t.Helper()
	if closer, ok := ports.As[io.Closer](store); ok {
		require.NoError(t, closer.Close())
	}
}
