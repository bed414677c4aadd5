package gcs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/storage"
	"golang.org/x/oauth2"
	"google.golang.org/api/option"

	"github.com/smarterbase/smarterbase/ports"
)

// call is a method of a store, with the key k.json.
type call struct {
	name  string
	write bool
	cond  ports.Condition
	do    func(ctx context.Context, s ports.ObjectStore, cond ports.Condition) error
}

func calls() []call {
	put := func(ctx context.Context, s ports.ObjectStore, cond ports.Condition) error {
		_, err := s.Put(ctx, "k.json", []byte("new"), cond)
		return err
	}
	stream := func(ctx context.Context, s ports.ObjectStore, cond ports.Condition) error {
		st, _ := ports.As[ports.Streamer](s)
		_, err := st.PutStream(ctx, "k.json", bytes.NewReader(make([]byte, smallStream+1)), cond)
		return err
	}
	remove := func(ctx context.Context, s ports.ObjectStore, cond ports.Condition) error {
		return s.Delete(ctx, "k.json", cond)
	}
	return []call{
		{"get", false, ports.Any, func(ctx context.Context, s ports.ObjectStore, _ ports.Condition) error {
			_, err := s.Get(ctx, "k.json", ports.GetOptions{})
			return err
		}},
		{"stat", false, ports.Any, func(ctx context.Context, s ports.ObjectStore, _ ports.Condition) error {
			_, err := s.Stat(ctx, "k.json")
			return err
		}},
		{"list", false, ports.Any, func(ctx context.Context, s ports.ObjectStore, _ ports.Condition) error {
			for _, err := range s.List(ctx, ports.ListOptions{}) {
				return err
			}
			return nil
		}},
		{"put", true, ports.Any, put},
		{"put if absent", true, ports.IfAbsent, put},
		{"put if version", true, ports.IfVersion("5"), put},
		{"put stream", true, ports.IfVersion("5"), stream},
		{"delete", true, ports.Any, remove},
		{"delete if version", true, ports.IfVersion("5"), remove},
	}
}

// Each answer of the server is one outcome, after one request.
func TestAnOutcomeForEachStatus(t *testing.T) {
	t.Parallel()
	type outcomes struct{ read, write error }
	for status, want := range map[int]outcomes{
		http.StatusBadRequest:            {ports.ErrInvalidKey, ports.ErrInvalidKey},
		http.StatusUnauthorized:          {ports.ErrPermission, ports.ErrPermission},
		http.StatusForbidden:             {ports.ErrPermission, ports.ErrPermission},
		http.StatusMethodNotAllowed:      {ports.ErrUnsupported, ports.ErrUnsupported},
		http.StatusRequestTimeout:        {ports.ErrBusy, ports.ErrUnknown},
		http.StatusConflict:              {ports.ErrBusy, ports.ErrBusy},
		http.StatusGone:                  {ports.ErrUnavailable, ports.ErrUnavailable},
		http.StatusRequestEntityTooLarge: {ports.ErrTooLarge, ports.ErrTooLarge},
		http.StatusTooManyRequests:       {ports.ErrBusy, ports.ErrBusy},
		http.StatusInternalServerError:   {ports.ErrUnavailable, ports.ErrUnknown},
		http.StatusBadGateway:            {ports.ErrUnavailable, ports.ErrUnknown},
		http.StatusServiceUnavailable:    {ports.ErrBusy, ports.ErrUnknown},
		http.StatusGatewayTimeout:        {ports.ErrUnavailable, ports.ErrUnknown},
	} {
		for _, c := range calls() {
			wantOutcome(t, c, status, "said so", map[bool]error{false: want.read, true: want.write}[c.write])
		}
	}
}

// wantOutcome lets a server answer everything with a status.
func wantOutcome(t *testing.T, c call, status int, message string, want error) {
	t.Helper()
	srv := newServer(t)
	var asked atomic.Int64
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		answerError(w, status, message)
		return true
	}
	err := c.do(t.Context(), open(t, srv), c.cond)
	var named *ports.Error
	if !errors.As(err, &named) || named.Kind != want {
		t.Errorf("%s, answered with %d %q, is %v, want %v", c.name, status, message, err, want)
	}
	if asked.Load() != 1 {
		t.Errorf("%s, answered with %d, sent %d requests", c.name, status, asked.Load())
	}
}

func TestOutcomesThatDependOnTheRequest(t *testing.T) {
	t.Parallel()
	all := map[string]call{}
	for _, c := range calls() {
		all[c.name] = c
	}
	for _, tt := range []struct {
		call    string
		status  int
		message string
		want    error
	}{
		{"get", 404, "No such object: bucket/k.json", ports.ErrNotFound},
		{"stat", 404, "Not Found", ports.ErrNotFound},
		{"put", 404, "Not Found", ports.ErrUnavailable},
		{"put if absent", 404, "Not Found", ports.ErrUnavailable},
		{"put if version", 404, "Not Found", ports.ErrPrecondition},
		{"delete if version", 404, "No such object: bucket/k.json", ports.ErrPrecondition},
		{"put", 412, "a policy forbids it", ports.ErrPermission},
		{"put if absent", 412, "conditionNotMet", ports.ErrPrecondition},
		{"put if version", 412, "conditionNotMet", ports.ErrPrecondition},
		{"put stream", 412, "conditionNotMet", ports.ErrPrecondition},
		{"delete if version", 412, "conditionNotMet", ports.ErrPrecondition},
		{"put", 403, "rateLimitExceeded", ports.ErrBusy},
		{"delete", 403, "userRateLimitExceeded", ports.ErrBusy},
		{"put", 400, `Provided CRC32C "a" doesn't match calculated CRC32C "b".`, ports.ErrUnavailable},
		{"get", 304, "", ports.ErrNotModified},
	} {
		wantOutcome(t, all[tt.call], tt.status, tt.message, tt.want)
	}
	wantErr(t, all["delete"].do(t.Context(), open(t, newServer(t)), ports.Any), nil, "delete of an absent key")
}

func TestAMissingBucketIsNamed(t *testing.T) {
	t.Parallel()
	store := open(t, newServer(t), func(c *Config) { c.Bucket = "elsewhere" })
	for _, c := range calls() {
		err := c.do(t.Context(), store, c.cond)
		wantErr(t, err, ports.ErrUnavailable, c.name)
		if err == nil || errors.Is(err, ports.ErrNotFound) || !strings.Contains(err.Error(), `the bucket "elsewhere" does not exist`) {
			t.Errorf("%s in a bucket that does not exist answers %v", c.name, err)
		}
	}
	pinger, _ := ports.As[ports.Pinger](store)
	wantErr(t, pinger.Ping(t.Context()), ports.ErrUnavailable, "ping")
	_, err := Open(t.Context(), Config{Bucket: "elsewhere", Endpoint: newServer(t).URL})
	wantErr(t, err, ports.ErrUnavailable, "open")
}

func TestALostAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		srv := newServer(t)
		var asked atomic.Int64
		srv.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			asked.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		}
		want := ports.ErrUnavailable
		if c.write {
			want = ports.ErrUnknown
		}
		wantErr(t, c.do(t.Context(), open(t, srv), c.cond), want, c.name+" whose answer is lost")
		if asked.Load() != 1 {
			t.Errorf("%s whose answer is lost was sent %d times", c.name, asked.Load())
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.Close()
	for _, c := range calls() {
		wantErr(t, c.do(t.Context(), open(t, srv), c.cond), ports.ErrUnavailable, c.name+" without a server")
	}
}

func TestAContextThatEndsWhileTheServerWorks(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		srv := newServer(t)
		ctx, cancel := context.WithCancel(t.Context())
		srv.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			_, _ = io.Copy(io.Discard, r.Body)
			cancel()
			<-r.Context().Done()
			return true
		}
		err := c.do(ctx, open(t, srv), c.cond)
		wantErr(t, err, context.Canceled, c.name+" whose context ended")
		if unknown := errors.Is(err, ports.ErrUnknown); unknown != c.write {
			t.Errorf("%s whose context ended after it was sent answers %v", c.name, err)
		}
	}
}

// transport is a round trip as a function.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// over opens a store on a transport.
func over(t *testing.T, base http.RoundTripper) ports.ObjectStore {
	t.Helper()
	client, err := storage.NewClient(t.Context(), storage.WithJSONReads(), option.WithoutAuthentication(),
		option.WithEndpoint("http://storage.invalid/storage/v1/"), option.WithHTTPClient(clientOf(base)))
	check(t, err)
	store, err := New(t.Context(), client, Options{Bucket: bucketName, SkipProbe: true})
	check(t, err)
	return store
}

func TestAContextThatEndsBeforeAnythingWasSent(t *testing.T) {
	t.Parallel()
	atEnd := make(chan struct{})
	t.Cleanup(func() { close(atEnd) })
	for _, c := range calls() {
		ctx, cancel := context.WithCancel(t.Context())
		base := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			cancel()
			<-atEnd // a dial goes on after its request
			return nil, errors.New("too late")
		}}
		err := c.do(ctx, over(t, base), c.cond)
		wantErr(t, err, context.Canceled, c.name+" that was never sent")
		if errors.Is(err, ports.ErrUnknown) {
			t.Errorf("%s that was never sent answers %v", c.name, err)
		}
	}
}

func TestCredentialsThatFail(t *testing.T) {
	t.Parallel()
	refused, down := &http.Response{StatusCode: http.StatusBadRequest}, &http.Response{StatusCode: http.StatusBadGateway}
	for _, tt := range []struct{ err, want error }{
		{&auth.Error{Response: refused}, ports.ErrPermission},
		{&auth.Error{Response: down}, ports.ErrUnavailable},
		{&oauth2.RetrieveError{Response: refused}, ports.ErrPermission},
		{&oauth2.RetrieveError{Response: down}, ports.ErrUnavailable},
	} {
		store := over(t, transport(func(r *http.Request) (*http.Response, error) {
			if r.Body != nil {
				_ = r.Body.Close()
			}
			return nil, tt.err
		}))
		for _, c := range calls() {
			wantErr(t, c.do(t.Context(), store, c.cond), tt.want, c.name)
		}
	}
}

// A transport that reports nothing about its connections may have sent it.
func TestATransportThatTellsNothing(t *testing.T) {
	t.Parallel()
	store := over(t, transport(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
		}
		return nil, errors.New("broken")
	}))
	for _, c := range calls() {
		want := ports.ErrUnavailable
		if c.write {
			want = ports.ErrUnknown
		}
		wantErr(t, c.do(t.Context(), store, c.cond), want, c.name)
	}
}

// A redirection that net/http would follow with a GET must not pass for a
// delete.
func TestARedirectionIsNotASuccess(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther} {
		for _, c := range calls() {
			if !c.write {
				continue
			}
			srv := newServer(t)
			srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				_, _ = io.Copy(io.Discard, r.Body)
				if r.URL.Path == "/login" {
					answer(w, stored{Name: "k.json", Generation: "7", Size: "3"})
					return true
				}
				w.Header().Set("Location", "/login")
				w.WriteHeader(status)
				return true
			}
			wantErr(t, c.do(t.Context(), open(t, srv), c.cond), ports.ErrUnavailable, c.name+" that was redirected")
		}
	}
}
