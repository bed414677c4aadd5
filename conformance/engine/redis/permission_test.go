package redis_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// use is one kind of thing, the commands that it may run, and everything that
// can be done with it.
type use struct {
	commands string
	do       func(ctx context.Context, c *redis.Client) error
}

// always are the commands that Dial and every call need.
const always = "eval evalsha info"

// onClusters are those that the SDK needs besides, to find the nodes.
const onClusters = "cluster"

var uses = map[string]use{
	"index": {"hmget hget hset hdel hkeys hincrby zadd zrem zcard zrangebylex zlexcount unlink", func(ctx context.Context, c *redis.Client) error {
		x, set := c.Index(), ports.EntryRange{Set: "x"}
		identity, err := x.Identity(ctx)
		if err != nil {
			return err
		}
		regime := ports.Regime{Epoch: "e", Identity: identity}
		install := x.Install(ctx, spaceName, regime)
		begin := x.Begin(ctx, spaceName, regime, entries("x", "a", "b"))
		again := x.Install(ctx, spaceName, regime)
		end := x.End(ctx, spaceName, regime, entries("x", "b"))
		_, query := x.Query(ctx, spaceName, regime, set)
		_, count := x.Count(ctx, spaceName, regime, set)
		return errors.Join(install, begin, again, end, query, count, x.Drop(ctx, spaceName, "x"), x.Drop(ctx, spaceName, ""))
	}},
	"locker": {"hget hset hdel hmget hexists del time zscore zadd zrem zrangebyscore", func(ctx context.Context, c *redis.Client) error {
		l := c.Locker(redis.LockerOptions{Epoch: epochs()})
		defer func() { _ = l.Close() }()
		lease, err := l.Acquire(ctx, "x", time.Hour)
		if err != nil {
			return err
		}
		_, info := l.Info(ctx, "x")
		_, list := l.List(ctx)
		_, clean := l.CleanUp(ctx)
		return errors.Join(info, list, clean, lease.Renew(ctx), lease.Release(ctx))
	}},
	"counter": {"hincrby hget hset hdel hscan", func(ctx context.Context, c *redis.Client) error {
		n := c.Counter()
		set := n.Set(ctx, "x", 1)
		_, add := n.Add(ctx, "x", 1)
		_, value := n.Value(ctx, "x")
		for _, err := range n.Names(ctx, "") {
			if err != nil {
				return err
			}
		}
		return errors.Join(set, add, value, n.Remove(ctx, "x"))
	}},
	"cache": {"hmget hset pexpire del", func(ctx context.Context, c *redis.Client) error {
		k := c.Cache(redis.CacheOptions{})
		store := k.Store(ctx, "x", []byte("value"), 0)
		_, load := k.Load(ctx, "x")
		return errors.Join(store, load, k.Remove(ctx, "x"))
	}},
}

// allow gives the user the rights to these commands, on the keys of the
// adapter, and no others; one with a minus sign takes a right away.
func allow(t *testing.T, addr string, commands []string) {
	t.Helper()
	rule := []any{"ACL", "SETUSER", "app", "reset", "on", ">secret", "~sb:*"}
	for _, c := range commands {
		if !strings.HasPrefix(c, "-") {
			c = "+" + c
		}
		rule = append(rule, c)
	}
	tell(t, addr, rule...)
	tell(t, addr, "SCRIPT", "FLUSH") // so that EVAL is needed, too
	tell(t, addr, "FLUSHALL")
}

func asUser(config redis.Config, password string) redis.Config {
	config.Username, config.Password = "app", password
	return config
}

// asApp does everything as that user.
func (u use) asApp(t *testing.T, config redis.Config) error {
	t.Helper()
	c, err := redis.Dial(t.Context(), asUser(config, "secret"))
	if err != nil {
		return err
	}
	defer func() { require.NoError(t, c.Close()) }()
	return u.do(t.Context(), c)
}

// The list of commands in the README is enough, and each of them is needed.
func TestTheLeastRights(t *testing.T) {
	t.Parallel()
	for name, u := range uses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := services.FreshRedis(t)
			all := strings.Fields(always + " " + u.commands)
			allow(t, server.Addr, all)
			require.NoError(t, u.asApp(t, on(server)))
			for i, command := range all {
				allow(t, server.Addr, slices.Concat(all[:i], all[i+1:]))
				require.ErrorIs(t, u.asApp(t, on(server)), ports.ErrPermission, "without %s", command)
			}
		})
	}
}

func TestTheLeastRightsOnACluster(t *testing.T) {
	t.Parallel()
	cluster := services.FreshRedisCluster(t)
	config := redis.Config{Addrs: cluster.Addrs, Cluster: true}
	for name, u := range uses {
		for _, addr := range cluster.Addrs {
			allow(t, addr, strings.Fields(always+" "+onClusters+" "+u.commands))
		}
		require.NoError(t, u.asApp(t, config), name)
	}
	for _, addr := range cluster.Addrs {
		allow(t, addr, []string{"@all", "-cluster"})
	}
	_, err := redis.Dial(t.Context(), asUser(config, "secret"))
	require.ErrorIs(t, err, ports.ErrPermission)
}

func TestADatabaseOtherThanZeroNeedsSelect(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	config := on(server)
	config.DB = 2
	all := strings.Fields(always + " " + uses["counter"].commands)
	allow(t, server.Addr, all)
	require.ErrorIs(t, uses["counter"].asApp(t, config), ports.ErrPermission)
	allow(t, server.Addr, append(all, "select"))
	require.NoError(t, uses["counter"].asApp(t, config))
}

func TestDialTellsWhatItMayNot(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	allow(t, server.Addr, []string{"@all", "-info"})
	for _, password := range []string{"secret", "mistaken"} {
		_, err := redis.Dial(t.Context(), asUser(on(server), password))
		require.ErrorIs(t, err, ports.ErrPermission)
		require.NotContains(t, err.Error(), password)
	}
}

// The README lists what is tested here.
func TestTheReadmeNamesTheLeastRights(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../adapters/redis/README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "| always | "+rights(always)+" |")
	require.Contains(t, string(readme), "| Cluster | "+rights(onClusters)+" |")
	for name, u := range uses {
		line := fmt.Sprintf("| %s | %s |", name, rights(u.commands))
		require.Contains(t, string(readme), line)
	}
}

func rights(commands string) string {
	return "`+" + strings.Join(strings.Fields(commands), " +") + "`"
}
