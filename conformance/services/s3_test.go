package services

import (
	"bytes"
	"io"
	"testing"

	"github.com/minio/minio-go/v7"
)

// putAndGet writes an object and reads it back.
func putAndGet(t *testing.T, s S3Server, bucket, key string) {
	t.Helper()
	c, err := s.client()
	if err != nil {
		t.Fatal(err)
	}
	body := []byte("body of " + key)
	if _, err := c.PutObject(t.Context(), bucket, key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{}); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
	expectObject(t, s, bucket, key)
}

func expectObject(t *testing.T, s S3Server, bucket, key string) {
	t.Helper()
	c, err := s.client()
	if err != nil {
		t.Fatal(err)
	}
	o, err := c.GetObject(t.Context(), bucket, key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	defer func() { _ = o.Close() }()
	got, err := io.ReadAll(o)
	if err != nil || string(got) != "body of "+key {
		t.Fatalf("get %s answers %q, %v", key, got, err)
	}
}

func TestS3ServersServe(t *testing.T) {
	t.Parallel()
	for name, get := range map[string]func(testing.TB) S3Server{"s3": S3, "minio": MinIO} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := get(t)
			if s.Name != name {
				t.Errorf("the server is called %q", s.Name)
			}
			a, b := s.NewBucket(t), s.NewBucket(t)
			if a == b {
				t.Errorf("two buckets have the name %s", a)
			}
			putAndGet(t, s, a, "folder/key")
		})
	}
}

func TestKilledS3ServerComesBackWithItsData(t *testing.T) {
	t.Parallel()
	for name, fresh := range map[string]func(testing.TB) *PrivateS3{"s3": FreshS3, "minio": FreshMinIO} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fresh(t)
			bucket := s.NewBucket(t)
			putAndGet(t, s.S3Server, bucket, "key")
			s.Kill()
			if err := s.ask(t.Context()); err == nil {
				t.Fatal("it still answers")
			}
			s.Restart()
			expectObject(t, s.S3Server, bucket, "key")
		})
	}
}
