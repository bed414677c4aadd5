package s3

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	etag   = `"0123456789abcdef0123456789abcdef"`
	anyKey = "users/1.json"
)

// call is one request of a store.
type call struct {
	name  string
	write bool
	do    func(ctx context.Context, s *Store) error
}

func put(cond ports.Condition) func(context.Context, *Store) error {
	return func(ctx context.Context, s *Store) error {
		_, err := s.Put(ctx, anyKey, []byte("{}"), cond)
		return err
	}
}

func calls() []call {
	return []call{
		{"put", true, put(ports.Any)},
		{"put if absent", true, put(ports.IfAbsent)},
		{"put if version", true, put(ports.IfVersion(etag))},
		{"delete", true, func(ctx context.Context, s *Store) error { return s.Delete(ctx, anyKey, ports.Any) }},
		{"delete if version", true, func(ctx context.Context, s *Store) error { return s.Delete(ctx, anyKey, ports.IfVersion(etag)) }},
		{"delete batch", true, func(ctx context.Context, s *Store) error {
			_, err := s.DeleteBatch(ctx, []string{anyKey})
			return err
		}},
		{"get", false, func(ctx context.Context, s *Store) error {
			_, err := s.Get(ctx, anyKey, ports.GetOptions{})
			return err
		}},
		{"stat", false, func(ctx context.Context, s *Store) error {
			_, err := s.Stat(ctx, anyKey)
			return err
		}},
		{"list", false, func(ctx context.Context, s *Store) error {
			for _, err := range s.List(ctx, ports.ListOptions{}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

func TestAnswersHaveOneOutcome(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status      int
		code        string
		read, write error
	}{
		{412, "PreconditionFailed", ports.ErrPrecondition, ports.ErrPrecondition},
		{409, "ConditionalRequestConflict", ports.ErrBusy, ports.ErrBusy},
		{409, "OperationAborted", ports.ErrBusy, ports.ErrBusy},
		{409, "SomethingElse", ports.ErrBusy, ports.ErrBusy},
		{429, "TooManyRequests", ports.ErrBusy, ports.ErrBusy},
		{503, "SlowDown", ports.ErrBusy, ports.ErrBusy},
		{503, "SlowDownWrite", ports.ErrBusy, ports.ErrUnknown},
		{503, "RequestTimeout", ports.ErrBusy, ports.ErrUnknown},
		{503, "ServiceUnavailable", ports.ErrBusy, ports.ErrUnknown},
		{503, "", ports.ErrBusy, ports.ErrUnknown},
		{499, "ClientDisconnected", ports.ErrUnavailable, ports.ErrUnknown},
		{408, "", ports.ErrBusy, ports.ErrUnknown},
		{400, "RequestTimeout", ports.ErrBusy, ports.ErrBusy},
		{500, "InternalError", ports.ErrUnavailable, ports.ErrUnknown},
		{502, "", ports.ErrUnavailable, ports.ErrUnknown},
		{504, "", ports.ErrUnavailable, ports.ErrUnknown},
		{403, "AccessDenied", ports.ErrPermission, ports.ErrPermission},
		{403, "SignatureDoesNotMatch", ports.ErrPermission, ports.ErrPermission},
		{403, "RequestTimeTooSkewed", ports.ErrPermission, ports.ErrPermission},
		{401, "", ports.ErrPermission, ports.ErrPermission},
		{400, "ExpiredToken", ports.ErrPermission, ports.ErrPermission},
		{404, "NoSuchBucket", ports.ErrUnavailable, ports.ErrUnavailable},
		{400, "EntityTooLarge", ports.ErrTooLarge, ports.ErrTooLarge},
		{413, "", ports.ErrTooLarge, ports.ErrTooLarge},
		{400, "KeyTooLongError", ports.ErrInvalidKey, ports.ErrInvalidKey},
		{400, "XMinioInvalidObjectName", ports.ErrInvalidKey, ports.ErrInvalidKey},
		{400, "BadDigest", ports.ErrUnavailable, ports.ErrUnavailable},
		{400, "SomethingElse", ports.ErrUnsupported, ports.ErrUnsupported},
		{405, "MethodNotAllowed", ports.ErrUnsupported, ports.ErrUnsupported},
		{501, "NotImplemented", ports.ErrUnsupported, ports.ErrUnsupported},
		{507, "XMinioStorageFull", ports.ErrUnavailable, ports.ErrUnavailable},
		{301, "PermanentRedirect", ports.ErrUnavailable, ports.ErrUnavailable},
		{307, "TemporaryRedirect", ports.ErrUnavailable, ports.ErrUnavailable},
	} {
		f := newFake(t, func(f *fake) {
			f.intercept = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
				if w.Header().Set("Location", "http://127.0.0.1:1/elsewhere"); tt.code == "" {
					w.WriteHeader(tt.status)
				} else if refuse(w, tt.status, tt.code); r.Method == http.MethodHead {
					return true
				}
				return true
			}
		})
		s := open(t, f.config())
		for _, c := range calls() {
			before := f.count("")
			err := c.do(t.Context(), s)
			want := tt.read
			if c.write {
				want = tt.write
			}
			headless := c.name == "stat" && tt.status/100 == 4 && !errors.Is(answerOfStatus(tt.status), want) // no code in a head
			if !headless {
				wantOutcome(t, err, want, c.name, tt.status, tt.code)
			}
			if n := f.count("") - before; n != 1 {
				t.Errorf("%s made %d requests on %d %s, want one", c.name, n, tt.status, tt.code)
			}
			if tt.code == "NoSuchBucket" && !headless && !strings.Contains(err.Error(), `the bucket does not exist: "b"`) {
				t.Errorf("%s of a missing bucket answers %q, which does not name it", c.name, err)
			}
		}
	}
}

func answerOfStatus(status int) error {
	if kind := statuses[status]; kind != nil {
		return kind
	}
	return ports.ErrUnsupported
}

// wantOutcome checks that err has this outcome and no other.
func wantOutcome(t *testing.T, err, want error, what ...any) {
	t.Helper()
	failure, ok := errors.AsType[*ports.Error](err)
	if !ok || failure.Op == "" {
		t.Errorf("%v answers %v, want a *ports.Error", what, err)
		return
	}
	for _, kind := range []error{
		ports.ErrNotFound, ports.ErrNotModified, ports.ErrPrecondition, ports.ErrBusy, ports.ErrUnavailable, ports.ErrUnknown,
		ports.ErrInvalidKey, ports.ErrPermission, ports.ErrTooLarge, ports.ErrUnsupported, ports.ErrCorrupt, ports.ErrClosed,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, kind) != (kind == want) { //nolint:errorlint // one of a fixed set
			t.Errorf("%v answers %q, want %v and nothing else", what, err, want)
		}
	}
}

func TestMissingKeys(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) {
		f.intercept = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			refuse(w, 404, "NoSuchKey")
			return true
		}
	})
	s := open(t, f.config())
	want := map[string]error{
		"put": ports.ErrUnavailable, "put if absent": ports.ErrUnavailable, "put if version": ports.ErrPrecondition,
		"delete": nil, "delete if version": ports.ErrPrecondition, "delete batch": ports.ErrUnavailable,
		"get": ports.ErrNotFound, "stat": ports.ErrNotFound, "list": ports.ErrUnavailable,
	}
	for _, c := range calls() {
		if err := c.do(t.Context(), s); want[c.name] == nil && err != nil {
			t.Errorf("%s answers %v", c.name, err)
		} else if want[c.name] != nil {
			wantOutcome(t, err, want[c.name], c.name)
		}
	}
}

// cut closes the connection in place of an answer.
func cut(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
	return true
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) { f.intercept = cut })
	s := open(t, f.config())
	for _, c := range calls() {
		want := ports.ErrUnavailable
		if c.write {
			want = ports.ErrUnknown
		}
		before := f.count("")
		wantOutcome(t, c.do(t.Context(), s), want, c.name)
		if n := f.count("") - before; c.write && n != 1 {
			t.Errorf("%s made %d requests, want one", c.name, n)
		}
	}
}

func TestNothingSentIsNoUnknownOutcome(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + listener.Addr().String()
	_ = listener.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS() // its certificate is nobody's
	t.Cleanup(secure.Close)
	for name, endpoint := range map[string]string{
		"nobody listens": refused, "no such host": "http://host.invalid", "wrong certificate": secure.URL,
	} {
		c := (&fake{url: endpoint}).config()
		s := open(t, c)
		for _, c := range calls() {
			wantOutcome(t, c.do(t.Context(), s), ports.ErrUnavailable, c.name, name)
		}
	}
}

// A client that tells nothing about its connections may have sent what it
// failed to get an answer to.
func TestUntracedClientMayHaveSent(t *testing.T) {
	t.Parallel()
	c := (&fake{url: "http://127.0.0.1:1"}).config()
	c.HTTPClient = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })}
	s := open(t, c)
	for _, c := range calls() {
		want := ports.ErrUnavailable
		if c.write {
			want = ports.ErrUnknown
		}
		wantOutcome(t, c.do(t.Context(), s), want, c.name)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestContextEndsAfterSending(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	f := newFake(t, func(f *fake) {
		f.intercept = func(http.ResponseWriter, *http.Request, []byte) bool {
			arrived <- struct{}{}
			<-release
			return true
		}
	})
	t.Cleanup(func() { close(release) })
	s := open(t, f.config())
	for _, c := range calls() {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		want := context.Canceled
		if c.write {
			want = ports.ErrUnknown
		}
		wantOutcome(t, c.do(ctx, s), want, c.name)
		cancel()
	}
}

func TestContextEndsBeforeSending(t *testing.T) {
	t.Parallel()
	dialed := make(chan struct{}) // a dial goes on without its request
	t.Cleanup(func() { close(dialed) })
	for _, c := range calls() {
		ctx, cancel := context.WithCancel(t.Context())
		config := (&fake{url: "http://127.0.0.1:1"}).config()
		config.HTTPClient = &http.Client{Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				cancel()
				<-dialed
				return nil, io.EOF
			},
		}}
		wantOutcome(t, c.do(ctx, open(t, config)), context.Canceled, c.name)
		cancel()
	}
}

// A client that follows redirects makes a GET of a write, whose answer looks
// like that of the write.
func TestWritesDoNotFollowRedirects(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) {
		f.intercept = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			if r.URL.Query().Has("redirected") {
				return false
			}
			http.Redirect(w, r, r.URL.Path+"?redirected", http.StatusMovedPermanently)
			return true
		}
	})
	fill(f, anyKey)
	c := f.config()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c.HTTPClient = &http.Client{Transport: transport}
	s := open(t, c)
	for _, c := range calls() {
		wantOutcome(t, c.do(t.Context(), s), ports.ErrUnavailable, c.name)
	}
	if f.count("") != len(calls()) {
		t.Errorf("%d requests for %d calls", f.count(""), len(calls()))
	}
}

// The client of the caller repeats requests; the store switches that off.
func TestRetriesOfTheClientAreOff(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) {
		f.intercept = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
			refuse(w, 503, "SlowDown")
			return true
		}
	})
	var through atomic.Int64
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := awss3.New(awss3.Options{
		Region: "us-east-1", BaseEndpoint: &f.url, UsePathStyle: true, RetryMaxAttempts: 5,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			through.Add(1)
			return transport.RoundTrip(r)
		})},
	})
	s, err := New(t.Context(), client, Options{Bucket: "b", SkipProbe: true, Facts: Facts{ConditionalDelete: true, MissingDelete: true, Nesting: NestingFull}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls() {
		before := through.Load()
		wantOutcome(t, c.do(t.Context(), s), ports.ErrBusy, c.name)
		if n := through.Load() - before; n != 1 {
			t.Errorf("%s made %d requests, want one", c.name, n)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
