package minio

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/smarterbase/smarterbase/ports"
)

func client(t *testing.T, opts sdk.Options) *sdk.Client {
	t.Helper()
	opts.Creds = credentials.NewStaticV4("key", "secret", "")
	made, err := sdk.New("fake:9000", &opts)
	check(t, err)
	return made
}

func TestClientsThatRetryAreRefused(t *testing.T) {
	t.Parallel()
	for _, retries := range []int{0, 2, 10} {
		f := newFake()
		store, err := New(t.Context(), client(t, sdk.Options{Transport: f, Region: "x", MaxRetries: retries}), Options{Bucket: "bucket"})
		wantErr(t, err, ports.ErrUnsupported, "a client that retries")
		if store != nil || f.count("") > 0 || !strings.Contains(err.Error(), "MaxRetries: 1") {
			t.Errorf("%d retries: %v, %d requests", retries, err, f.count(""))
		}
	}
	f := newFake()
	store, err := New(t.Context(), client(t, sdk.Options{Transport: f, Region: "x", MaxRetries: 1}), Options{Bucket: "bucket"})
	check(t, err)
	_, err = store.Put(t.Context(), "k.json", []byte("data"), ports.IfAbsent)
	check(t, err)
	check(t, store.Close())
	_, err = New(t.Context(), nil, Options{Bucket: "bucket"})
	wantErr(t, err, ports.ErrInvalidKey, "no client")
}

// Even a client that retries sends the body of a put once.
func TestBodiesCannotBeRepeated(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.before = func(*http.Request) (*http.Response, error) { return nil, io.EOF }
	s := newBucket(client(t, sdk.Options{Transport: f, Region: "x", MaxRetries: 3}), Options{Bucket: "bucket", PartSize: minPartSize}, func() {})
	_, err := s.Put(t.Context(), "k.json", []byte("data"), ports.IfAbsent)
	wantErr(t, err, ports.ErrUnknown, "put whose answer was lost")
	if n := f.count(""); n != 1 {
		t.Errorf("a put was sent %d times", n)
	}
}

// The SDK waits up to 200 ms after a failure; 100 of them would take 10 s.
func TestFailuresAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := unprobed(t, f)
	started := time.Now()
	for i := range 100 {
		f.before = func(*http.Request) (*http.Response, error) { return nil, io.EOF }
		if i%2 == 0 {
			f.before = func(*http.Request) (*http.Response, error) { return failure(503, "SlowDown"), nil }
		}
		if _, err := s.Get(t.Context(), "k.json", ports.GetOptions{}); err == nil {
			t.Fatal("no error")
		}
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("100 failures took %v", took)
	}
}

func TestNoRequestForTheRegion(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := unprobed(t, f)
	if f.count("") != 0 {
		t.Errorf("open without the probe made the requests %q", f.requests)
	}
	_, err := s.Put(t.Context(), "k.json", nil, ports.Any)
	check(t, err)
	if n := f.count(""); n != 1 {
		t.Errorf("the first put made the requests %q", f.requests)
	}
}

// The connection may read the body after the call: it must not see the
// caller's bytes any more.
func TestPayloadLetsGo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data   string
		read   int
		unsent bool
	}{
		"not begun": {"data", 0, true}, "begun": {"data", 2, false}, "sent": {"data", 4, false}, "empty": {"", 0, false},
	} {
		p := &payload{left: []byte(c.data)}
		if _, err := io.CopyN(io.Discard, p, int64(c.read)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := p.end(); got != c.unsent {
			t.Errorf("%s: unsent is %v", name, got)
		}
		if n, err := p.Read(make([]byte, 9)); n != 0 || !errors.Is(err, errCallOver) {
			t.Errorf("%s: a read after the end gives %d bytes, %v", name, n, err)
		}
	}
}

// A body that ends early fails, over real connections.
func TestCutAnswers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
		_, _ = w.Write(make([]byte, 500))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	cfg := config(nil)
	cfg.Endpoint, cfg.Transport, cfg.SkipProbe = strings.TrimPrefix(server.URL, "http://"), nil, true
	s := openStore(t, cfg).ObjectStore.(*bucket)
	_, err := s.Get(t.Context(), "k.json", ports.GetOptions{})
	wantErr(t, err, ports.ErrUnavailable, "get of half an answer")
	_, body, err := s.GetStream(t.Context(), "k.json", ports.GetOptions{})
	check(t, err)
	_, err = io.ReadAll(body)
	wantErr(t, err, ports.ErrUnavailable, "stream of half an answer")
	check(t, body.Close())
	check(t, body.Close())
}
