package minio

import (
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// config is that of a store on a fake server.
func config(f *fake) Config {
	return Config{Endpoint: "fake:9000", Bucket: "bucket", AccessKey: "key", SecretKey: "secret", Transport: f, PartSize: minPartSize}
}

func openStore(t testing.TB, cfg Config) *Store {
	t.Helper()
	store, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, store.Close()) })
	return store
}

// unprobed is a store on f that has made no request yet.
func unprobed(t testing.TB, f *fake) *bucket {
	t.Helper()
	cfg := config(f)
	cfg.SkipProbe = true
	return openStore(t, cfg).ObjectStore.(*bucket)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error, what string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}
