package minio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// A server that lies is refused, with the reason, and nothing is left there.
func TestServersThatLie(t *testing.T) {
	t.Parallel()
	for reason, lie := range map[string]func(*fake){
		"If-None-Match":       func(f *fake) { f.ignoreAbsent = true },
		"of 8 writers":        func(f *fake) { f.spare = 1 },
		"8 succeeded":         func(f *fake) { f.ignoreMatch = true },
		"an old version":      (*fake).letLastWin,
		"no object exists":    func(f *fake) { f.createMissing = true },
		"misses the object":   func(f *fake) { f.hideLast = true },
		"answers version \"0": func(f *fake) { f.listOther = true },
		"gives the object no": func(f *fake) { f.before = noETag },
		"knows no such thing": func(f *fake) { f.before = refusesConditions },
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			lie(f)
			store, err := Open(t.Context(), config(f))
			if store != nil {
				t.Fatal("the server was accepted")
			}
			if reason == "gives the object no" {
				wantErr(t, err, ports.ErrUnknown, "open")
			} else {
				wantErr(t, err, ports.ErrUnsupported, "open")
			}
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%v does not say %q", err, reason)
			}
			if len(f.objects) > 0 {
				t.Errorf("%d scratch objects are left", len(f.objects))
			}
		})
	}
}

// letLastWin ignores If-Match once the race is over.
func (f *fake) letLastWin() {
	f.before = func(*http.Request) (*http.Response, error) {
		if f.count("PUT") == 2+writers+1 {
			f.mu.Lock()
			f.spare = 1
			f.mu.Unlock()
		}
		return nil, nil
	}
}

func noETag(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPut {
		return reply(http.StatusOK, nil, ""), nil
	}
	return nil, nil
}

func refusesConditions(req *http.Request) (*http.Response, error) {
	if req.Header.Get("If-None-Match") != "" {
		return reply(http.StatusNotImplemented, nil, "<Error><Code>NotImplemented</Code><Message>knows no such thing</Message></Error>"), nil
	}
	return nil, nil
}

func TestProbeLeavesNothing(t *testing.T) {
	t.Parallel()
	f := newFake()
	cfg := config(f)
	cfg.Prefix = "tenants/7"
	openStore(t, cfg)
	if n := f.count(""); n != 22 {
		t.Errorf("the probe made %d requests, not the 22 of the documentation: %q", n, f.requests)
	}
	if len(f.objects) > 0 {
		t.Errorf("the probe left %d objects", len(f.objects))
	}
	for _, request := range f.requests {
		if strings.HasPrefix(request, "PUT") && !strings.HasPrefix(request, "PUT /bucket/tenants/7/_sb/probe/") {
			t.Errorf("the probe wrote outside of its folder: %s", request)
		}
	}
}

func TestOpenFailsAsTheServerDoes(t *testing.T) {
	t.Parallel()
	for want, answer := range map[error]func(*http.Request) (*http.Response, error){
		ports.ErrPermission:  func(*http.Request) (*http.Response, error) { return coded(403, "AccessDenied"), nil },
		ports.ErrUnavailable: func(*http.Request) (*http.Response, error) { return coded(404, "NoSuchBucket"), nil },
		ports.ErrUnknown:     func(*http.Request) (*http.Response, error) { return nil, io.EOF },
		ports.ErrBusy:        func(*http.Request) (*http.Response, error) { return coded(503, "SlowDown"), nil },
	} {
		f := newFake()
		f.before = answer
		_, err := Open(t.Context(), config(f))
		wantOutcome(t, err, want, "bucket", "open")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	_, err := Open(ctx, config(newFake()))
	wantOutcome(t, err, context.Canceled, "bucket", "open with a context that is done")
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"Endpoint":    func(c *Config) { c.Endpoint = "" },
		"scheme":      func(c *Config) { c.Endpoint = "http://fake:9000" },
		"host:port":   func(c *Config) { c.Endpoint = "fake:9000/path" },
		"Bucket":      func(c *Config) { c.Bucket = "" },
		"not the":     func(c *Config) { c.Bucket = "a/b" },
		"AccessKey":   func(c *Config) { c.AccessKey = "" },
		"SecretKey":   func(c *Config) { c.SecretKey = "" },
		"PartSize":    func(c *Config) { c.PartSize = 1 << 20 },
		"Credentials": func(c *Config) { c.Credentials, _ = c.signer() },
		"prefix":      func(c *Config) { c.Prefix = "/a" },
	} {
		f := newFake()
		cfg := config(f)
		change(&cfg)
		_, err := Open(t.Context(), cfg)
		wantErr(t, err, ports.ErrInvalidKey, name)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v does not name %s, or tells the secret", err, name)
		}
		if f.count("") > 0 {
			t.Errorf("%s: %d requests were made", name, f.count(""))
		}
	}
}

// A server that ignores conditions where an upload in parts ends is good for
// everything but longer streams with a condition.
func TestUploadsOfServersThatIgnoreTheirConditions(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.before = func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost && req.URL.Query().Has("uploadId") {
			req.Header.Del("If-Match")
			req.Header.Del("If-None-Match")
		}
		return nil, nil
	}
	cfg := config(f)
	cfg.PartSize = minPartSize
	s := openStore(t, cfg)
	long := func() io.Reader { return io.LimitReader(zeros{}, minPartSize+1) }
	if _, err := s.PutStream(t.Context(), "k.bin", long(), ports.IfAbsent); !errors.Is(err, ports.ErrUnsupported) {
		t.Errorf("a long stream with a condition: %v", err)
	}
	if _, err := s.PutStream(t.Context(), "k.bin", long(), ports.Any); err != nil {
		t.Errorf("a long stream without: %v", err)
	}
	if _, err := s.PutStream(t.Context(), "k.bin", strings.NewReader("short"), ports.IfAbsent); !errors.Is(err, ports.ErrPrecondition) {
		t.Errorf("a short stream with a condition: %v", err)
	}
}
