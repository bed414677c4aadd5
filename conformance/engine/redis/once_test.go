package redis_test

import (
	"context"
	"net"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// sdkRetries is what a client of the SDK does by itself here: it sends failed
// commands again.
const sdkRetries = 5

// scripts says how often scripts were run by name, and how.
func scripts(t *testing.T, addr string) string {
	t.Helper()
	calls, _, _ := strings.Cut(info(t, addr, "commandstats", "cmdstat_evalsha"), ",")
	return calls
}

// A call of which the answer is lost is not sent again, not even on a client
// that retries.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	proxy := services.Proxy(t, server.Addr)
	retrying := goredis.NewClient(&goredis.Options{Addr: proxy.Addr(), MaxRetries: sdkRetries})
	t.Cleanup(func() { require.NoError(t, retrying.Close()) })
	c, err := redis.New(retrying, redis.Options{})
	require.NoError(t, err)
	s := install(t, c.Index(), "e1")
	s.add("x", "a")
	server.Do("CONFIG", "RESETSTAT")
	proxy.CutDownAfter(0)
	s.installWithoutAnswer("e2")
	require.Equal(t, "calls=1", scripts(t, server.Addr))
	proxy.Heal()
	s.regime.Epoch = "e2"
	s.want("x", "a")
}

func (s space) installWithoutAnswer(epoch string) {
	s.t.Helper()
	err := s.ix.Install(s.t.Context(), spaceName, ports.Regime{Epoch: epoch, Identity: s.regime.Identity})
	require.ErrorIs(s.t, err, ports.ErrUnknown)
}

func TestNothingIsSentTwiceToACluster(t *testing.T) {
	t.Parallel()
	cluster := services.FreshRedisCluster(t)
	proxies := make(map[string]*services.FaultProxy)
	for _, addr := range cluster.Addrs {
		proxies[addr] = services.Proxy(t, addr)
	}
	retrying := goredis.NewClusterClient(&goredis.ClusterOptions{
		Addrs: cluster.Addrs, MaxRetries: sdkRetries, MaxRedirects: sdkRetries,
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, proxies[addr].Addr())
		},
	})
	t.Cleanup(func() { require.NoError(t, retrying.Close()) })
	c, err := redis.New(retrying, redis.Options{})
	require.NoError(t, err)
	s := install(t, c.Index(), "e1")
	s.add("x", "a")
	for addr, p := range proxies {
		tell(t, addr, "CONFIG", "RESETSTAT")
		p.Inject(services.Fault{Cut: services.Down})
	}
	s.installWithoutAnswer("e2")
	sent := make(map[string]int)
	for addr, p := range proxies {
		sent[scripts(t, addr)]++
		p.Heal()
	}
	require.Equal(t, map[string]int{"": 2, "calls=1": 1}, sent, "runs of scripts by node")
	s.regime.Epoch = "e2"
	s.want("x", "a")
}
