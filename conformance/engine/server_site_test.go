package engine_test

import (
	"crypto/rand"
	"io"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/gcs"
	"github.com/smarterbase/smarterbase/adapters/minio"
	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

// serverCombinations are those with servers, in time that passes as it does.
var serverCombinations = []combination{
	{"s3 and redis", func(t *testing.T) *site { return &site{promptly(t, onS3(t, services.S3(t), "")), onRedis(t)} }},
	{"encrypted s3 below a prefix and redis", func(t *testing.T) *site {
		return &site{promptly(t, encrypted(t, onS3(t, services.S3(t), "tenants/7"))), onRedis(t)}
	}},
	{"minio and redis cluster", func(t *testing.T) *site { return &site{promptly(t, onMinIO(t, services.MinIO(t))), onRedisCluster(t)} }},
	{"gcs without index", func(t *testing.T) *site { return &site{promptly(t, onGCS(t, services.GCS(t))), nil} }},
}

// onEvery runs a test on every combination, on those with servers, too.
func onEvery(t *testing.T, fn func(t *testing.T, s *site)) {
	onEach(t, fn)
	for _, c := range serverCombinations {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fn(t, c.open(t))
		})
	}
}

// prompt is a store behind a network on which nothing is ever late, since it
// is in this machine and nobody gives a request up. So indexes need not wait
// for more than a minute. What is late is the business of other tests.
type prompt struct{ ports.ObjectStore }

func (p prompt) Capabilities() ports.Capabilities {
	caps := p.ObjectStore.Capabilities()
	caps.LateWrites = false
	return caps
}

// Unwrap lets optional interfaces be found.
func (p prompt) Unwrap() any { return p.ObjectStore }

// promptly closes the store at the end of the test.
func promptly(t *testing.T, store ports.ObjectStore) ports.ObjectStore {
	t.Helper()
	if closer, ok := ports.As[io.Closer](store); ok {
		t.Cleanup(func() { require.NoError(t, closer.Close()) })
	}
	return prompt{store}
}

func onS3(t *testing.T, s services.S3Server, below string) ports.ObjectStore {
	t.Helper()
	store, err := s3.Open(t.Context(), s3.Config{
		Bucket: s.NewBucket(t), Endpoint: s.Endpoint, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey,
	})
	require.NoError(t, err)
	outer, err := prefix.Store(store, below)
	require.NoError(t, err)
	return outer
}

func onMinIO(t *testing.T, s services.S3Server) ports.ObjectStore {
	t.Helper()
	u, err := url.Parse(s.Endpoint)
	require.NoError(t, err)
	store, err := minio.Open(t.Context(), minio.Config{
		Bucket: s.NewBucket(t), Endpoint: u.Host, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey,
	})
	require.NoError(t, err)
	return store
}

func onGCS(t *testing.T, s services.GCSServer) ports.ObjectStore {
	t.Helper()
	store, err := gcs.Open(t.Context(), gcs.Config{Bucket: s.NewBucket(t), Endpoint: s.Endpoint})
	require.NoError(t, err)
	return store
}

func encrypted(t *testing.T, inner ports.ObjectStore) ports.ObjectStore {
	t.Helper()
	keyring, err := encryption.FromKey([]byte("the key of the tests is 32 bytes"))
	require.NoError(t, err)
	outer, err := encryption.Store(inner, keyring, encryption.Options{})
	require.NoError(t, err)
	return outer
}

func onRedis(t *testing.T) ports.Index {
	t.Helper()
	config, err := redis.ParseURL(services.Redis(t).URL)
	require.NoError(t, err)
	return dial(t, config)
}

func onRedisCluster(t *testing.T) ports.Index {
	t.Helper()
	return dial(t, redis.Config{Addrs: services.RedisCluster(t).Addrs, Cluster: true})
}

func dial(t *testing.T, config redis.Config) ports.Index {
	t.Helper()
	config.Options.Namespace = rand.Text()
	client, err := redis.Dial(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client.Index()
}
