package gcsfront

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// before puts a front before an emulator that answers as f does.
func before(t *testing.T, f http.HandlerFunc) *httptest.Server {
	t.Helper()
	emulator := httptest.NewServer(f)
	t.Cleanup(emulator.Close)
	u, err := url.Parse(emulator.URL)
	if err != nil {
		t.Fatal(err)
	}
	front := New(u, "public.example")
	server := httptest.NewServer(front)
	t.Cleanup(func() {
		server.Close()
		front.Close()
		server.Client().CloseIdleConnections()
	})
	return server
}

func TestEmulatorSeesItsPublicHost(t *testing.T) {
	t.Parallel()
	s := before(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+r.URL.EscapedPath())
	})
	r, err := s.Client().Get(s.URL + "/bu/a%2Fb//c")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if got, err := io.ReadAll(r.Body); err != nil || string(got) != "public.example/bu/a%2Fb//c" {
		t.Errorf("it saw %q, %v", got, err)
	}
}

// An emulator that fails must not look like an object that is absent.
func TestBrokenEmulatorIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := before(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) })
	r, err := s.Client().Get(s.URL + "/storage/v1/b/bu/o/a?ifGenerationMatch=1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusBadGateway {
		t.Errorf("status %d", r.StatusCode)
	}
}

// A body that breaks off reaches nobody.
func TestBrokenUploadIsNotPassedOn(t *testing.T) {
	t.Parallel()
	s := before(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("it saw %s %s", r.Method, r.URL) })
	body := io.MultiReader(strings.NewReader("half"), brokenReader{})
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/upload/storage/v1/b/bu/o?uploadType=media&name=a", body)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := s.Client().Do(r); err == nil {
		_ = answer.Body.Close()
		t.Errorf("status %d", answer.StatusCode)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
