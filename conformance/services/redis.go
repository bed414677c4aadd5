package services

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strconv"
	"testing"
)

// RedisServer is a Redis or Valkey server.
type RedisServer struct {
	// Addr is host:port.
	Addr string
	// URL is "redis://host:port", with a password or a database where the
	// environment gave one.
	URL string
}

var sharedRedis = shared[RedisServer]{name: nameRedis, make: findRedis}

// Redis returns the server that all tests of the process share: that of
// SB_REDIS_URL or else one that is started. Tests need key prefixes of their
// own, and must not flush or configure it: that is what FreshRedis is for. It
// keeps nothing on disk.
func Redis(t testing.TB) RedisServer { t.Helper(); return sharedRedis.get(t) }

func newRedis(addr string) RedisServer { return RedisServer{Addr: addr, URL: "redis://" + addr} }

func findRedis() (RedisServer, error) {
	var found RedisServer
	r := redisRecipe(nameRedis)
	err := firstThat(
		attempt{fromEnv, func() (err error) { found, err = redisFromEnv(os.Getenv("SB_REDIS_URL")); return err }},
		attempt{fromDocker, func() error { return keep(r.contain, func(s *server) { found = newRedis(s.addr) }) }},
		attempt{fromBinary, func() error { return keep(r.spawn, func(s *server) { found = newRedis(s.addr) }) }},
	)
	return found, err
}

func redisFromEnv(value string) (RedisServer, error) {
	if value == "" {
		return RedisServer{}, unset("SB_REDIS_URL")
	}
	u, err := url.Parse(value)
	if err != nil {
		return RedisServer{}, err
	}
	if u.Scheme != "redis" || u.Hostname() == "" {
		return RedisServer{}, errors.New("SB_REDIS_URL is not redis://[:password@]host[:port][/database]")
	}
	port := u.Port()
	if port == "" {
		port = "6379"
	}
	found := RedisServer{Addr: u.Hostname() + ":" + port, URL: value}
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	_, err = found.do(ctx, "PING")
	return found, err
}

// do sends one command.
func (r RedisServer) do(ctx context.Context, args ...string) (any, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, err
	}
	password, _ := u.User.Password()
	return redisDo(ctx, r.Addr, u.User.Username(), password, args...)
}

// redisRecipe runs a server that keeps nothing on disk; further arguments
// override that.
func redisRecipe(name string, further ...string) *recipe {
	return &recipe{
		name:   name,
		path:   []string{"redis-server", "valkey-server"},
		images: []string{"redis:7", "valkey/valkey:8"},
		args: func(p place) []string {
			args := []string{
				"--bind", p.host, "--port", strconv.Itoa(p.port), "--dir", p.data,
				"--protected-mode", "no", "--enable-debug-command", "yes",
				"--save", "", "--appendonly", "no",
			}
			return append(args, further...)
		},
		ready: func(ctx context.Context, addr string) error {
			_, err := redisDo(ctx, addr, "", "", "PING")
			return err
		},
	}
}
