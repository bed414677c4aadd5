package gcs

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func init() { urls.RegisterStore("gs", openURL) }

// openURL opens gs://bucket/prefix with the parameters endpoint, auth
// (default or none), user_project, chunk_size (bytes) and probe (on or off).
func openURL(ctx context.Context, u *url.URL) (ports.ObjectStore, error) {
	cfg, err := configOf(u)
	if err != nil {
		return nil, err
	}
	store, err := Open(ctx, cfg)
	if err != nil {
		return nil, err // without this, a nil *Store would be a store
	}
	return store, nil
}

func configOf(u *url.URL) (Config, error) {
	bad := func(cause error) (Config, error) {
		return Config{}, ports.Fail("open", urls.Redact(u), ports.ErrInvalidKey, cause)
	}
	values, err := urls.Options(u, "endpoint", "auth", "user_project", "chunk_size", "probe")
	if err != nil {
		return Config{}, err
	}
	if u.Host == "" || u.Opaque != "" || u.User != nil || u.Port() != "" || u.Fragment != "" {
		return bad(errors.New("use gs://bucket or gs://bucket/prefix, without user, port and fragment"))
	}
	cfg := Config{
		Bucket: u.Host, Prefix: strings.TrimSuffix(strings.TrimPrefix(u.Path, "/"), "/"),
		Endpoint: values.Get("endpoint"), UserProject: values.Get("user_project"),
	}
	if size := values.Get("chunk_size"); size != "" {
		if cfg.ChunkSize, err = strconv.Atoi(size); err != nil {
			return bad(fmt.Errorf("chunk_size is %q, not a number of bytes", size))
		}
	}
	switch probe := values.Get("probe"); probe {
	case "", "on":
	case "off":
		cfg.SkipProbe = true
	default:
		return bad(fmt.Errorf("probe is %q, not on or off", probe))
	}
	switch auth := values.Get("auth"); auth {
	case "":
	case "none":
		cfg.Anonymous = true
	case "default":
		if cfg.Credentials, err = defaultCredentials(cfg.Bucket); err != nil {
			return Config{}, err
		}
	default:
		return bad(fmt.Errorf("auth is %q, not default or none", auth))
	}
	return cfg, nil
}
