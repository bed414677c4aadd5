package redis_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// on is the configuration of a client of one server.
func on(server *services.PrivateRedis) redis.Config { return at(server.Addr) }

func at(addr string) redis.Config { return redis.Config{Addrs: []string{addr}} }

// dial opens a client that is closed at the end of the test.
func dial(t testing.TB, config redis.Config) *redis.Client {
	t.Helper()
	c, err := redis.Dial(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// shared is a client of the server of all tests, in a namespace of its own.
func shared(t testing.TB, options redis.Options) *redis.Client {
	t.Helper()
	config, err := redis.ParseURL(services.Redis(t).URL)
	require.NoError(t, err)
	config.Options = options
	config.Options.Namespace = rand.Text()
	return dial(t, config)
}

// locker opens a locker that is closed before its client.
func locker(t testing.TB, c *redis.Client, options redis.LockerOptions) *redis.Locker {
	t.Helper()
	l := c.Locker(options)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// tell sends a command to the server at an address. Of a cluster that is one
// node, whatever it owns.
func tell(t testing.TB, addr string, command ...any) any {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Addr: addr, Protocol: 2, DisableIdentity: true})
	defer func() { _ = c.Close() }()
	said, err := c.Do(t.Context(), command...).Result()
	require.NoError(t, err, "%v at %s", command, addr)
	return said
}

// info is one line of a section of INFO, or nothing.
func info(t testing.TB, addr, section, name string) string {
	t.Helper()
	for line := range strings.Lines(tell(t, addr, "INFO", section).(string)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// freeze makes the server find, when it starts again, what it has now.
func freeze(server *services.PrivateRedis) { server.Do("CONFIG", "SET", "appendonly", "no") }

// await returns when a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	pause := time.NewTicker(2 * time.Millisecond)
	defer pause.Stop()
	for end := time.Now().Add(time.Minute); !holds(); <-pause.C {
		require.True(t, time.Now().Before(end), "waiting in vain until %s", what)
	}
}

// skipping is a clock that a test can set forward.
type skipping struct {
	ports.Clock
	ahead atomic.Int64
}

func newSkipping() *skipping { return &skipping{Clock: ports.SystemClock()} }

func (s *skipping) Elapsed() time.Duration { return s.Clock.Elapsed() + time.Duration(s.ahead.Load()) }

func (s *skipping) skip(d time.Duration) { s.ahead.Add(int64(d)) }

// space is a space of an index with the regime that its client knows.
type space struct {
	t      *testing.T
	ix     *redis.Index
	regime ports.Regime
}

const spaceName = "users"

// install begins an epoch of the space.
func install(t *testing.T, ix *redis.Index, epoch string) space {
	t.Helper()
	identity, err := ix.Identity(t.Context())
	require.NoError(t, err)
	s := space{t, ix, ports.Regime{Epoch: epoch, Identity: identity}}
	require.NoError(t, ix.Install(t.Context(), spaceName, s.regime))
	return s
}

func entries(set string, members ...string) []ports.Entry {
	var all []ports.Entry
	for _, m := range members {
		all = append(all, ports.Entry{Set: set, Member: []byte(m)})
	}
	return all
}

func (s space) begin(set string, members ...string) error {
	return s.ix.Begin(s.t.Context(), spaceName, s.regime, entries(set, members...))
}

func (s space) end(set string, members ...string) error {
	return s.ix.End(s.t.Context(), spaceName, s.regime, entries(set, members...))
}

func (s space) count(set string) (int64, error) {
	return s.ix.Count(s.t.Context(), spaceName, s.regime, ports.EntryRange{Set: set})
}

// add is a begin that must work.
func (s space) add(set string, members ...string) {
	s.t.Helper()
	require.NoError(s.t, s.begin(set, members...))
}

// members are those of a set, with spaces between them.
func (s space) members(set string) (string, error) {
	page, err := s.ix.Query(s.t.Context(), spaceName, s.regime, ports.EntryRange{Set: set})
	var all []string
	for _, m := range page.Members {
		all = append(all, string(m))
	}
	return strings.Join(all, " "), err
}

func (s space) want(set, members string) {
	s.t.Helper()
	got, err := s.members(set)
	require.NoError(s.t, err)
	require.Equal(s.t, members, got, "the members of set %s", set)
}

// wantStale asks by every call that is bound to a regime.
func (s space) wantStale(set, when string) {
	s.t.Helper()
	_, err := s.members(set)
	require.ErrorIs(s.t, err, ports.ErrStale, "query %s", when)
	require.ErrorIs(s.t, s.begin(set, "stale"), ports.ErrStale, "begin %s", when)
	_, err = s.count(set)
	require.ErrorIs(s.t, err, ports.ErrStale, "count %s", when)
	require.ErrorIs(s.t, s.end(set, "a"), ports.ErrStale, "end %s", when)
}

// key names a key of the space in the empty namespace.
func key(part string) string { return "sb::{ix:" + spaceName + "}:" + part }

// epochs is a source of epochs for lockers of one process.
func epochs() func(context.Context) (uint64, error) {
	var n atomic.Uint64
	return func(context.Context) (uint64, error) { return n.Add(1), nil }
}
