package minio_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	sdk "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/smarterbase/smarterbase/adapters/minio"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// server is where the kit runs: KIT_ENDPOINT, KIT_ACCESS, KIT_SECRET.
type server struct {
	endpoint, access, secret string
	admin                    *sdk.Client
}

var (
	run     = fmt.Sprintf("kit%d", os.Getpid())
	buckets atomic.Int64
	homes   sync.Map // ports.ObjectStore -> minio.Config
)

func theServer(t testing.TB) *server {
	s := &server{endpoint: os.Getenv("KIT_ENDPOINT"), access: os.Getenv("KIT_ACCESS"), secret: os.Getenv("KIT_SECRET")}
	if s.endpoint == "" {
		t.Skip("no server")
	}
	own, err := sdk.DefaultTransport(false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.CloseIdleConnections)
	s.admin, err = sdk.New(s.endpoint, &sdk.Options{
		Creds: credentials.NewStaticV4(s.access, s.secret, ""), Region: "us-east-1", MaxRetries: 1, Transport: own,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) harness(prefix string, wrap func(ports.ObjectStore) ports.ObjectStore) conformance.StoreHarness {
	openAt := func(t testing.TB, cfg minio.Config) ports.ObjectStore {
		t.Helper()
		store, err := minio.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		store = wrap(store)
		homes.Store(store, cfg)
		return store
	}
	home := func(store ports.ObjectStore) minio.Config {
		cfg, _ := homes.Load(store)
		return cfg.(minio.Config)
	}
	return conformance.StoreHarness{
		PageSize: 1000,
		New: func(t testing.TB) ports.ObjectStore {
			bucket := fmt.Sprintf("%s-%d", run, buckets.Add(1))
			if err := s.admin.MakeBucket(context.Background(), bucket, sdk.MakeBucketOptions{}); err != nil {
				t.Fatal(err)
			}
			return openAt(t, minio.Config{
				Endpoint: s.endpoint, AccessKey: s.access, SecretKey: s.secret, Bucket: bucket, Prefix: prefix, PartSize: 5 << 20,
			})
		},
		Second: func(t testing.TB, first ports.ObjectStore) ports.ObjectStore { return openAt(t, home(first)) },
		Reopen: func(t testing.TB, open ports.ObjectStore) ports.ObjectStore {
			if c, ok := ports.As[interface{ Close() error }](open); ok {
				_ = c.Close()
			}
			return openAt(t, home(open))
		},
	}
}

func same(s ports.ObjectStore) ports.ObjectStore { return s }

func TestKit(t *testing.T) {
	conformance.TestObjectStore(t, theServer(t).harness("", same))
}

func TestKitBelowPrefix(t *testing.T) {
	conformance.TestObjectStore(t, theServer(t).harness("tenants/example.com/db.json", same))
}

func TestKitBehindFaults(t *testing.T) {
	conformance.TestObjectStore(t, theServer(t).harness("", func(s ports.ObjectStore) ports.ObjectStore {
		return faults.Store(s, faults.New(faults.Options{}))
	}))
}
