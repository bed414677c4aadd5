package gcs

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

func TestMain(m *testing.M) { conformance.Main(m) }

func unescape(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil {
		panic(err)
	}
	return plain
}

// open opens the bucket of a server, with a client of its own, and closes it
// at the end. The probe is skipped unless the options of the test say more.
func open(t testing.TB, srv *server, change ...func(*Config)) ports.ObjectStore {
	t.Helper()
	cfg := Config{Bucket: bucketName, Endpoint: srv.URL, SkipProbe: true}
	for _, f := range change {
		f(&cfg)
	}
	store, err := Open(t.Context(), cfg)
	check(t, err)
	t.Cleanup(func() { closeStore(t, store) })
	return store
}

func streamer(t testing.TB, store ports.ObjectStore) ports.Streamer {
	t.Helper()
	s, ok := ports.As[ports.Streamer](store)
	if !ok {
		t.Fatal("the store is no ports.Streamer")
	}
	return s
}

func closeStore(t testing.TB, store ports.ObjectStore) {
	t.Helper()
	if c, ok := ports.As[io.Closer](store); ok {
		check(t, c.Close())
	}
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
		t.Errorf("%s answers %v, want %v", what, err, want)
	}
}

func clientOf(base http.RoundTripper) *http.Client { return &http.Client{Transport: base} }
