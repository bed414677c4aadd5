package minio

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func init() { urls.RegisterStore("minio", openURL) }

func openURL(ctx context.Context, u *url.URL) (ports.ObjectStore, error) {
	cfg, err := configOf(u, os.Getenv)
	if err != nil {
		return nil, err
	}
	return asStore(Open(ctx, cfg))
}

// asStore keeps a nil *Store from being a store.
func asStore(s *Store, err error) (ports.ObjectStore, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// configOf reads minio://host:port/bucket/prefix?region=…&secure=true. What the
// URL leaves out comes from the environment.
func configOf(u *url.URL, getenv func(string) string) (cfg Config, err error) {
	values, err := urls.Options(u, "bucket", "prefix", "region", "secure", "probe")
	if err != nil {
		return Config{}, err
	}
	fail := func(err error) (Config, error) {
		return Config{}, ports.Fail("open", urls.Redact(u), ports.ErrInvalidKey, err)
	}
	switch {
	case u.User != nil:
		return fail(errors.New("the URL must hold no credentials; set MINIO_ACCESS_KEY and MINIO_SECRET_KEY"))
	case u.Host == "" || u.Opaque != "" || u.Fragment != "":
		return fail(errors.New("use minio://host:port/bucket or minio://host:port/bucket/prefix"))
	}
	cfg.Endpoint = u.Host
	if err := cfg.place(u.Path, values, getenv); err != nil {
		return fail(err)
	}
	if cfg.Secure, err = flag("secure", first(values.Get("secure"), getenv("MINIO_SECURE")), false); err != nil {
		return fail(err)
	}
	check, err := flag("probe", values.Get("probe"), true)
	if err != nil {
		return fail(err)
	}
	cfg.SkipProbe = !check
	cfg.Region = first(values.Get("region"), getenv("MINIO_REGION"), getenv("AWS_REGION"))
	if err := cfg.keys(getenv); err != nil {
		return fail(err)
	}
	return cfg, nil
}

// place reads bucket and prefix.
func (c *Config) place(path string, values url.Values, getenv func(string) string) error {
	c.Bucket, c.Prefix, _ = strings.Cut(strings.Trim(path, "/"), "/")
	if c.Bucket != "" {
		if values.Has("bucket") || values.Has("prefix") {
			return errors.New("the URL names the bucket in its path; leave the parameters bucket and prefix out")
		}
		return nil
	}
	c.Bucket, c.Prefix = first(values.Get("bucket"), getenv("MINIO_BUCKET")), values.Get("prefix")
	if c.Bucket == "" {
		return errors.New("no bucket is named: write minio://host:port/bucket, or ?bucket=, or set MINIO_BUCKET")
	}
	return nil
}

// keyVariables are the pairs of variables that can hold the keys, best first.
var keyVariables = [][2]string{
	{"MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"},
	{"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"},
	{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"},
}

// keys takes the first pair of which a half is set.
func (c *Config) keys(getenv func(string) string) error {
	for _, pair := range keyVariables {
		access, secret := getenv(pair[0]), getenv(pair[1])
		switch {
		case access == "" && secret == "":
			continue
		case access == "":
			return fmt.Errorf("%s is set and %s is not", pair[1], pair[0])
		case secret == "":
			return fmt.Errorf("%s is set and %s is not", pair[0], pair[1])
		}
		c.AccessKey, c.SecretKey = access, secret
		if pair[0] == "AWS_ACCESS_KEY_ID" {
			c.SessionToken = getenv("AWS_SESSION_TOKEN")
		}
		return nil
	}
	return errors.New("no credentials: set MINIO_ACCESS_KEY and MINIO_SECRET_KEY, or MINIO_ROOT_USER and MINIO_ROOT_PASSWORD, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
}

func first(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}

func flag(name, value string, otherwise bool) (bool, error) {
	if value == "" {
		return otherwise, nil
	}
	set, err := strconv.ParseBool(value)
	if err != nil {
		return false, fmt.Errorf("%s is %q, not true or false", name, value)
	}
	return set, nil
}
