package services

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Server is a server that speaks the protocol of S3. Paths have the form
// /bucket/key: most such servers have no names for buckets.
type S3Server struct {
	// Name says which server it is: "s3" or "minio".
	Name string
	// Endpoint is a URL with scheme and host, "http://127.0.0.1:12345".
	Endpoint string
	// AccessKey and SecretKey belong to an account that may do everything.
	AccessKey, SecretKey string
	// Region is what requests are signed for.
	Region string

	foreign bool // not ours: what tests leave there stays
}

// PrivateS3 is a server for one test, which may end and start it.
type PrivateS3 struct {
	S3Server
	Control
}

const defaultRegion = "us-east-1"

var (
	sharedS3    = shared[S3Server]{name: nameS3, make: func() (S3Server, error) { return findS3(versitygw, "SB_S3") }}
	sharedMinIO = shared[S3Server]{name: nameMinIO, make: func() (S3Server, error) { return findS3(minIO, "SB_MINIO") }}
)

// S3 returns the server that all tests of the process share: that of
// SB_S3_ENDPOINT, SB_S3_ACCESS_KEY, SB_S3_SECRET_KEY and SB_S3_REGION, or else
// versitygw, which keeps every condition that S3 has on Put and Delete.
func S3(t testing.TB) S3Server { t.Helper(); return sharedS3.get(t) }

// MinIO returns the MinIO server that all tests of the process share: that of
// SB_MINIO_ENDPOINT, SB_MINIO_ACCESS_KEY, SB_MINIO_SECRET_KEY and
// SB_MINIO_REGION, or else one that is started. It ignores If-Match on Delete.
func MinIO(t testing.TB) S3Server { t.Helper(); return sharedMinIO.get(t) }

// FreshS3 starts a versitygw for this test alone. It keeps its data over Kill
// and Restart, though it never asks the disk to.
func FreshS3(t testing.TB) *PrivateS3 { t.Helper(); return freshS3(t, versitygw) }

// FreshMinIO starts a MinIO for this test alone. It keeps its data over Kill
// and Restart.
func FreshMinIO(t testing.TB) *PrivateS3 { t.Helper(); return freshS3(t, minIO) }

func freshS3(t testing.TB, r *recipe) *PrivateS3 {
	t.Helper()
	c := fresh(t, r)
	return &PrivateS3{S3Server: newS3(r.name, c.server.addr), Control: c}
}

// The account of servers that are started here.
const (
	testAccessKey = "smarterbase"
	testSecretKey = "smarterbase-secret"
)

func newS3(name, addr string) S3Server {
	return S3Server{Name: name, Endpoint: "http://" + addr, AccessKey: testAccessKey, SecretKey: testSecretKey, Region: defaultRegion}
}

// findS3 returns the server of the environment, or starts one.
func findS3(r *recipe, prefix string) (S3Server, error) {
	var found S3Server
	err := firstThat(
		attempt{fromEnv, func() (err error) { found, err = s3FromEnv(r.name, prefix); return err }},
		attempt{fromDocker, func() error { return keep(r.contain, func(s *server) { found = newS3(r.name, s.addr) }) }},
		attempt{fromBinary, func() error { return keep(r.spawn, func(s *server) { found = newS3(r.name, s.addr) }) }},
	)
	return found, err
}

// keep starts a server that ends with the process, and hands it on.
func keep(start func() (*server, error), use func(*server)) error {
	s, err := start()
	if err != nil {
		return err
	}
	atEnd(func() { _ = s.machine.remove() })
	use(s)
	return nil
}

func s3FromEnv(name, prefix string) (S3Server, error) {
	s := S3Server{
		Name:      name,
		Endpoint:  os.Getenv(prefix + "_ENDPOINT"),
		AccessKey: os.Getenv(prefix + "_ACCESS_KEY"),
		SecretKey: os.Getenv(prefix + "_SECRET_KEY"),
		Region:    os.Getenv(prefix + "_REGION"),
		foreign:   true,
	}
	if s.Endpoint == "" {
		return s, unset(prefix + "_ENDPOINT")
	}
	if s.Region == "" {
		s.Region = defaultRegion
	}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	return s, s.ask(ctx)
}

// askLimit is for one call of a server that should be there.
const askLimit = 30 * time.Second

// ask makes the server do something that needs its account.
func (s S3Server) ask(ctx context.Context) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	_, err = c.ListBuckets(ctx)
	return err
}

// client returns a client that leaves no connection open.
func (s S3Server) client() (*minio.Client, error) {
	u, err := url.Parse(s.Endpoint)
	if err != nil {
		return nil, err
	}
	if u.Host == "" {
		return nil, errors.New("the endpoint is not a URL with a host: " + s.Endpoint)
	}
	return minio.New(u.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""),
		Secure:       u.Scheme == "https",
		Region:       s.Region,
		Transport:    noKeepAlive,
		BucketLookup: minio.BucketLookupPath,
		MaxRetries:   1,
	})
}

// noKeepAlive closes every connection after its request: connections that wait
// for a next one are goroutines, which tests look for.
var noKeepAlive = &http.Transport{
	DisableKeepAlives: true,
	DialContext:       (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
}

// NewBucket makes an empty bucket with a new name. On a server that was not
// started here, the test removes it when it ends.
func (s S3Server) NewBucket(t testing.TB) string {
	t.Helper()
	name := newName()
	c, err := s.client()
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), askLimit)
		defer cancel()
		err = c.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: s.Region})
	}
	if err != nil {
		t.Fatalf("making bucket %s on %s at %s: %v", name, s.Name, s.Endpoint, err)
	}
	if s.foreign {
		t.Cleanup(func() { removeBucket(t, c, name) })
	}
	return name
}

// removeBucket empties and removes a bucket.
func removeBucket(t testing.TB, c *minio.Client, name string) {
	t.Helper()
	ctx := context.Background()
	for o := range c.ListObjectsIter(ctx, name, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Errorf("emptying bucket %s: %v", name, o.Err)
			return
		}
		if err := c.RemoveObject(ctx, name, o.Key, minio.RemoveObjectOptions{}); err != nil {
			t.Errorf("emptying bucket %s: %v", name, err)
			return
		}
	}
	if err := c.RemoveBucket(ctx, name); err != nil {
		t.Errorf("removing bucket %s: %v", name, err)
	}
}
