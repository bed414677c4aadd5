package redis

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

// ParseURL reads a Config from a URL:
//
//	redis://user:password@host:port/db?namespace=app
//	rediss://host?cluster=true&addr=host2,host3        TLS, and a Cluster
//	redis://sentinel1?addr=sentinel2&master=name       Sentinels
//
// Parameters: namespace, cluster (true or false), addr (more addresses, separated by
// commas), master, sentinel_username, sentinel_password, dial_timeout,
// read_timeout, write_timeout (Go durations such as 500ms), pool_size,
// server_name (for TLS), eviction (allow). An unknown one is refused by its
// name, and so is a value that can't be, with ports.ErrInvalidKey.
func ParseURL(raw string) (Config, error) {
	u, err := url.Parse(raw)
	if err != nil { // whose text quotes pieces of the URL, such as a password
		return Config{}, ports.Fail("parse URL", "", ports.ErrInvalidKey,
			errors.New("the URL can't be parsed; special characters of user and password must be percent-encoded"))
	}
	return configOf(u)
}

// texts are parameters that are taken as they are, others those that are read.
var others = []string{"cluster", "addr", "dial_timeout", "read_timeout", "write_timeout", "pool_size", "server_name", "eviction"}

func texts(c *Config) map[string]*string {
	return map[string]*string{
		"namespace": &c.Options.Namespace, "master": &c.Master,
		"sentinel_username": &c.SentinelUsername, "sentinel_password": &c.SentinelPassword,
	}
}

func configOf(u *url.URL) (Config, error) {
	config, err := configOfPlace(u)
	if err != nil {
		return Config{}, err
	}
	known := slices.Clone(others)
	for name := range texts(&config) {
		known = append(known, name)
	}
	values, err := urls.Options(u, known...)
	if err != nil {
		return Config{}, err
	}
	for name, field := range texts(&config) {
		*field = values.Get(name)
	}
	config.Addrs = append(config.Addrs, splitList(values.Get("addr"))...)
	for name, read := range map[string]func(string) error{
		"cluster":       boolParam(&config.Cluster),
		"dial_timeout":  durationParam(&config.DialTimeout),
		"read_timeout":  durationParam(&config.ReadTimeout),
		"write_timeout": durationParam(&config.WriteTimeout),
		"pool_size":     numberParam(&config.PoolSize),
		"server_name":   config.serverName,
		"eviction":      config.eviction,
	} {
		if values.Has(name) {
			if err := read(values.Get(name)); err != nil {
				return Config{}, ports.Fail("read URL options", urls.Redact(u), ports.ErrInvalidKey, fmt.Errorf("parameter %q: %w", name, err))
			}
		}
	}
	return config, nil
}

// configOfPlace reads what comes before the parameters.
func configOfPlace(u *url.URL) (Config, error) {
	refuse := func(cause string) (Config, error) {
		return Config{}, ports.Fail("parse URL", urls.Redact(u), ports.ErrInvalidKey, errors.New(cause))
	}
	var config Config
	switch u.Scheme {
	case "redis":
	case "rediss":
		config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	default:
		return refuse("the scheme is neither redis nor rediss")
	}
	if u.Opaque != "" || u.Fragment != "" {
		return refuse("write redis://user:password@host:port/db")
	}
	if u.Host != "" {
		config.Addrs = []string{u.Host}
	}
	config.Username = u.User.Username()
	config.Password, _ = u.User.Password()
	if db := strings.Trim(u.Path, "/"); db != "" {
		n, err := strconv.Atoi(db)
		if err != nil || n < 0 {
			return refuse("the path is not the number of a database")
		}
		config.DB = n
	}
	return config, nil
}

func boolParam(field *bool) func(string) error {
	return func(value string) (err error) {
		if *field, err = strconv.ParseBool(value); err != nil {
			return errors.New("it is neither true nor false")
		}
		return nil
	}
}

func durationParam(field *time.Duration) func(string) error {
	return func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return errors.New("it is not a duration such as 500ms")
		}
		*field = d
		return nil
	}
}

func numberParam(field *int) func(string) error {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 {
			return errors.New("it is not a number from 1")
		}
		*field = n
		return nil
	}
}

func (c *Config) serverName(value string) error {
	if c.TLS == nil {
		return errors.New("it is for rediss only")
	}
	c.TLS.ServerName = value
	return nil
}

func (c *Config) eviction(value string) error {
	if value != "allow" {
		return errors.New(`it can only be "allow"`)
	}
	c.Options.AllowEviction = true
	return nil
}
