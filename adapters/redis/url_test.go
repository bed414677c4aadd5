package redis

import (
	"crypto/tls"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

func TestParseURL(t *testing.T) {
	t.Parallel()
	encrypted := &tls.Config{MinVersion: tls.VersionTLS12}
	for raw, want := range map[string]Config{
		"redis://":             {},
		"redis://h":            {Addrs: []string{"h"}},
		"redis://h:1/":         {Addrs: []string{"h:1"}},
		"redis://h:1/3":        {Addrs: []string{"h:1"}, DB: 3},
		"redis://:p%40ss@h":    {Addrs: []string{"h"}, Password: "p@ss"},
		"redis://u:p@[::1]:1":  {Addrs: []string{"[::1]:1"}, Username: "u", Password: "p"},
		"rediss://h":           {Addrs: []string{"h"}, TLS: encrypted},
		"redis://h?addr=i,j:2": {Addrs: []string{"h", "i", "j:2"}},
		"redis://h?addr=i&cluster=true&namespace=a%3Ab": {Addrs: []string{"h", "i"}, Cluster: true, Options: Options{Namespace: "a:b"}},
		"redis://h?master=m&sentinel_username=u&sentinel_password=p": {
			Addrs: []string{"h"}, Master: "m", SentinelUsername: "u", SentinelPassword: "p"},
		"redis://h?dial_timeout=1s&read_timeout=2s&write_timeout=300ms&pool_size=7&eviction=allow": {
			Addrs: []string{"h"}, DialTimeout: time.Second, ReadTimeout: 2 * time.Second, WriteTimeout: 300 * time.Millisecond,
			PoolSize: 7, Options: Options{AllowEviction: true}},
		"rediss://h?server_name=n": {Addrs: []string{"h"}, TLS: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: "n"}},
	} {
		if got, err := ParseURL(raw); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
}

func TestParseURLRefusesByNameAndTellsNoSecret(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"redis://u:hunter2@h?namspace=x":              `unknown parameter "namspace"`,
		"redis://u:hunter2@h?db=hunter2":              `unknown parameter "db"`,
		"redis://u:hunter2@h?read_timeout=3":          `"read_timeout"`,
		"redis://u:hunter2@h?read_timeout=-1s":        `"read_timeout"`,
		"redis://u:hunter2@h?pool_size=0":             `"pool_size"`,
		"redis://u:hunter2@h?cluster=hunter2":         `"cluster"`,
		"redis://u:hunter2@h?eviction=deny":           `"eviction"`,
		"redis://u:hunter2@h?server_name=n":           `"server_name"`,
		"redis://u:hunter2@h/one":                     "number of a database",
		"redis://u:hunter2@h/-1":                      "number of a database",
		"redis://u:hunter2@h#hunter2":                 "write redis://",
		"redis:hunter2":                               "write redis://",
		"http://u:hunter2@h":                          "neither redis nor rediss",
		"redis://u:hun/ter2@h":                        "can't be parsed",
		"redis://u:hunter2@h?pool_size=1&pool_size=2": `"pool_size"`,
	} {
		_, err := ParseURL(raw)
		if !errors.Is(err, ports.ErrInvalidKey) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: err = %v", raw, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "hun/")) {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}
