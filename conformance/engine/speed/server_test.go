package speed

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	sdk "github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/minio"
	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// rival is an adapter and the client that it is built on, on one bucket of one
// server. Both have connections of the same kind.
type rival struct {
	ours ports.ObjectStore
	put  func(ctx context.Context, key string, data []byte) error // create
	get  func(ctx context.Context, key string) error
}

var rivals = map[string]func(b testing.TB) rival{
	"s3 on versitygw": func(b testing.TB) rival { return s3Rival(b, services.S3(b)) },
	"s3 on MinIO":     func(b testing.TB) rival { return s3Rival(b, services.MinIO(b)) },
	"minio on MinIO":  func(b testing.TB) rival { return minioRival(b, services.MinIO(b)) },
}

// transport keeps as many connections as the adapters do.
func transport(b testing.TB) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 256
	b.Cleanup(t.CloseIdleConnections)
	return t
}

func s3Rival(b testing.TB, s services.S3Server) rival {
	bucket := s.NewBucket(b)
	ours, err := s3.Open(b.Context(), s3.Config{
		Bucket: bucket, Endpoint: s.Endpoint, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ours.Close() })
	client := awss3.New(awss3.Options{
		Region: s.Region, BaseEndpoint: &s.Endpoint, UsePathStyle: true, HTTPClient: &http.Client{Transport: transport(b)},
		Credentials:                credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
	return rival{
		ours: ours,
		put: func(ctx context.Context, key string, data []byte) error {
			_, err := client.PutObject(ctx, &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(data), IfNoneMatch: aws.String("*")})
			return err
		},
		get: func(ctx context.Context, key string) error {
			out, err := client.GetObject(ctx, &awss3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return err
			}
			_, err = io.ReadAll(out.Body)
			_ = out.Body.Close()
			return err
		},
	}
}

func minioRival(b testing.TB, s services.S3Server) rival {
	bucket := s.NewBucket(b)
	u, err := url.Parse(s.Endpoint)
	if err != nil {
		b.Fatal(err)
	}
	ours, err := minio.Open(b.Context(), minio.Config{
		Bucket: bucket, Endpoint: u.Host, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = ours.Close() })
	client, err := sdk.New(u.Host, &sdk.Options{
		Creds:  miniocredentials.NewStaticV4(s.AccessKey, s.SecretKey, ""),
		Region: s.Region, Transport: transport(b), MaxRetries: 1,
	})
	if err != nil {
		b.Fatal(err)
	}
	return rival{
		ours: ours,
		put: func(ctx context.Context, key string, data []byte) error {
			opts := sdk.PutObjectOptions{}
			opts.SetMatchETagExcept("*")
			_, err := client.PutObject(ctx, bucket, key, bytes.NewReader(data), int64(len(data)), opts)
			return err
		},
		get: func(ctx context.Context, key string) error {
			object, err := client.GetObject(ctx, bucket, key, sdk.GetObjectOptions{})
			if err != nil {
				return err
			}
			_, err = io.ReadAll(object)
			_ = object.Close()
			return err
		},
	}
}

// kibibyte is a document of 1 KiB.
var kibibyte = fmt.Appendf(nil, `{"text":"%01013d"}`, 7)

// crew makes a round of a benchmark in which some workers do something four
// times each.
func crew(workers int, do func(n int) error) func(i int) error {
	const times = 4
	return func(i int) error {
		errs := make([]error, workers)
		var group sync.WaitGroup
		for w := range workers {
			group.Go(func() {
				for n := range times {
					if err := do((i*workers+w)*times + n); err != nil {
						errs[w] = err
					}
				}
			})
		}
		group.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// BenchmarkServers compares gets and creates of 1 KiB with the plain client.
func BenchmarkServers(b *testing.B) {
	for name, start := range rivals {
		for _, workers := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/get by %d", name, workers), func(b *testing.B) {
				r, ctx := start(b), b.Context()
				if _, err := r.ours.Put(ctx, "k.json", kibibyte, ports.IfAbsent); err != nil {
					b.Fatal(err)
				}
				conformance.Compare(b, crew(workers, func(int) error { return r.get(ctx, "k.json") }), crew(workers, func(int) error {
					_, err := r.ours.Get(ctx, "k.json", ports.GetOptions{})
					return err
				}))
			})
			b.Run(fmt.Sprintf("%s/create by %d", name, workers), func(b *testing.B) {
				r, ctx := start(b), b.Context()
				conformance.Compare(b, crew(workers, func(n int) error {
					return r.put(ctx, fmt.Sprintf("raw/%d.json", n), kibibyte)
				}), crew(workers, func(n int) error {
					_, err := r.ours.Put(ctx, fmt.Sprintf("ours/%d.json", n), kibibyte, ports.IfAbsent)
					return err
				}))
			})
		}
	}
}

// BenchmarkEncrypted compares encrypted documents of 1 KiB on MinIO with plain
// ones.
func BenchmarkEncrypted(b *testing.B) {
	for _, workers := range []int{1, 16} {
		r, ctx := s3Rival(b, services.MinIO(b)), b.Context()
		keyring, err := encryption.FromKey([]byte("the key of the tests is 32 bytes"))
		if err != nil {
			b.Fatal(err)
		}
		sealed, err := encryption.Store(r.ours, keyring, encryption.Options{})
		if err != nil {
			b.Fatal(err)
		}
		stores := map[string]ports.ObjectStore{"plain": r.ours, "sealed": sealed}
		for name, s := range stores {
			if _, err := s.Put(ctx, name+".json", kibibyte, ports.IfAbsent); err != nil {
				b.Fatal(err)
			}
		}
		get := func(name string) func(int) error {
			return crew(workers, func(int) error {
				_, err := stores[name].Get(ctx, name+".json", ports.GetOptions{})
				return err
			})
		}
		b.Run(fmt.Sprintf("get by %d", workers), func(b *testing.B) { conformance.Compare(b, get("plain"), get("sealed")) })
		create := func(name string) func(int) error {
			folder := rand.Text()
			return crew(workers, func(n int) error {
				_, err := stores[name].Put(ctx, fmt.Sprintf("%s/%s/%d.json", folder, name, n), kibibyte, ports.IfAbsent)
				return err
			})
		}
		b.Run(fmt.Sprintf("create by %d", workers), func(b *testing.B) { conformance.Compare(b, create("plain"), create("sealed")) })
	}
}

// An adapter may take few allocations more than the client that it is built
// on. Times are for benchmarks; this is exact.
func TestAdaptersAllocateLittle(t *testing.T) {
	for name, start := range rivals {
		t.Run(name, func(t *testing.T) {
			r, ctx := start(t), t.Context()
			if _, err := r.ours.Put(ctx, "k.json", kibibyte, ports.IfAbsent); err != nil {
				t.Fatal(err)
			}
			n := 0
			compare := func(what string, raw, ours func() error) {
				var per [2]float64
				for i, do := range []func() error{raw, ours} {
					per[i] = testing.AllocsPerRun(100, func() {
						if err := do(); err != nil {
							t.Error(err)
						}
					})
				}
				t.Logf("%s: %.0f allocations, %.0f by the client alone", what, per[1], per[0])
				if per[1] > per[0]*1.15 {
					t.Errorf("%s takes %.0f allocations, the client alone %.0f", what, per[1], per[0])
				}
			}
			compare("get", func() error { return r.get(ctx, "k.json") }, func() error {
				_, err := r.ours.Get(ctx, "k.json", ports.GetOptions{})
				return err
			})
			compare("create", func() error { n++; return r.put(ctx, fmt.Sprintf("raw/%d.json", n), kibibyte) }, func() error {
				n++
				_, err := r.ours.Put(ctx, fmt.Sprintf("ours/%d.json", n), kibibyte, ports.IfAbsent)
				return err
			})
		})
	}
}
