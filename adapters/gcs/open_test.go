package gcs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/smarterbase/smarterbase/ports"
)

// token is a source of one token.
type token string

func (t token) Token(context.Context) (*auth.Token, error) { return &auth.Token{Value: string(t)}, nil }

func credentialsOf(value string) *auth.Credentials {
	return auth.NewCredentials(&auth.CredentialsOptions{TokenProvider: token(value)})
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for hint, cfg := range map[string]Config{
		"Bucket is \"\"":    {},
		"Bucket is \"a/b\"": {Bucket: "a/b"},
		"ChunkSize is 1":    {Bucket: "b", ChunkSize: 1},
		"ChunkSize is -1":   {Bucket: "b", ChunkSize: -1},
		"ChunkSize is 6710": {Bucket: "b", ChunkSize: maxChunkSize + 1},
		"Endpoint is not":   {Bucket: "b", Endpoint: "127.0.0.1:4443"},
		"http://host:port":  {Bucket: "b", Endpoint: "ftp://127.0.0.1"},
		"https://host:port": {Bucket: "b", Endpoint: "http://user:secret@127.0.0.1"},
		"in the clear":      {Bucket: "b", Endpoint: "http://127.0.0.1", Credentials: credentialsOf("secret")},
		"exclude each":      {Bucket: "b", Anonymous: true, Credentials: credentialsOf("secret")},
		"the prefix can't":  {Bucket: "b", Prefix: "/a", Anonymous: true},
	} {
		store, err := Open(t.Context(), cfg)
		wantErr(t, err, ports.ErrInvalidKey, "open with "+hint)
		if store != nil || err == nil || !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", hint, err)
		}
	}
	_, err := New(t.Context(), nil, Options{Bucket: "b"})
	wantErr(t, err, ports.ErrInvalidKey, "new without a client")
	_, err = New(t.Context(), nil, Options{})
	wantErr(t, err, ports.ErrInvalidKey, "new without a bucket")
}

func TestEndpoints(t *testing.T) {
	for given, want := range map[string]string{
		"http://127.0.0.1:4443":            "http://127.0.0.1:4443/storage/v1/",
		"https://127.0.0.1:4443/":          "https://127.0.0.1:4443/storage/v1/",
		"https://private.example/base/v1":  "https://private.example/base/v1/",
		"https://private.example/base/v1/": "https://private.example/base/v1/",
		"":                                 "",
	} {
		t.Setenv("STORAGE_EMULATOR_HOST", "")
		if got, err := (Config{Endpoint: given}).endpoint(); got != want || err != nil {
			t.Errorf("endpoint %q is %q, %v, want %q", given, got, err, want)
		}
		t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(given, "http://"))
		if got, err := (Config{}).endpoint(); got != want || err != nil {
			t.Errorf("STORAGE_EMULATOR_HOST %q is %q, %v, want %q", given, got, err, want)
		}
	}
}

func TestTheEmulatorOfTheEnvironmentIsUsed(t *testing.T) {
	srv := newServer(t)
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(srv.URL, "http://"))
	store, err := Open(t.Context(), Config{Bucket: bucketName})
	check(t, err)
	defer closeStore(t, store)
	_, err = store.Put(t.Context(), "k.json", []byte("x"), ports.IfAbsent)
	check(t, err)
	if srv.data("k.json") != "x" {
		t.Error("the object is elsewhere")
	}
}

// watched is a server and what it was sent as credentials.
func watched(t *testing.T) (*server, *[]string) {
	t.Helper()
	srv := newServer(t)
	sent := new([]string)
	srv.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
		*sent = append(*sent, r.Header.Get("Authorization"))
		return false
	}
	return srv, sent
}

// The transport of this package is put below the one that signs.
func TestRequestsAreSigned(t *testing.T) {
	t.Parallel()
	srv, sent := watched(t)
	l, err := dial(t.Context(), Config{Bucket: bucketName, Credentials: credentialsOf("token")}, srv.URL+"/storage/v1/")
	check(t, err)
	defer l.close()
	opts := Options{Bucket: bucketName, UserProject: "payer"}
	check(t, opts.applyDefaults())
	store := newBucket(l.client, opts, func() {})
	_, err = store.Put(t.Context(), "k.json", []byte("x"), ports.Any)
	check(t, err)
	_, err = store.Get(t.Context(), "k.json", ports.GetOptions{})
	check(t, err)
	if strings.Join(*sent, " ") != "Bearer token Bearer token" {
		t.Errorf("sent %q", *sent)
	}
}

func TestNothingIsSignedForAnEmulator(t *testing.T) {
	t.Parallel()
	srv, sent := watched(t)
	store := open(t, srv)
	_, err := store.Put(t.Context(), "k.json", []byte("x"), ports.Any)
	check(t, err)
	if strings.Join(*sent, "") != "" {
		t.Errorf("sent %q", *sent)
	}
}

func TestAClientOfTheCallersIsNotClosed(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	base := newBase()
	client, err := storage.NewClient(t.Context(), storage.WithJSONReads(), option.WithoutAuthentication(),
		option.WithEndpoint(srv.URL+"/storage/v1/"), option.WithHTTPClient(clientOf(base)))
	check(t, err)
	defer link{client, base}.close()
	for range 2 {
		store, err := New(t.Context(), client, Options{Bucket: bucketName, Prefix: "a/b"})
		check(t, err)
		_, err = store.Put(t.Context(), "k.json", []byte("x"), ports.Any)
		check(t, err)
		closeStore(t, store)
	}
	if srv.data("a/b/k.json") != "x" {
		t.Error("the object is elsewhere")
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	store := open(t, srv, func(c *Config) { c.Prefix = "a" })
	pinger, ok := ports.As[ports.Pinger](store)
	if !ok {
		t.Fatal("the store is no ports.Pinger")
	}
	check(t, pinger.Ping(t.Context()))
	if asked := strings.Join(srv.requests(), " "); asked != "stat" {
		t.Errorf("a ping sent %q", asked)
	}
	srv.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
		answerError(w, http.StatusForbidden, "no")
		return true
	}
	wantErr(t, pinger.Ping(t.Context()), ports.ErrPermission, "ping without rights")
	closeStore(t, store)
	wantErr(t, pinger.Ping(t.Context()), ports.ErrClosed, "ping after close")
}

// A stream that is open when the store is closed can be read to its end.
func TestCloseWaitsForNobodyAndBreaksNothing(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	data := string(pattern(1 << 20))
	srv.put("k.bin", data)
	store := open(t, srv)
	_, body, err := streamer(t, store).GetStream(t.Context(), "k.bin", ports.GetOptions{})
	check(t, err)
	closeStore(t, store)
	_, err = store.Get(t.Context(), "k.bin", ports.GetOptions{})
	wantErr(t, err, ports.ErrClosed, "get after close")
	got, err := io.ReadAll(body)
	if err != nil || string(got) != data {
		t.Errorf("an open stream gives %d bytes, %v", len(got), err)
	}
	check(t, body.Close())
}

// One connection serves one request after another, and many serve many.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	conns := map[string]bool{}
	srv.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
		srv.mu.Lock()
		defer srv.mu.Unlock()
		conns[r.RemoteAddr] = true
		return false
	}
	store := open(t, srv)
	for i := range 50 {
		_, err := store.Put(t.Context(), "k.json", pattern(i), ports.Any)
		check(t, err)
		_, err = store.Get(t.Context(), "k.json", ports.GetOptions{})
		check(t, err)
		_, err = store.Get(t.Context(), "absent.json", ports.GetOptions{})
		if !errors.Is(err, ports.ErrNotFound) {
			t.Fatal(err)
		}
	}
	if len(conns) > 2 {
		t.Errorf("150 requests took %d connections", len(conns))
	}
}
