package s3

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func init() { urls.RegisterStore("s3", openURL) }

// openURL opens s3://bucket/prefix with the parameters that configure reads.
// Credentials come from the environment alone: URLs end up in logs.
func openURL(ctx context.Context, u *url.URL) (ports.ObjectStore, error) {
	c, err := configure(u)
	if err != nil {
		return nil, err
	}
	return asStore(Open(ctx, c))
}

// asStore keeps a nil *Store from being a store.
func asStore(s *Store, err error) (ports.ObjectStore, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

func configure(u *url.URL) (Config, error) {
	fail := func(format string, args ...any) (Config, error) {
		return Config{}, ports.Fail("open", urls.Redact(u), ports.ErrInvalidKey, fmt.Errorf(format, args...))
	}
	if u.User != nil || u.Port() != "" || u.Fragment != "" || u.Opaque != "" || u.Host == "" {
		return fail("a URL is s3://bucket/prefix, without user, port or fragment; credentials come from the environment")
	}
	values, err := urls.Options(u, "region", "endpoint", "path_style", "checksum", "probe")
	if err != nil {
		return Config{}, err
	}
	c := Config{
		Bucket: u.Host, Prefix: strings.TrimSuffix(strings.TrimPrefix(u.Path, "/"), "/"),
		Region: values.Get("region"), Endpoint: values.Get("endpoint"),
	}
	var ok bool
	if c.PathStyle, ok = pathStyles[values.Get("path_style")]; !ok {
		return fail("path_style is %q, not auto, true or false", values.Get("path_style"))
	}
	if c.Checksum, ok = checksums[values.Get("checksum")]; !ok {
		return fail("checksum is %q, not auto, crc, md5 or none", values.Get("checksum"))
	}
	switch probe := values.Get("probe"); probe {
	case "", "true":
	case "false":
		c.SkipProbe = true
	default:
		return fail("probe is %q, not true or false", probe)
	}
	return c, nil
}

var (
	pathStyles = map[string]PathStyle{"": PathAuto, "auto": PathAuto, "true": PathAlways, "false": PathNever}
	checksums  = map[string]Checksum{
		"": ChecksumAuto, "auto": ChecksumAuto, "crc": ChecksumCRC, "md5": ChecksumMD5, "none": ChecksumNone,
	}
)
