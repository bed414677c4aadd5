package redis_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

var _ core.CounterNames = (*redis.Counter)(nil)

func TestCountersAreListedOnce(t *testing.T) {
	t.Parallel()
	c := shared(t, redis.Options{}).Counter()
	want := 0
	for i := range 1500 { // enough for several pages of each part
		for _, ending := range []string{"", "x"} {
			name := fmt.Sprintf("%d\x00\xff%s", i, ending)
			_, err := c.Add(t.Context(), name, 1<<60)
			require.NoError(t, err)
			if strings.HasPrefix(name, "1") {
				want++
			}
		}
	}
	seen := make(map[string]bool)
	for name, err := range c.Names(t.Context(), "1") {
		require.NoError(t, err)
		require.False(t, seen[name], "%q twice", name)
		require.True(t, strings.HasPrefix(name, "1"), name)
		seen[name] = true
	}
	require.Len(t, seen, want)
}

func TestACounterThatIsNoNumberIsCorrupt(t *testing.T) {
	t.Parallel()
	server := services.FreshRedis(t)
	c := dial(t, on(server)).Counter()
	_, err := c.Add(t.Context(), "a", 1)
	require.NoError(t, err)
	keys := server.Do("KEYS", "*").([]any)
	require.Len(t, keys, 1)
	server.Do("HSET", keys[0].(string), "a", "one")
	_, err = c.Add(t.Context(), "a", 1)
	require.ErrorIs(t, err, ports.ErrCorrupt)
	_, err = c.Value(t.Context(), "a")
	require.ErrorIs(t, err, ports.ErrCorrupt)
	require.NoError(t, c.Set(t.Context(), "a", 7))
	n, err := c.Add(t.Context(), "a", 1)
	require.NoError(t, err)
	require.Equal(t, int64(8), n)
}
