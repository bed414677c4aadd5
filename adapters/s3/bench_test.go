package s3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/smarterbase/smarterbase/ports"
)

// endpointVariable names a real server with the bucket "bench" to compare on;
// empty: a server in this process, whose work is then part of both sides.
const endpointVariable = "SMARTERBASE_S3_BENCH_ENDPOINT"

// benchStore opens the adapter; its client is the raw one.
func benchStore(b *testing.B) *Store {
	b.Helper()
	c := Config{Bucket: "bench", Endpoint: os.Getenv(endpointVariable)}
	if c.Endpoint == "" {
		c = newFake(b, func(f *fake) { f.intercept = canned }).config()
	}
	s, err := Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

var cannedPage = fullPage()

// canned answers at once, so that the client's own work shows.
func canned(w http.ResponseWriter, r *http.Request, _ []byte) bool {
	w.Header().Set("ETag", etag)
	if r.Method == http.MethodGet && r.URL.Query().Has("list-type") {
		_, _ = w.Write(bytes.Replace(cannedPage, []byte("<IsTruncated>true"), []byte("<IsTruncated>false"), 1))
	} else if r.Method == http.MethodGet {
		_, _ = w.Write(make([]byte, 1024))
	}
	return true
}

func BenchmarkAgainstRaw(b *testing.B) {
	s := benchStore(b)
	client, bucket, ctx := s.bucket.client, &s.bucket.name, b.Context()
	key, data := anyKey, make([]byte, 1024)
	if _, err := s.Put(ctx, key, data, ports.Any); err != nil {
		b.Fatal(err)
	}
	run := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("get/raw", func() error {
		out, err := client.GetObject(ctx, &awss3.GetObjectInput{Bucket: bucket, Key: &key})
		if err != nil {
			return err
		}
		_, err = io.ReadAll(out.Body)
		_ = out.Body.Close()
		return err
	})
	run("get/adapter", func() error {
		_, err := s.Get(ctx, key, ports.GetOptions{})
		return err
	})
	run("put/raw", func() error {
		_, err := client.PutObject(ctx, &awss3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(data)})
		return err
	})
	run("put/adapter", func() error {
		_, err := s.Put(ctx, key, data, ports.Any)
		return err
	})
	run("list/raw", func() error {
		_, err := client.ListObjectsV2(ctx, &awss3.ListObjectsV2Input{Bucket: bucket})
		return err
	})
	run("list/adapter", func() error {
		n := 0
		for _, err := range s.List(ctx, ports.ListOptions{Limit: maxPage}) {
			if err != nil {
				return err
			}
			n++
		}
		if n == 0 {
			return fmt.Errorf("nothing is listed")
		}
		return nil
	})
}
