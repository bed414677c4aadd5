package redis

import (
	"crypto/tls"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestConfigFromEnv(t *testing.T) {
	t.Parallel()
	encrypted := &tls.Config{MinVersion: tls.VersionTLS12}
	for name, c := range map[string]struct {
		set  map[string]string
		want Config
	}{
		"nothing": {nil, Config{}},
		"all": {
			map[string]string{
				"REDIS_ADDR": "h:1", "REDIS_USERNAME": "u", "REDIS_PASSWORD": "p", "REDIS_DB": "2",
				"REDIS_TLS_ENABLED": "true", "REDIS_NAMESPACE": "n",
			},
			Config{Addrs: []string{"h:1"}, Username: "u", Password: "p", DB: 2, TLS: encrypted, Options: Options{Namespace: "n"}},
		},
		"cluster":  {map[string]string{"REDIS_ADDR": "h, i", "REDIS_CLUSTER_ENABLED": "1"}, Config{Addrs: []string{"h", "i"}, Cluster: true}},
		"sentinel": {map[string]string{"REDIS_ADDR": "h", "REDIS_SENTINEL_MASTER": "m"}, Config{Addrs: []string{"h"}, Master: "m"}},
		"url": {
			map[string]string{"REDIS_ADDR": "rediss://u:p@h/1?namespace=n", "REDIS_PASSWORD": "other", "REDIS_DB": "3"},
			Config{Addrs: []string{"h"}, Username: "u", Password: "other", DB: 3, TLS: encrypted, Options: Options{Namespace: "n"}},
		},
		"url without TLS": {map[string]string{"REDIS_ADDR": "rediss://h", "REDIS_TLS_ENABLED": "false"}, Config{Addrs: []string{"h"}}},
	} {
		if got, err := ConfigFromEnv(env(c.set)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestConfigFromEnvRefusesByNameAndTellsNoSecret(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"REDIS_DB": "hunter2", "REDIS_TLS_ENABLED": "hunter2", "REDIS_CLUSTER_ENABLED": "hunter2",
	} {
		set := map[string]string{"REDIS_PASSWORD": "hunter2"}
		maps.Copy(set, map[string]string{name: value})
		_, err := ConfigFromEnv(env(set))
		if !errors.Is(err, ports.ErrInvalidKey) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	if _, err := ConfigFromEnv(env(map[string]string{"REDIS_ADDR": "redis://:hunter2@h?x=1"})); !errors.Is(err, ports.ErrInvalidKey) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("err = %v", err)
	}
}
