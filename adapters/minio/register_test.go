package minio

import (
	"net/url"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestConfigOfURL(t *testing.T) {
	t.Parallel()
	keys := []string{"MINIO_ACCESS_KEY", "k", "MINIO_SECRET_KEY", "s"}
	for raw, c := range map[string]struct {
		env  []string
		want Config
	}{
		"minio://host:9000/bucket":                          {keys, Config{Endpoint: "host:9000", Bucket: "bucket"}},
		"minio://host/bucket/a/b%20c/":                      {keys, Config{Endpoint: "host", Bucket: "bucket", Prefix: "a/b c"}},
		"minio://[::1]:9000/bucket?secure=true&region=eu-1": {keys, Config{Endpoint: "[::1]:9000", Bucket: "bucket", Secure: true, Region: "eu-1"}},
		"minio://host?bucket=bucket&prefix=a/b&probe=false": {keys, Config{Endpoint: "host", Bucket: "bucket", Prefix: "a/b", SkipProbe: true}},
		"minio://host/": {append(keys, "MINIO_BUCKET", "bucket", "MINIO_SECURE", "1", "MINIO_REGION", "r"), Config{Endpoint: "host", Bucket: "bucket", Secure: true, Region: "r"}},
		"minio://host/bucket?secure=false&region=": {append(keys, "MINIO_SECURE", "1", "AWS_REGION", "r", "MINIO_BUCKET", "other"), Config{Endpoint: "host", Bucket: "bucket", Region: "r"}},
		"minio://host/bucket?probe=true":           {[]string{"MINIO_ROOT_USER", "k", "MINIO_ROOT_PASSWORD", "s", "AWS_ACCESS_KEY_ID", "x"}, Config{Endpoint: "host", Bucket: "bucket"}},
		"minio://host/bucket?probe=1&secure=0":     {[]string{"AWS_ACCESS_KEY_ID", "k", "AWS_SECRET_ACCESS_KEY", "s", "AWS_SESSION_TOKEN", "t"}, Config{Endpoint: "host", Bucket: "bucket", SessionToken: "t"}},
	} {
		u, err := url.Parse(raw)
		check(t, err)
		got, err := configOf(u, env(c.env...))
		c.want.AccessKey, c.want.SecretKey = "k", "s"
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", raw, got, err, c.want)
		}
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	t.Parallel()
	keys := []string{"MINIO_ACCESS_KEY", "k", "MINIO_SECRET_KEY", "hidden"}
	for raw, c := range map[string]struct {
		env  []string
		hint string
	}{
		"minio://host":                         {keys, "MINIO_BUCKET"},
		"minio:///bucket":                      {keys, "minio://host:port/bucket"},
		"minio:host":                           {keys, "minio://host:port/bucket"},
		"minio://host/bucket#x":                {keys, "minio://host:port/bucket"},
		"minio://user:hidden@host/bucket":      {keys, "MINIO_ACCESS_KEY"},
		"minio://host/bucket?bucket=b":         {keys, "leave the parameters"},
		"minio://host/bucket?prefix=b":         {keys, "leave the parameters"},
		"minio://host/bucket?secure=maybe":     {keys, "maybe"},
		"minio://host/bucket?probe=maybe":      {keys, "maybe"},
		"minio://host/bucket?secrets=hidden":   {keys, "secrets"},
		"minio://host/bucket?region=a":         {nil, "MINIO_ROOT_USER"},
		"minio://host/bucket?region=b":         {[]string{"MINIO_ACCESS_KEY", "k"}, "MINIO_SECRET_KEY is not"},
		"minio://host/bucket?region=c":         {[]string{"MINIO_ROOT_PASSWORD", "hidden"}, "MINIO_ROOT_USER is not"},
		"minio://host/bucket?region=d&x=1&x=2": {keys, "x"},
	} {
		u, err := url.Parse(raw)
		check(t, err)
		_, err = configOf(u, env(c.env...))
		wantErr(t, err, ports.ErrInvalidKey, raw)
		if err == nil || !strings.Contains(err.Error(), c.hint) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v does not say %q, or tells a secret", raw, err, c.hint)
		}
	}
}

// The scheme is registered, and what it opens speaks to the server.
func TestOpenByURL(t *testing.T) {
	t.Setenv("MINIO_ACCESS_KEY", "key")
	t.Setenv("MINIO_SECRET_KEY", "secret")
	_, err := urls.OpenStore(t.Context(), "minio://127.0.0.1:1/bucket")
	wantOutcome(t, err, ports.ErrUnavailable, "bucket", "open where nobody listens")
}
