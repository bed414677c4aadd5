package redis_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

const minute = time.Minute

// A server that is silent keeps nobody longer than the context: the timeouts
// of the client are ten times as long as what is measured here.
func TestCallsOnASilentServerEndWithTheirContext(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	config := on(server)
	config.ReadTimeout, config.WriteTimeout = 20*time.Second, 20*time.Second
	config.Options.Breaker.Failures = -1
	c := dial(t, config)
	s := install(t, c.Index(), "e1")
	s.add("x", "a")
	lease, err := locker(t, c, redis.LockerOptions{}).Acquire(t.Context(), "x", time.Hour)
	require.NoError(t, err)
	reads := map[string]func(ctx context.Context) error{
		"identity": func(ctx context.Context) error { _, err := s.ix.Identity(ctx); return err },
		"query": func(ctx context.Context) error {
			_, err := s.ix.Query(ctx, spaceName, s.regime, ports.EntryRange{Set: "x"})
			return err
		},
		"value": func(ctx context.Context) error { _, err := c.Counter().Value(ctx, "x"); return err },
		"load":  func(ctx context.Context) error { _, err := c.Cache(redis.CacheOptions{}).Load(ctx, "x"); return err },
	}
	writes := map[string]func(ctx context.Context) error{
		"begin":   func(ctx context.Context) error { return s.ix.Begin(ctx, spaceName, s.regime, nil) },
		"install": func(ctx context.Context) error { return s.ix.Install(ctx, "other", s.regime) },
		"add":     func(ctx context.Context) error { _, err := c.Counter().Add(ctx, "x", 1); return err },
	}
	server.Pause()
	// The connection that is open takes the first call. Those after it have one
	// whose handshake gets no answer, so they are not sent.
	require.ErrorIs(t, endsInTime(t, "release", lease.Release), ports.ErrUnknown)
	for name, call := range writes {
		require.NotErrorIs(t, endsInTime(t, name, call), ports.ErrUnknown, name)
	}
	for name, call := range reads {
		require.NotErrorIs(t, endsInTime(t, name, call), ports.ErrUnknown, name)
	}
	server.Resume()
	s.want("x", "a")
}

// endsInTime makes a call twice, with a deadline and with a context that is
// cancelled, and returns the error of the first one.
func endsInTime(t *testing.T, name string, call func(context.Context) error) error {
	t.Helper()
	const wait = 50 * time.Millisecond
	begun := time.Now()
	late, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	first := call(late)
	require.ErrorIs(t, first, context.DeadlineExceeded, name)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer time.AfterFunc(wait, cancel).Stop()
	require.ErrorIs(t, call(ctx), context.Canceled, name)
	require.Less(t, time.Since(begun), 5*time.Second, name)
	return first
}

func TestTheBreakerOpensWithTheServerAndCloses(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	clock := newSkipping()
	var changes []string
	config := on(server)
	config.Options.Clock = clock
	config.Options.Breaker = redis.BreakerOptions{Failures: 3, Cooldown: time.Hour, OnChange: func(from, to redis.BreakerState) {
		changes = append(changes, from.String()+" > "+to.String())
	}}
	c := dial(t, config)
	s := install(t, c.Index(), "e1")
	server.Kill()
	for range 4 {
		require.ErrorIs(t, s.begin("x", "a"), ports.ErrUnavailable, "without a server")
	}
	require.Equal(t, redis.BreakerOpen, c.Breaker())
	server.Restart()
	require.ErrorIs(t, s.begin("x", "a"), ports.ErrUnavailable, "while the breaker is open")
	clock.skip(time.Hour)
	require.ErrorIs(t, s.begin("x", "a"), ports.ErrStale, "after the restart")
	require.Equal(t, "closed > open, open > half-open, half-open > closed", strings.Join(changes, ", "))
}

// Close ends calls that wait for a silent server, and waits for no timeout.
func TestCloseDoesNotWaitForASilentServer(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	config := on(server)
	config.PoolSize = 2
	config.ReadTimeout, config.WriteTimeout = time.Hour, time.Hour
	c, err := redis.Dial(t.Context(), config)
	require.NoError(t, err)
	l := c.Locker(redis.LockerOptions{AutoRenew: true})
	_, err = l.Acquire(t.Context(), "x", 100*time.Millisecond)
	require.NoError(t, err)
	server.Pause()
	defer server.Resume()
	ended := make(chan error)
	for range 5 { // some wait for an answer, the others for a connection
		go func() { ended <- c.Ping(context.Background()) }()
	}
	require.NoError(t, l.Close())
	closed := make(chan error)
	go func() { closed <- c.Close() }()
	for range 5 {
		err := <-ended
		require.True(t, errors.Is(err, ports.ErrUnavailable) || errors.Is(err, ports.ErrClosed), "%v", err)
	}
	require.NoError(t, <-closed)
}
