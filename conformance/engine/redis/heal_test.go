package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
)

// What happens to a Redis never makes a query wrong, and passes.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	for name, strike := range map[string]func(s *scene, c *crowd){
		"FLUSHALL":                    func(s *scene, _ *crowd) { s.server.Do("FLUSHALL") },
		"FLUSHDB":                     func(s *scene, _ *crowd) { s.server.Do("FLUSHDB") },
		"SCRIPT FLUSH":                func(s *scene, _ *crowd) { s.server.Do("SCRIPT", "FLUSH") },
		"restart without persistence": func(s *scene, _ *crowd) { s.server.RestartEmpty() },
		"kill and restart":            func(s *scene, _ *crowd) { s.server.Kill(); s.server.Restart() },
		"old snapshot": func(s *scene, c *crowd) {
			freeze(s.server)
			s.goOn(c.wrote, between)
			s.server.Restart()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			a, b := s.open(s.server.Addr), s.open(s.server.Addr)
			s.fill(a)
			crowd := s.live(a, b)
			for range 2 {
				s.goOn(crowd.wrote, between)
				strike(s, crowd)
				s.heals(a)
				s.heals(b)
			}
			s.leave(crowd, a)
		})
	}
}

// between two strikes each process writes so many documents.
const between = 50

// Single keys that disappear are noticed, too: every key of the index in turn.
func TestRedisLosesSingleKeys(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	c := s.open(s.server.Addr)
	s.fill(c)
	for range 3 {
		keys, ok := s.server.Do("KEYS", "*").([]any)
		require.True(t, ok)
		require.NotEmpty(t, keys)
		for _, key := range keys {
			s.server.Do("DEL", fmt.Sprint(key))
			right(t.Context(), t, c)
			s.heals(c)
		}
	}
}

// A server that is told to evict what must stay is not trusted while it may,
// and the profile says why.
func TestRedisIsToldToEvict(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	c := s.open(s.server.Addr)
	s.fill(c)
	crowd := s.live(c)
	s.server.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
	s.server.Do("CONFIG", "SET", "maxmemory", "100kb") // less than it needs for itself: all keys go
	await(t, "the profile names the policy", func() bool {
		index, reason := right(t.Context(), t, c)
		require.True(t, index != "" || reason != "", "no index serves, and the profile does not say why")
		return strings.Contains(reason, "maxmemory-policy allkeys-random")
	})
	s.server.Do("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "0")
	s.heals(c)
	s.leave(crowd, c)
}

// Where eviction is allowed, indexes are built again each time.
func TestRedisMayEvict(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.evicts = true
	s.server.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
	c := s.open(s.server.Addr)
	s.fill(c)
	crowd := s.live(c)
	for range 3 {
		s.goOn(crowd.wrote, between)
		before := info(t, s.server.Addr, "stats", "evicted_keys")
		s.server.Do("CONFIG", "SET", "maxmemory", "100kb")
		require.NotEqual(t, before, info(t, s.server.Addr, "stats", "evicted_keys"))
		s.server.Do("CONFIG", "SET", "maxmemory", "0")
		s.heals(c)
	}
	s.leave(crowd, c)
}

// A replica that missed writes is promoted, while some clients still talk to
// the old master: whoever answers, no query is wrong.
func TestAStaleReplicaIsPromoted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	proxy := services.Proxy(t, s.server.Addr)
	replica := s.server.Replica(t)
	old, moved := s.open(s.server.Addr), s.open(proxy.Addr())
	s.fill(old)
	s.heals(moved)
	crowd := s.live(old, moved)
	s.goOn(crowd.wrote, between)
	replica.Promote() // and the old master goes on taking writes
	s.goOn(crowd.wrote, between)
	proxy.Retarget(replica.Addr)
	proxy.Reset()
	s.goOn(crowd.asked, between) // both masters at work, so that few writes are done
	s.server.Kill()              // the deposed one is gone at last
	s.heals(moved)
	s.leave(crowd, moved)
}

// Without Redis queries go on, and writes do what the policy says.
func TestRedisIsOutOfReach(t *testing.T) {
	t.Parallel()
	cuts := map[string]func(p *services.FaultProxy){
		"refused":    func(p *services.FaultProxy) { p.RefuseNew(); p.Reset() },
		"black hole": func(p *services.FaultProxy) { p.BlackHole() },
		"no answers": func(p *services.FaultProxy) { p.DropAnswers() },
	}
	for name, cut := range cuts {
		for policy, writes := range map[core.IndexPolicy]bool{core.IndexStrict: false, core.IndexAvailable: true} {
			t.Run(fmt.Sprintf("%s, writes go on: %v", name, writes), func(t *testing.T) {
				t.Parallel()
				outOfReach(t, policy, cut)
			})
		}
	}
}

func outOfReach(t *testing.T, policy core.IndexPolicy, cut func(*services.FaultProxy)) {
	t.Helper()
	clock := newSkipping()
	s := newScene(t)
	s.policy, s.patience, s.clock = policy, 300*time.Millisecond, clock
	proxy := services.Proxy(t, s.server.Addr)
	c := s.open(proxy.Addr())
	s.fill(c)
	update := func() error {
		_, err := c.Update(t.Context(), "m00", func(m *member) error { m.Round++; return nil })
		return err
	}
	cut(proxy)
	_, reason := right(t.Context(), t, c)
	require.NotEmpty(t, reason)
	if policy == core.IndexAvailable {
		s.works("update", update)
	} else {
		require.ErrorIs(t, update(), core.ErrUnavailable)
	}
	right(t.Context(), t, c)
	proxy.Heal()
	proxy.Reset()
	// A process tries every half a minute to bring indexes back that were turned
	// off: a second is that long here.
	next := time.Now()
	await(t, "the index heals", func() bool {
		if time.Now().After(next) {
			clock.skip(time.Minute)
			next = time.Now().Add(time.Second)
		}
		index, _ := right(t.Context(), t, c)
		return index != ""
	})
	s.works("update", update)
	right(t.Context(), t, c)
}

// Databases on one Redis do not see each other, even without namespaces: each
// has a place of its own there.
func TestTwoDatabasesOnOneRedis(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	var databases []*core.Collection[member]
	for range 2 {
		s := sceneOn(t, server)
		c := s.open(server.Addr)
		s.fill(c)
		databases = append(databases, c)
	}
	for range 20 {
		for i, c := range databases {
			index, reason := right(t.Context(), t, c)
			require.NotEmpty(t, index, "database %d lost its index: %s", i, reason)
		}
	}
	require.NoError(t, databases[0].Delete(t.Context(), "m00"))
	index, reason := right(t.Context(), t, databases[1])
	require.NotEmpty(t, index, reason)
}
