package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// member is a document whose Club never changes, so that a query for it has
// one right answer at any time, whatever happens to the index.
type member struct {
	ID    string `json:"id" sb:"id"`
	Club  string `json:"club" sb:"index"`
	Round int    `json:"round" sb:"index"`
}

const (
	clubs       = 5
	clubMembers = 8
)

// scene is a database whose index is on a Redis that something happens to.
// Documents are in memory, where a regime of the index lasts a second.
type scene struct {
	t      *testing.T
	server *services.PrivateRedis
	proxy  *services.FaultProxy
	store  ports.ObjectStore
	policy core.IndexPolicy
}

func newScene(t *testing.T) *scene {
	t.Helper()
	server := services.FreshRedis(t)
	return &scene{
		t: t, server: server, proxy: services.Proxy(t, server.Addr),
		store: memory.NewStore(memory.StoreOptions{}),
	}
}

// open starts a process whose index is at an address.
func (s *scene) open(addr string) *core.Collection[member] {
	s.t.Helper()
	client, err := redis.Dial(s.t.Context(), redis.Config{
		Addrs: []string{addr}, DialTimeout: 200 * time.Millisecond, ReadTimeout: 300 * time.Millisecond, WriteTimeout: 300 * time.Millisecond,
	})
	require.NoError(s.t, err)
	db, err := core.Open(s.t.Context(), s.store, core.Options{
		Settings:   core.Settings{IndexPolicy: s.policy, Attempts: 2, RetryBase: time.Millisecond, RetryMax: 20 * time.Millisecond},
		Components: core.Components{Index: client.Index()},
	})
	require.NoError(s.t, err)
	s.t.Cleanup(func() {
		require.NoError(s.t, db.Close())
		require.NoError(s.t, client.Close())
	})
	c, err := core.NewCollection[member](s.t.Context(), db, "members")
	require.NoError(s.t, err)
	return c
}

// fill makes the documents and waits for the index.
func (s *scene) fill(c *core.Collection[member]) {
	s.t.Helper()
	for i := range clubs * clubMembers {
		_, err := c.Create(s.t.Context(), fmt.Sprintf("m%02d", i), member{Club: fmt.Sprint("club ", i%clubs)})
		require.NoError(s.t, err)
	}
	s.heals(c)
}

// right asks for every club once and reports wrong answers. It tells which
// index served, and why none did.
func right(ctx context.Context, t testing.TB, c *core.Collection[member]) (index, reason string) {
	for club := range clubs {
		var profile core.Profile
		found, err := c.Query().Where(core.Eq("club", fmt.Sprint("club ", club))).Profile(&profile).IDs(ctx)
		if ctx.Err() != nil {
			return "", "the end"
		}
		if err != nil {
			t.Errorf("a query by %q (%s) fails: %v", profile.Index, profile.Reason, err)
			continue
		}
		slices.Sort(found)
		var want []string
		for i := club; i < clubs*clubMembers; i += clubs {
			want = append(want, fmt.Sprintf("m%02d", i))
		}
		if !slices.Equal(found, want) {
			t.Errorf("club %d by index %q (%s): found %v, want %v", club, profile.Index, profile.Reason, found, want)
		}
		index, reason = profile.Index, profile.Reason
	}
	return index, reason
}

// heals waits until an index serves queries again.
func (s *scene) heals(c *core.Collection[member]) {
	s.t.Helper()
	reason := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var index string
		if index, reason = right(s.t.Context(), s.t, c); index != "" {
			return
		}
	}
	s.t.Errorf("the index does not heal: %s", reason)
}

// crowd writes and asks all the time, until it is called off.
type crowd struct {
	cancel        context.CancelFunc
	group         sync.WaitGroup
	wrote, denied atomic.Int64
}

// live lets a crowd use some processes.
func (s *scene) live(processes ...*core.Collection[member]) *crowd {
	ctx, cancel := context.WithCancel(s.t.Context())
	c := &crowd{cancel: cancel}
	for p, members := range processes {
		c.group.Go(func() {
			for i := p; ctx.Err() == nil; i += 7 {
				_, err := members.Update(ctx, fmt.Sprintf("m%02d", i%(clubs*clubMembers)), func(m *member) error { m.Round++; return nil })
				switch {
				case err == nil:
					c.wrote.Add(1)
				case ctx.Err() != nil:
				case errors.Is(err, core.ErrUnavailable), errors.Is(err, core.ErrOutcomeUnknown), errors.Is(err, core.ErrConflict):
					c.denied.Add(1)
				default:
					s.t.Errorf("a write fails with %v", err)
				}
			}
		})
		c.group.Go(func() {
			for ctx.Err() == nil {
				right(ctx, s.t, members)
			}
		})
	}
	return c
}

// leave ends the crowd, and compares every index with the documents.
func (s *scene) leave(crowd *crowd, c *core.Collection[member]) {
	s.t.Helper()
	crowd.cancel()
	crowd.group.Wait()
	require.Positive(s.t, crowd.wrote.Load())
	s.heals(c)
	all, err := c.All(s.t.Context())
	require.NoError(s.t, err)
	rounds := make(map[int][]string)
	for _, doc := range all {
		rounds[doc.Value.Round] = append(rounds[doc.Value.Round], doc.ID)
	}
	for round, want := range rounds {
		var profile core.Profile
		found, err := c.Query().Where(core.Eq("round", round)).Profile(&profile).IDs(s.t.Context())
		require.NoError(s.t, err)
		require.ElementsMatch(s.t, want, found, "round %d by index %q", round, profile.Index)
	}
}

// What happens to a Redis never makes a query wrong, and passes.
func TestRedisForgets(t *testing.T) {
	t.Parallel()
	for name, strike := range map[string]func(s *scene){
		"FLUSHALL":                    func(s *scene) { s.server.Do("FLUSHALL") },
		"FLUSHDB":                     func(s *scene) { s.server.Do("FLUSHDB") },
		"restart without persistence": func(s *scene) { s.server.RestartEmpty() },
		"kill and restart":            func(s *scene) { s.server.Kill(); s.server.Restart() },
		"old snapshot": func(s *scene) {
			s.server.Do("SAVE")
			time.Sleep(100 * time.Millisecond) // in which the crowd writes on
			s.server.Kill()
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
				time.Sleep(200 * time.Millisecond)
				strike(s)
				s.heals(a)
				s.heals(b)
			}
			s.leave(crowd, a)
		})
	}
}

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
	s.server.Do("CONFIG", "SET", "maxmemory", "3mb")
	s.server.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
	reason := ""
	for i := 0; i < 2000 && reason == ""; i++ {
		for range 50 {
			s.server.Do("SET", fmt.Sprint("junk ", i, time.Now().UnixNano()), string(make([]byte, 10_000)))
		}
		_, reason = right(t.Context(), t, c)
	}
	require.NotEmpty(t, reason, "nothing of the index was evicted")
	require.Eventually(t, func() bool {
		_, reason = right(t.Context(), t, c)
		return reason != ""
	}, time.Minute, 10*time.Millisecond)
	t.Log("the profile says: ", reason)
	s.server.Do("CONFIG", "SET", "maxmemory-policy", "noeviction")
	s.server.Do("CONFIG", "SET", "maxmemory", "0")
	s.heals(c)
	s.leave(crowd, c)
}

// A replica that missed writes is promoted, while some clients still talk to
// the old master: whoever answers, no query is wrong.
func TestAStaleReplicaIsPromoted(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	replica := s.server.Replica(t)
	old, moved := s.open(s.server.Addr), s.open(s.proxy.Addr())
	s.fill(old)
	s.heals(moved)
	crowd := s.live(old, moved)
	time.Sleep(200 * time.Millisecond)
	replica.Promote() // and the old master goes on taking writes
	time.Sleep(200 * time.Millisecond)
	s.proxy.Retarget(replica.Addr)
	s.proxy.Reset()
	time.Sleep(3 * time.Second) // both masters at work
	s.server.Kill()             // the deposed one is gone at last
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
				s := newScene(t)
				s.policy = policy
				c := s.open(s.proxy.Addr())
				s.fill(c)
				cut(s.proxy)
				_, reason := right(t.Context(), t, c)
				require.NotEmpty(t, reason)
				_, err := c.Update(t.Context(), "m00", func(m *member) error { m.Round++; return nil })
				if writes {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, core.ErrUnavailable)
				}
				right(t.Context(), t, c)
				s.proxy.AcceptNew()
				s.proxy.Heal()
				s.proxy.Reset()
				s.heals(c)
				_, err = c.Update(t.Context(), "m01", func(m *member) error { m.Round += 5; return nil })
				require.NoError(t, err)
				right(t.Context(), t, c)
			})
		}
	}
}

// Databases on one Redis do not see each other.
func TestTwoDatabasesOnOneRedis(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	var scenes []*scene
	var all []*core.Collection[member]
	for range 2 {
		s := &scene{t: t, server: server, store: memory.NewStore(memory.StoreOptions{})}
		c := s.open(server.Addr)
		s.fill(c)
		scenes, all = append(scenes, s), append(all, c)
	}
	for range 50 {
		for i, c := range all {
			index, reason := right(t.Context(), t, c)
			require.NotEmpty(t, index, "database %d lost its index: %s", i, reason)
		}
	}
	require.NoError(t, all[0].Delete(t.Context(), "m00"))
	index, _ := right(t.Context(), t, all[1])
	require.NotEmpty(t, index)
	_ = scenes
}
