package simple

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
)

// The environment that Connect reads.
const (
	dataPath      = "DATA_PATH"
	awsBucket     = "AWS_BUCKET"
	gcsBucket     = "GCS_BUCKET"
	minioEndpoint = "MINIO_ENDPOINT"

	defaultPath = "./data"
)

// Connect opens the database that the environment names:
//
//	DATA_PATH       a folder, as file://; ./data where no store is named
//	AWS_BUCKET      a bucket, as s3://
//	GCS_BUCKET      a bucket, as gs://
//	MINIO_ENDPOINT  host:port, as minio://
//	REDIS_ADDR      host:port or a redis:// URL of the index, for any store;
//	                with the former also REDIS_USERNAME, REDIS_PASSWORD, REDIS_DB,
//	                REDIS_TLS_ENABLED and REDIS_CLUSTER_ENABLED
//
// A variable that is empty counts as not set. Two that name different stores
// are refused with core.ErrInvalid, by name. It logs one line that says what it
// found and chose, without secrets, before it opens anything. Otherwise it is
// Open.
func Connect(ctx context.Context, opts ...Option) (*DB, error) {
	o, err := gather(opts)
	if err != nil {
		return nil, err
	}
	rawURL, found, err := choose(os.Getenv)
	if err != nil {
		return nil, invalid("connect", "", err)
	}
	t, err := parse(ctx, rawURL)
	if err != nil {
		return nil, failure("connect", err)
	}
	if len(found) == 0 {
		found = []string{"nothing"}
	}
	o.logger.LogAttrs(ctx, slog.LevelInfo, "smarterbase: connecting",
		slog.String("found", strings.Join(found, ", ")), slog.String("store", redact(t.store)), slog.String("index", t.shown()))
	return open(ctx, t, o)
}

// MustConnect is Connect for programs that can't start without a database: it
// panics with the error.
func MustConnect(ctx context.Context, opts ...Option) *DB {
	db, err := Connect(ctx, opts...)
	if err != nil {
		panic(err)
	}
	return db
}

// choose makes a URL of the environment, and says which variables it found.
func choose(getenv func(string) string) (rawURL string, found []string, err error) {
	var u *url.URL
	for _, variable := range []string{dataPath, awsBucket, gcsBucket, minioEndpoint} {
		value := getenv(variable)
		if value == "" {
			continue
		}
		if found = append(found, variable); len(found) > 1 {
			return "", nil, fmt.Errorf("%s name different stores: set one of them", strings.Join(found, " and "))
		}
		if u, err = storeURL(variable, value); err != nil {
			return "", nil, err
		}
	}
	if u == nil {
		u, _ = storeURL(dataPath, defaultPath)
	}
	index, err := redisURL(getenv)
	if err != nil {
		return "", nil, err
	}
	if index != "" {
		found = append(found, redisAddr)
		u.RawQuery = url.Values{indexParameter: {index}}.Encode()
	}
	return u.String(), found, nil
}

// storeURL makes a URL of the value of one variable.
func storeURL(variable, value string) (*url.URL, error) {
	if strings.Contains(value, "://") {
		return nil, fmt.Errorf("%s is a URL; Open takes URLs", variable)
	}
	switch variable {
	case awsBucket:
		return &url.URL{Scheme: "s3", Host: value}, nil
	case gcsBucket:
		return &url.URL{Scheme: "gs", Host: value}, nil
	case minioEndpoint:
		return &url.URL{Scheme: "minio", Host: value}, nil
	default:
		return url.Parse(FileURL(value))
	}
}
