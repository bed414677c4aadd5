package gcs

import (
	"net/url"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func TestOpenByURL(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	endpoint := url.QueryEscape(srv.URL)
	for raw, key := range map[string]string{
		"gs://bucket?endpoint=" + endpoint:                                              "k.json",
		"gs://bucket/?endpoint=" + endpoint + "&probe=on":                               "k.json",
		"gs://bucket/a/b%20c?endpoint=" + endpoint + "&probe=off&user_project=payer":    "a/b c/k.json",
		"gs://bucket/a/?endpoint=" + endpoint + "&auth=none&chunk_size=262144&probe=on": "a/k.json",
	} {
		store, err := urls.OpenStore(t.Context(), raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		_, err = store.Put(t.Context(), "k.json", []byte(raw), ports.Any)
		check(t, err)
		if srv.data(key) != raw {
			t.Errorf("%s: the object is not at %s", raw, key)
		}
		closeStore(t, store)
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	t.Parallel()
	for raw, hint := range map[string]string{
		"gs://":                                  "gs://bucket",
		"gs:bucket":                              "gs://bucket",
		"gs:///prefix":                           "gs://bucket",
		"gs://user:secret@bucket":                "without user",
		"gs://bucket:80":                         "port",
		"gs://bucket#x":                          "fragment",
		"gs://bucket?region=eu":                  "region",
		"gs://bucket?probe=maybe":                "maybe",
		"gs://bucket?auth=key":                   "key",
		"gs://bucket?chunk_size=8MiB":            "8MiB",
		"gs://bucket?chunk_size=1":               "ChunkSize",
		"gs://bucket?endpoint=x":                 "Endpoint",
		"gs://bucket//a?auth=none":               "prefix",
		"gs://bucket?auth=none&auth=none":        "auth",
		"gs://bucket?endpoint=http://u:secret@h": "Endpoint",
	} {
		store, err := urls.OpenStore(t.Context(), raw)
		wantErr(t, err, ports.ErrInvalidKey, raw)
		if store != nil || err == nil || !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
