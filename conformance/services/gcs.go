package services

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/conformance/services/internal/gcsfront"
)

// GCSServer is an emulator of Google Cloud Storage. It speaks the JSON API,
// and the XML API for reads; no gRPC. It takes no credentials.
type GCSServer struct {
	// Endpoint is what option.WithEndpoint wants: the URL of the JSON API,
	// "http://127.0.0.1:12345/storage/v1/". The host is also that of uploads
	// and of the XML API.
	Endpoint string

	foreign bool // not ours: what tests leave there stays
}

var sharedGCS = shared[GCSServer]{name: nameGCS, make: findGCS}

// GCS returns the server that all tests of the process share: that of
// SB_GCS_ENDPOINT, or else fake-gcs-server behind a proxy that keeps the
// preconditions of the real service. It slows down with the number of objects:
// a few hundred in all are fine.
func GCS(t testing.TB) GCSServer { t.Helper(); return sharedGCS.get(t) }

// apiPath is where the JSON API is, below the host.
const apiPath = "/storage/v1/"

// host is the URL of the server without a path.
func (s GCSServer) host() string { return strings.TrimSuffix(s.Endpoint, apiPath) }

func findGCS() (GCSServer, error) {
	var found GCSServer
	front := func(start func(*recipe) (*server, error)) func() error {
		return func() (err error) { found, err = fronted(start); return err }
	}
	err := firstThat(
		attempt{fromEnv, func() (err error) { found, err = gcsFromEnv(os.Getenv("SB_GCS_ENDPOINT")); return err }},
		attempt{fromDocker, front((*recipe).contain)},
		attempt{fromBinary, front((*recipe).spawn)},
	)
	return found, err
}

func gcsFromEnv(endpoint string) (GCSServer, error) {
	if endpoint == "" {
		return GCSServer{}, unset("SB_GCS_ENDPOINT")
	}
	if !strings.HasSuffix(endpoint, apiPath) {
		return GCSServer{}, errors.New("SB_GCS_ENDPOINT does not end with /storage/v1/")
	}
	s := GCSServer{Endpoint: endpoint, foreign: true}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	return s, s.call(ctx, http.MethodGet, "b?project=test", nil, nil)
}

// fronted starts an emulator with a front that ends with the process.
func fronted(start func(*recipe) (*server, error)) (GCSServer, error) {
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return GCSServer{}, err
	}
	host := l.Addr().String()
	err = keep(func() (*server, error) { return start(fakeGCS(host)) }, func(s *server) { serveFront(l, s.addr, host) })
	if err != nil {
		_ = l.Close()
	}
	return GCSServer{Endpoint: "http://" + host + apiPath}, err
}

// serveFront serves the front of an emulator until the process ends.
func serveFront(l net.Listener, emulator, host string) {
	front := gcsfront.New(&url.URL{Scheme: "http", Host: emulator}, host)
	s := &http.Server{Handler: front, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }()
	atEnd(func() {
		_ = s.Close()
		front.Close()
	})
}

// fakeGCS keeps objects in memory. Its public host is that of the front, as it
// knows objects on paths of the XML API there alone.
func fakeGCS(host string) *recipe {
	return &recipe{
		name:   nameGCS,
		tool:   "fake-gcs-server",
		images: []string{"fsouza/fake-gcs-server:1.56.1", "fsouza/fake-gcs-server:latest"},
		args: func(p place) []string {
			return []string{
				"-backend", "memory", "-scheme", "http", "-host", p.host, "-port", fmt.Sprint(p.port),
				"-public-host", host, "-external-url", "http://" + host, "-log-level", "error", "-data", p.data,
			}
		},
		ready: func(ctx context.Context, addr string) error {
			return GCSServer{Endpoint: "http://" + addr + apiPath}.call(ctx, http.MethodGet, "b?project=test", nil, nil)
		},
	}
}

// call sends a request of the JSON API, to a path below the endpoint.
func (s GCSServer) call(ctx context.Context, method, path string, body, result any) error {
	var in io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.Endpoint+path, in)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := noKeepAlive.RoundTrip(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: status %d: %.200s", method, path, answer.StatusCode, said)
	}
	if err == nil && result != nil {
		err = json.Unmarshal(said, result)
	}
	return err
}

// NewBucket makes an empty bucket with a new name. On a server that was not
// started here, the test removes it when it ends.
func (s GCSServer) NewBucket(t testing.TB) string {
	t.Helper()
	name := newName()
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	if err := s.call(ctx, http.MethodPost, "b?project=test", map[string]string{"name": name}, nil); err != nil {
		t.Fatalf("making bucket %s on gcs at %s: %v", name, s.Endpoint, err)
	}
	if s.foreign {
		t.Cleanup(func() {
			if err := s.removeBucket(name); err != nil {
				t.Errorf("removing bucket %s: %v", name, err)
			}
		})
	}
	return name
}

// removeBucket empties and removes a bucket.
func (s GCSServer) removeBucket(name string) error {
	ctx := context.Background()
	for {
		var page struct{ Items []struct{ Name string } }
		if err := s.call(ctx, http.MethodGet, "b/"+name+"/o", nil, &page); err != nil {
			return err
		}
		if len(page.Items) == 0 {
			return s.call(ctx, http.MethodDelete, "b/"+name, nil, nil)
		}
		for _, o := range page.Items {
			if err := s.call(ctx, http.MethodDelete, "b/"+name+"/o/"+url.PathEscape(o.Name), nil, nil); err != nil {
				return err
			}
		}
	}
}
