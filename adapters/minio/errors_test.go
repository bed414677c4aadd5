package minio

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// calls are one of each kind of request.
var calls = []struct {
	name, key string // the key that its error names
	do        func(context.Context, *bucket) error
}{
	{"get", "k.json", func(ctx context.Context, s *bucket) error {
		_, err := s.Get(ctx, "k.json", ports.GetOptions{})
		return err
	}},
	{"get stream", "k.json", func(ctx context.Context, s *bucket) error {
		_, _, err := s.GetStream(ctx, "k.json", ports.GetOptions{})
		return err
	}},
	{"stat", "k.json", func(ctx context.Context, s *bucket) error {
		_, err := s.Stat(ctx, "k.json")
		return err
	}},
	{"list", "", func(ctx context.Context, s *bucket) error {
		for _, err := range s.List(ctx, ports.ListOptions{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}},
	{"ping", "", func(ctx context.Context, s *bucket) error { return s.Ping(ctx) }},
	{"put", "k.json", func(ctx context.Context, s *bucket) error {
		_, err := s.Put(ctx, "k.json", []byte("data"), ports.Any)
		return err
	}},
	{"put if absent", "k.json", func(ctx context.Context, s *bucket) error {
		_, err := s.Put(ctx, "k.json", []byte("data"), ports.IfAbsent)
		return err
	}},
	{"put if version", "k.json", func(ctx context.Context, s *bucket) error {
		_, err := s.Put(ctx, "k.json", []byte("data"), ports.IfVersion("etag"))
		return err
	}},
	{"put stream", "k.json", func(ctx context.Context, s *bucket) error {
		_, err := s.PutStream(ctx, "k.json", strings.NewReader("data"), ports.IfAbsent)
		return err
	}},
	{"delete", "k.json", func(ctx context.Context, s *bucket) error { return s.Delete(ctx, "k.json", ports.Any) }},
	{"delete batch", "k.json", func(ctx context.Context, s *bucket) error {
		errs, err := s.DeleteBatch(ctx, []string{"k.json"})
		if err == nil {
			err = errs[0]
		}
		return err
	}},
}

func isWrite(call string) bool {
	return strings.HasPrefix(call, "put") || strings.HasPrefix(call, "delete")
}

// An answer of the server is one outcome, and the request is made once.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status      int
		code        string
		read, write error
	}{
		{http.StatusPreconditionFailed, "PreconditionFailed", ports.ErrPrecondition, ports.ErrPrecondition},
		{http.StatusConflict, "ConditionalRequestConflict", ports.ErrBusy, ports.ErrBusy},
		{http.StatusConflict, "ExistingObjectIsDirectory", ports.ErrBusy, ports.ErrBusy},
		{http.StatusTooManyRequests, "TooManyRequests", ports.ErrBusy, ports.ErrBusy},
		{http.StatusServiceUnavailable, "SlowDown", ports.ErrBusy, ports.ErrBusy},
		{http.StatusServiceUnavailable, "", ports.ErrBusy, ports.ErrUnknown},
		{http.StatusServiceUnavailable, "ServiceUnavailable", ports.ErrBusy, ports.ErrUnknown},
		{http.StatusServiceUnavailable, "SlowDownWrite", ports.ErrUnavailable, ports.ErrUnknown},
		{http.StatusServiceUnavailable, "RequestTimeout", ports.ErrUnavailable, ports.ErrUnknown},
		{http.StatusInternalServerError, "InternalError", ports.ErrUnavailable, ports.ErrUnknown},
		{http.StatusBadGateway, "", ports.ErrUnavailable, ports.ErrUnknown},
		{http.StatusGatewayTimeout, "", ports.ErrUnavailable, ports.ErrUnknown},
		{http.StatusRequestTimeout, "", ports.ErrUnavailable, ports.ErrUnknown},
		{clientClosed, "ClientDisconnected", ports.ErrUnavailable, ports.ErrUnknown},
		{http.StatusInsufficientStorage, "XMinioStorageFull", ports.ErrUnavailable, ports.ErrUnavailable},
		{http.StatusForbidden, "AccessDenied", ports.ErrPermission, ports.ErrPermission},
		{http.StatusForbidden, "SignatureDoesNotMatch", ports.ErrPermission, ports.ErrPermission},
		{http.StatusUnauthorized, "", ports.ErrPermission, ports.ErrPermission},
		{http.StatusBadRequest, "EntityTooLarge", ports.ErrTooLarge, ports.ErrTooLarge},
		{http.StatusRequestEntityTooLarge, "", ports.ErrTooLarge, ports.ErrTooLarge},
		{http.StatusBadRequest, "XMinioInvalidObjectName", ports.ErrInvalidKey, ports.ErrInvalidKey},
		{http.StatusBadRequest, "KeyTooLongError", ports.ErrInvalidKey, ports.ErrInvalidKey},
		{http.StatusBadRequest, "XMinioParentIsObject", ports.ErrUnsupported, ports.ErrUnsupported},
		{http.StatusNotImplemented, "NotImplemented", ports.ErrUnsupported, ports.ErrUnsupported},
		{http.StatusMethodNotAllowed, "MethodNotAllowed", ports.ErrUnsupported, ports.ErrUnsupported},
		{http.StatusBadRequest, "BadDigest", ports.ErrUnavailable, ports.ErrUnavailable},
		{http.StatusMovedPermanently, "PermanentRedirect", ports.ErrUnavailable, ports.ErrUnavailable},
	} {
		t.Run(fmt.Sprint(c.status, c.code), func(t *testing.T) {
			t.Parallel()
			for _, call := range calls {
				want := c.read
				if isWrite(call.name) {
					want = c.write
				}
				f := newFake()
				f.before = func(*http.Request) (*http.Response, error) { return coded(c.status, c.code), nil }
				wantOutcome(t, call.do(t.Context(), unprobed(t, f)), want, call.key, call.name)
				if n := f.count(""); n != 1 {
					t.Errorf("%s made %d requests, want one", call.name, n)
				}
			}
		})
	}
}

// coded is an answer that has its code also where an answer to HEAD has it.
func coded(status int, code string) *http.Response {
	resp := failure(status, code)
	if code == "" {
		return reply(status, nil, "<html>from a proxy</html>")
	}
	resp.Header.Set("X-Minio-Error-Code", code)
	return resp
}

// wantOutcome also wants that err matches no outcome but want.
func wantOutcome(t *testing.T, err, want error, key, what string) {
	t.Helper()
	wantErr(t, err, want, what)
	failure, ok := errors.AsType[*ports.Error](err)
	if !ok || failure.Op == "" || failure.Key != key {
		t.Errorf("%s: %#v names no operation, or the key is not %q", what, err, key)
	}
	for _, other := range []error{
		ports.ErrNotFound, ports.ErrNotModified, ports.ErrPrecondition, ports.ErrBusy, ports.ErrUnavailable, ports.ErrUnknown,
		ports.ErrInvalidKey, ports.ErrPermission, ports.ErrTooLarge, ports.ErrUnsupported, ports.ErrClosed,
		context.Canceled, context.DeadlineExceeded,
	} {
		if !errors.Is(want, other) && errors.Is(err, other) {
			t.Errorf("%s: %v also matches %v", what, err, other)
		}
	}
}

// timeout is what net/http answers where a server is silent.
type silence struct{}

func (silence) Error() string        { return "net/http: timeout awaiting response headers" }
func (silence) Is(target error) bool { return target == context.DeadlineExceeded }

// A failure on the way is unknown to a write, unless nothing can have been sent.
func TestFailuresOnTheWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		write error
	}{
		"lost answer":     {io.EOF, ports.ErrUnknown},
		"half an answer":  {io.ErrUnexpectedEOF, ports.ErrUnknown},
		"reset":           {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, ports.ErrUnknown},
		"silence":         {silence{}, ports.ErrUnknown},
		"refused":         {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ports.ErrUnavailable},
		"no such host":    {&net.DNSError{Name: "fake", Err: "no such host", IsNotFound: true}, ports.ErrUnavailable},
		"proxy":           {&net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}, ports.ErrUnavailable},
		"bad certificate": {&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, ports.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, call := range calls {
				want := ports.ErrUnavailable
				if isWrite(call.name) {
					want = c.write
				}
				f := newFake()
				f.before = func(*http.Request) (*http.Response, error) { return nil, c.err }
				wantOutcome(t, call.do(t.Context(), unprobed(t, f)), want, call.key, call.name)
				if n := f.count(""); n != 1 {
					t.Errorf("%s made %d requests, want one", call.name, n)
				}
			}
		})
	}
}

// A body that was never read was never sent, whatever went wrong.
func TestNothingOfTheBodySent(t *testing.T) {
	t.Parallel()
	store := func(err error) *bucket {
		cfg := config(nil)
		cfg.SkipProbe = true
		cfg.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
		return openStore(t, cfg).ObjectStore.(*bucket)
	}
	_, err := store(errors.New("tls: handshake failure")).Put(t.Context(), "k.json", []byte("data"), ports.Any)
	wantOutcome(t, err, ports.ErrUnavailable, "k.json", "put whose connection failed")
	_, err = store(errors.New("broken")).Put(t.Context(), "k.json", nil, ports.Any)
	wantOutcome(t, err, ports.ErrUnknown, "k.json", "put of nothing, which has no body")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A context that ends tells a read from a write, and a write that was sent
// from one that was not.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	for _, call := range calls {
		f := newFake()
		s := unprobed(t, f)
		ctx, cancel := context.WithCancel(t.Context())
		f.before = func(*http.Request) (*http.Response, error) { cancel(); return nil, context.Canceled }
		want := context.Canceled
		if isWrite(call.name) {
			want = ports.ErrUnknown
		}
		wantOutcome(t, call.do(ctx, s), want, call.key, call.name)
		f.before = nil
		wantErr(t, call.do(ctx, s), context.Canceled, call.name+" with a context that is done")
		if n := f.count(""); n != 1 {
			t.Errorf("%s made %d requests, want one", call.name, n)
		}
	}
	cfg := config(nil)
	cfg.SkipProbe = true
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Transport = roundTrip(func(req *http.Request) (*http.Response, error) { cancel(); return nil, req.Context().Err() })
	_, err := openStore(t, cfg).Put(ctx, "k.json", []byte("data"), ports.Any)
	wantOutcome(t, err, context.Canceled, "k.json", "put whose context ended before its body was sent")
}

func TestMissingBucketIsNamed(t *testing.T) {
	t.Parallel()
	f := newFake()
	cfg := config(f)
	cfg.Bucket, cfg.SkipProbe = "missing", true
	s := openStore(t, cfg).ObjectStore.(*bucket)
	f.before = func(*http.Request) (*http.Response, error) { return coded(http.StatusNotFound, "NoSuchBucket"), nil }
	for _, call := range calls {
		err := call.do(t.Context(), s)
		wantOutcome(t, err, ports.ErrUnavailable, call.key, call.name)
		if err == nil || !strings.Contains(err.Error(), `the bucket "missing" does not exist`) {
			t.Errorf("%s: %v does not name the bucket", call.name, err)
		}
	}
}

func TestAbsentObjects(t *testing.T) {
	t.Parallel()
	for _, call := range calls {
		f := newFake()
		f.before = func(*http.Request) (*http.Response, error) { return failure(http.StatusNotFound, "NoSuchKey"), nil }
		s := unprobed(t, f)
		switch call.name {
		case "get", "get stream", "stat":
			wantOutcome(t, call.do(t.Context(), s), ports.ErrNotFound, call.key, call.name)
		case "put if version":
			wantOutcome(t, call.do(t.Context(), s), ports.ErrPrecondition, call.key, call.name)
		case "delete":
			wantErr(t, call.do(t.Context(), s), nil, call.name)
		}
	}
}
