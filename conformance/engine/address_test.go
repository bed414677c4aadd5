package engine_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/adapters/minio"
	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// address says where a database lives, so that other processes find it.
type address struct {
	Dir    string               // of files, or:
	Server services.S3Server    // which is MinIO, or speaks S3, with the
	Bucket string               // in it
	Redis  services.RedisServer // of the index
	Space  string               // its namespace there
}

// String is how an address is given to a child.
func (a address) String() string {
	text, _ := json.Marshal(a)
	return string(text)
}

func parseAddress(text string) (a address, err error) {
	return a, json.Unmarshal([]byte(text), &a)
}

// addresses are the stores on which processes are killed. Each has the index
// that a Redis server of its own keeps, since many processes share it.
var addresses = []struct {
	name string
	make func(t *testing.T) address
}{
	{"files", func(t *testing.T) address { return address{Dir: t.TempDir()} }},
	{"versitygw", func(t *testing.T) address { return inBucket(t, services.S3(t)) }},
	{"minio", func(t *testing.T) address { return inBucket(t, services.MinIO(t)) }},
}

func inBucket(t *testing.T, server services.S3Server) address {
	t.Helper()
	return address{Server: server, Bucket: server.NewBucket(t)}
}

// withRedis gives the address an index.
func (a address) withRedis(server services.RedisServer) address {
	a.Redis, a.Space = server, rand.Text()
	return a
}

func (a address) store(ctx context.Context) (ports.ObjectStore, error) {
	switch s := a.Server; s.Name {
	case "":
		return fs.Open(ctx, filepath.Join(a.Dir, "data"), fs.Options{Sync: fs.SyncNone})
	case "minio":
		u, err := url.Parse(s.Endpoint)
		if err != nil {
			return nil, err
		}
		return minio.Open(ctx, minio.Config{Bucket: a.Bucket, Endpoint: u.Host, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey})
	default:
		return s3.Open(ctx, s3.Config{Bucket: a.Bucket, Endpoint: s.Endpoint, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey})
	}
}

// open opens the database there. Whoever opens it first waits for the indexes
// before anybody is killed or stopped, so there is no change of an index for
// which a late request would matter.
func (a address) open(ctx context.Context) (db *core.DB, close func() error, err error) {
	store, err := a.store(ctx)
	if err != nil {
		return nil, nil, err
	}
	closers := []func() error{func() error {
		if closer, ok := ports.As[io.Closer](store); ok {
			return closer.Close()
		}
		return nil
	}}
	close = func() (err error) {
		for i := len(closers) - 1; i >= 0; i-- {
			err = errors.Join(err, closers[i]())
		}
		return err
	}
	config, err := redis.ParseURL(a.Redis.URL)
	if err != nil {
		return nil, nil, errors.Join(err, close())
	}
	config.Options.Namespace = a.Space
	client, err := redis.Dial(ctx, config)
	if err != nil {
		return nil, nil, errors.Join(err, close())
	}
	closers = append(closers, client.Close)
	options := core.Options{Settings: core.Settings{SkipProbe: true}, Components: core.Components{Index: client.Index()}}
	if db, err = core.Open(ctx, prompt{store}, options); err != nil {
		return nil, nil, errors.Join(err, close())
	}
	closers = append(closers, db.Close)
	return db, close, nil
}

// mustOpen opens the database for the length of the test.
func (a address) mustOpen(t *testing.T) *core.DB {
	t.Helper()
	db, close, err := a.open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, close()) })
	return db
}

// onAddresses runs a test on each store, one after another: they make the
// machine busy.
func onAddresses(t *testing.T, fn func(t *testing.T, a address)) {
	for _, at := range addresses {
		t.Run(at.name, func(t *testing.T) {
			fn(t, at.make(t).withRedis(services.Redis(t)))
		})
	}
}
