package simple

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// The environment of an index in Redis, beside its address.
const (
	redisAddr     = "REDIS_ADDR"
	redisUsername = "REDIS_USERNAME"
	redisPassword = "REDIS_PASSWORD"
	redisDB       = "REDIS_DB"
	redisTLS      = "REDIS_TLS_ENABLED"
	redisCluster  = "REDIS_CLUSTER_ENABLED"
)

// redisURL makes a URL of the environment; empty if there is no address. An
// address that is a URL says everything itself.
func redisURL(getenv func(string) string) (string, error) {
	address := getenv(redisAddr)
	if address == "" {
		return "", nil
	}
	if strings.Contains(address, "://") {
		if _, err := url.Parse(address); err != nil { // the error would quote a password
			return "", errors.New(redisAddr + " is neither host:port nor a URL")
		}
		return address, nil
	}
	first, others, _ := strings.Cut(address, ",")
	u, err := url.Parse("redis://" + first)
	if err != nil { // which would quote a password
		return "", errors.New(redisAddr + " is neither host:port nor a URL")
	}
	if user, password := getenv(redisUsername), getenv(redisPassword); password != "" {
		u.User = url.UserPassword(user, password)
	}
	encrypted, err := flag(getenv, redisTLS)
	if err != nil {
		return "", err
	}
	if encrypted {
		u.Scheme = "rediss"
	}
	query := url.Values{}
	if cluster, err := flag(getenv, redisCluster); err != nil {
		return "", err
	} else if cluster {
		query.Set("cluster", "true")
	}
	if others != "" {
		query.Set("addr", others)
	}
	if db := getenv(redisDB); db != "" {
		u.Path = "/" + db
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// flag reads a variable that is true or false; not set is false.
func flag(getenv func(string) string, name string) (bool, error) {
	text := getenv(name)
	if text == "" {
		return false, nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New(name + " is neither true nor false")
	}
	return value, nil
}
