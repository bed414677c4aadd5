package redis

import (
	"crypto/tls"
	"errors"
	"strconv"
	"strings"
)

// ConfigFromEnv reads a Config from the environment; getenv is os.Getenv, or
// what stands in for it.
//
//	REDIS_ADDR              host:port, several separated by commas, or a URL as
//	                        for ParseURL that the others override
//	REDIS_USERNAME, REDIS_PASSWORD
//	REDIS_DB                number of the database
//	REDIS_TLS_ENABLED       true or false
//	REDIS_CLUSTER_ENABLED   true or false: the addresses are nodes of a Cluster
//	REDIS_SENTINEL_MASTER   name: the addresses are Sentinels
//	REDIS_NAMESPACE         Options.Namespace
//
// What is not set, or empty, keeps its default. A value that can't be is
// refused with ports.ErrInvalidKey and the name of its variable.
func ConfigFromEnv(getenv func(string) string) (Config, error) {
	var config Config
	if addr := getenv("REDIS_ADDR"); strings.Contains(addr, "://") {
		parsed, err := ParseURL(addr)
		if err != nil {
			return Config{}, err
		}
		config = parsed
	} else if addr != "" {
		config.Addrs = splitList(addr)
	}
	for name, field := range map[string]*string{
		"REDIS_USERNAME": &config.Username, "REDIS_PASSWORD": &config.Password,
		"REDIS_SENTINEL_MASTER": &config.Master, "REDIS_NAMESPACE": &config.Options.Namespace,
	} {
		if value := getenv(name); value != "" {
			*field = value
		}
	}
	if value := getenv("REDIS_DB"); value != "" {
		db, err := strconv.Atoi(value)
		if err != nil || db < 0 {
			return Config{}, invalid("REDIS_DB", errors.New("it is not a number from 0"))
		}
		config.DB = db
	}
	encrypted := config.TLS != nil
	if err := envBool(getenv, "REDIS_TLS_ENABLED", &encrypted); err != nil {
		return Config{}, err
	}
	switch {
	case !encrypted:
		config.TLS = nil
	case config.TLS == nil:
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if err := envBool(getenv, "REDIS_CLUSTER_ENABLED", &config.Cluster); err != nil {
		return Config{}, err
	}
	return config, nil
}

func envBool(getenv func(string) string, name string, field *bool) error {
	value := getenv(name)
	if value == "" {
		return nil
	}
	parsed, err := strconv.ParseBool(value)
	if err != nil {
		return invalid(name, errors.New("it is neither true nor false"))
	}
	*field = parsed
	return nil
}

// splitList reads items that are separated by commas.
func splitList(text string) (items []string) {
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
