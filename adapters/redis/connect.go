package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/smarterbase/smarterbase/ports"
)

// Config says what to connect to. Fields that are left out have defaults; a
// program may change what ConfigFromEnv or ParseURL returned before it dials.
type Config struct {
	// Addrs are host:port; a port that is left out is 6379. One for a server,
	// any number of seeds for a Cluster, the Sentinels where Master is given. A
	// path beginning with "/" is a Unix socket. Default: localhost:6379.
	Addrs []string

	// Username and Password are those of the server; Username is empty for a
	// server with one password for all.
	Username string
	Password string

	// DB is the number of the database; a Cluster has only 0.
	DB int

	// TLS encrypts connections where it is not nil. A ServerName that is left out
	// is the host that is connected to, which for a Cluster is what the nodes call
	// themselves.
	TLS *tls.Config

	// Cluster says that the addresses are nodes of a Redis Cluster.
	Cluster bool

	// Master is the name under which Sentinels know the server, and makes the
	// addresses those of Sentinels. They have credentials of their own.
	Master           string
	SentinelUsername string
	SentinelPassword string

	// DialTimeout bounds opening a connection; default 2 s. ReadTimeout and
	// WriteTimeout bound waiting for an answer and sending a request; default 3 s.
	DialTimeout  time.Duration
	ReadTimeout  time.Duration
	WriteTimeout time.Duration

	// PoolSize is how many connections are open to each server at most; calls
	// beyond that wait for one. Default: ten for each processor.
	PoolSize int

	// Options of the client.
	Options Options
}

// Dial opens a client and checks that a primary server answers, runs scripts,
// and does not evict what must stay; else no connection is left open. Close the
// client. The errors are those of any call, ports.ErrUnsupported for a server
// that evicts, and ports.ErrInvalidKey for a Config that can't be, by the field's name.
func Dial(ctx context.Context, config Config) (*Client, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := ports.ContextDone(ctx, "dial", ""); err != nil {
		return nil, err
	}
	universal := config.universal()
	c, err := New(universal, config.Options)
	if err != nil {
		_ = universal.Close() // the reason is what counts
		return nil, err
	}
	c.owned = true
	if err := c.check(ctx); err != nil {
		_ = c.Close() // as above
		return nil, err
	}
	return c, nil
}

// withDefaults fills in what was left out, and refuses what can't be.
func (c Config) withDefaults() (Config, error) {
	if len(c.Addrs) == 0 {
		c.Addrs = []string{"localhost"}
	}
	addrs := make([]string, len(c.Addrs))
	for i, addr := range c.Addrs {
		full, err := withPort(addr)
		if err != nil {
			return c, err
		}
		addrs[i] = full
	}
	c.Addrs = addrs
	switch {
	case c.Cluster && c.Master != "":
		return c, invalid("Cluster", errors.New("it does not go with Master"))
	case c.Cluster && c.DB != 0:
		return c, invalid("DB", errors.New("a Cluster has only database 0"))
	case c.DB < 0:
		return c, invalid("DB", errors.New("it is negative"))
	case c.PoolSize < 0:
		return c, invalid("PoolSize", errors.New("it is negative"))
	case !c.Cluster && c.Master == "" && len(addrs) > 1:
		return c, invalid("Addrs", errors.New("several addresses need Cluster or Master"))
	}
	for _, t := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"DialTimeout", &c.DialTimeout, 2 * time.Second},
		{"ReadTimeout", &c.ReadTimeout, 3 * time.Second},
		{"WriteTimeout", &c.WriteTimeout, 3 * time.Second},
	} {
		if *t.value < 0 {
			return c, invalid(t.name, errors.New("it is negative"))
		}
		if *t.value == 0 {
			*t.value = t.usual
		}
	}
	options, err := c.Options.withDefaults()
	c.Options = options
	return c, err
}

// withPort checks an address and completes it.
func withPort(addr string) (string, error) {
	if strings.HasPrefix(addr, "/") {
		return addr, nil
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = strings.TrimSuffix(strings.TrimPrefix(addr, "["), "]"), "6379"
	}
	if host == "" {
		host = "localhost"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil || strings.ContainsAny(host, "/@ ,") {
		return "", invalid("Addrs", errors.New("an address is not host:port"))
	}
	return net.JoinHostPort(host, port), nil
}

// universal makes the SDK's client. Its retries are off: core has its own, and
// they would repeat what must not be repeated. A dial is tried once.
func (c Config) universal() goredis.UniversalClient {
	switch {
	case c.Master != "":
		return goredis.NewFailoverClient(&goredis.FailoverOptions{
			MasterName: c.Master, SentinelAddrs: c.Addrs, SentinelUsername: c.SentinelUsername, SentinelPassword: c.SentinelPassword,
			Username: c.Username, Password: c.Password, DB: c.DB, TLSConfig: c.TLS,
			DialTimeout: c.DialTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout, PoolSize: c.PoolSize,
			MaxRetries: -1, DialerRetries: 1, Protocol: protocol, DisableIdentity: true, PipelinePoolSize: -1,
		})
	case c.Cluster:
		return goredis.NewClusterClient(&goredis.ClusterOptions{
			Addrs: c.Addrs, Username: c.Username, Password: c.Password, TLSConfig: c.TLS,
			DialTimeout: c.DialTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout, PoolSize: c.PoolSize,
			MaxRetries: -1, DialerRetries: 1, Protocol: protocol, DisableIdentity: true, PipelinePoolSize: -1,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		})
	default:
		return goredis.NewClient(&goredis.Options{
			Addr: c.Addrs[0], Username: c.Username, Password: c.Password, DB: c.DB, TLSConfig: c.TLS,
			DialTimeout: c.DialTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout, PoolSize: c.PoolSize,
			MaxRetries: -1, DialerRetries: 1, Protocol: protocol, DisableIdentity: true, PipelinePoolSize: -1,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		})
	}
}

// protocol is the version of RESP: nothing here needs what the third adds.
const protocol = 2
