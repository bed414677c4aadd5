package minio

import (
	"errors"
	"io"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// config is that of a store on a fake server.
func config(f *fake) Config {
	return Config{Endpoint: "fake:9000", Bucket: "bucket", AccessKey: "key", SecretKey: "secret", Transport: f, PartSize: minPartSize}
}

func openStore(t testing.TB, cfg Config) ports.ObjectStore {
	t.Helper()
	store, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, store.(io.Closer).Close()) })
	return store
}

// unprobed is a store on f that has made no request yet.
func unprobed(t testing.TB, f *fake) *Store {
	t.Helper()
	cfg := config(f)
	cfg.SkipProbe = true
	return openStore(t, cfg).(*Store)
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
