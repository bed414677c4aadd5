package redis_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

func TestAnIndexIsStaleAfterARestartThatKeepsItsData(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	s := install(t, dial(t, on(server)).Index(), "e1")
	s.add("x", "a", "b")
	server.Restart()
	s.wantStale("x", "after a restart")
	install(t, s.ix, "e2").want("x", "a b")
}

func TestAnIndexNoticesKeysThatAreGone(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	s := install(t, dial(t, on(server)).Index(), "e1")
	s.add("x", "a", "b")
	s.add("y", "c")
	require.Equal(t, int64(1), server.Do("DEL", key("set:x")))
	s.want("y", "c") // nobody could know yet
	s.wantStale("x", "after its key was deleted")
	s.wantStale("y", "after another set turned out to be lost")
	s = install(t, s.ix, "e2")
	s.want("x", "")
	s.want("y", "c")
}

func TestAnIndexNoticesKeysThatAreOverwritten(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	s := install(t, dial(t, on(server)).Index(), "e1")
	server.Do("SET", key("set:x"), "foreign")
	s.want("x", "") // the head does not name it
	s.add("x", "a")
	s.want("x", "a")
	server.Do("SET", key("set:x"), "foreign")
	s.wantStale("x", "after its key was overwritten")
	s = install(t, s.ix, "e2")
	s.want("x", "")

	s.add("y", "c")
	server.Do("SET", key("head"), "foreign")
	s.wantStale("y", "after the head was overwritten")
	s = install(t, s.ix, "e3")
	s.add("y", "d")
	s.want("y", "d") // what the lost head named is gone

	require.NoError(t, s.ix.Drop(t.Context(), spaceName, ""))
	require.Empty(t, server.Do("KEYS", "*"), "left after the drop")
}

// A Query or a Count that finds a set lost ends the epoch for all others.
func TestReadsThatFindASetLostEndTheEpoch(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(space) error{
		"query": func(s space) error { _, err := s.members("x"); return err },
		"count": func(s space) error { _, err := s.count("x"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := services.FreshRedis(t)
			s := install(t, dial(t, on(server)).Index(), "e1")
			s.add("x", "a")
			server.Do("DEL", key("set:x"))
			require.Equal(t, int64(1), server.Do("HEXISTS", key("head"), "epoch"))
			require.ErrorIs(t, read(s), ports.ErrStale)
			require.Equal(t, int64(0), server.Do("HEXISTS", key("head"), "epoch"))
		})
	}
}

func TestAServerThatEvictsIsRefusedAndWhatItEvictedIsNoticed(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	s := install(t, dial(t, on(server)).Index(), "e1")
	server.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
	_, err := s.ix.Identity(t.Context())
	require.NoError(t, err, "without maxmemory nothing is evicted")
	sets := fillSets(s)
	squeeze(t, server)

	_, err = s.ix.Identity(t.Context())
	require.ErrorIs(t, err, ports.ErrUnsupported)
	require.ErrorContains(t, err, "allkeys-random")
	_, err = redis.Dial(t.Context(), on(server))
	require.ErrorIs(t, err, ports.ErrUnsupported)

	stale := 0
	for set, members := range sets {
		got, err := s.members(set)
		if errors.Is(err, ports.ErrStale) {
			stale++
			continue
		}
		require.NoError(t, err)
		require.Equal(t, members, got, set)
	}
	require.Positive(t, stale, "nothing was evicted: the test proves nothing")

	server.Do("CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", "0")
	s = install(t, s.ix, "e2")
	for set, members := range sets {
		got, err := s.members(set)
		require.NoError(t, err)
		if got != "" {
			require.Equal(t, members, got, "%s after a new epoch", set)
		}
	}
}

// fillSets adds entries enough for eviction to have a choice.
func fillSets(s space) map[string]string {
	s.t.Helper()
	sets := make(map[string]string)
	for i := range 200 {
		set, members := fmt.Sprint("set", i), make([]string, 50)
		for j := range members {
			members[j] = fmt.Sprintf("%03d", j)
		}
		s.add(set, members...)
		sets[set] = strings.Join(members, " ")
	}
	return sets
}

// squeeze makes the server evict some keys, by its policy.
func squeeze(t *testing.T, server *services.PrivateRedis) {
	t.Helper()
	used, err := strconv.Atoi(info(t, server.Addr, "memory", "used_memory"))
	require.NoError(t, err)
	server.Do("CONFIG", "SET", "maxmemory", strconv.Itoa(used-50_000))
	server.Do("SET", "one", "more")
}

func TestWithoutMemoryNothingChangesAndEntriesCanBeRemoved(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	s := install(t, dial(t, on(server)).Index(), "e1")
	s.add("x", "a", "b")
	server.Do("CONFIG", "SET", "maxmemory", "100kb")
	require.ErrorIs(t, s.begin("x", "c"), ports.ErrUnavailable)
	s.want("x", "a b")
	require.NoError(t, s.end("x", "a"))
	s.want("x", "b")
	server.Do("CONFIG", "SET", "maxmemory", "0")
	s.add("x", "c")
	s.want("x", "b c")
}

func TestScriptsAreSentAgainAfterScriptFlush(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	s := install(t, dial(t, on(server)).Index(), "e1")
	s.add("x", "a")
	server.Do("SCRIPT", "FLUSH")
	s.add("x", "b")
	s.want("x", "a b")
}
