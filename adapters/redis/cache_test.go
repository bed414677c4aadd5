package redis

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// cacheTable does in Go what the scripts of caches do in Redis.
type cacheTable struct {
	mu      sync.Mutex
	home    string
	entries map[string]cacheEntry
}

type cacheEntry struct {
	home, value string
	ends        time.Time
}

func newCacheTable(t testing.TB) (*fakeServer, *cacheTable) {
	s := newFakeServer(t)
	table := &cacheTable{home: "run.history", entries: make(map[string]cacheEntry)}
	s.on(loadScript, func(keys, _ []string) ([]string, error) {
		table.mu.Lock()
		defer table.mu.Unlock()
		e, found := table.entries[keys[0]]
		if !found || e.home != table.home || !time.Now().Before(e.ends) {
			return nil, nil
		}
		return []string{e.value}, nil
	})
	s.on(storeScript, func(keys, args []string) ([]string, error) {
		table.mu.Lock()
		defer table.mu.Unlock()
		if table.home == "" {
			return []string{"unnamed"}, nil
		}
		table.entries[keys[0]] = cacheEntry{table.home, args[0], time.Now().Add(time.Duration(number(args[1])) * time.Millisecond)}
		return nil, nil
	})
	s.on(forgetScript, func(keys, _ []string) ([]string, error) {
		table.mu.Lock()
		defer table.mu.Unlock()
		delete(table.entries, keys[0])
		return nil, nil
	})
	return s, table
}

// left is how long the only entry is kept yet.
func (f *cacheTable) left(t *testing.T) time.Duration {
	t.Helper()
	if len(f.entries) != 1 {
		t.Fatalf("%d entries", len(f.entries))
	}
	for _, e := range f.entries {
		return time.Until(e.ends)
	}
	return 0
}

func wantCached(t *testing.T, c *Cache, name, want string) {
	t.Helper()
	if got, err := c.Load(t.Context(), name); err != nil || string(got) != want {
		t.Errorf("load answers %q, %v, want %q", got, err, want)
	}
}

func wantForgotten(t *testing.T, c *Cache, name, when string) {
	t.Helper()
	if got, err := c.Load(t.Context(), name); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("load %s answers %q, %v", when, got, err)
	}
}

func put(t *testing.T, c *Cache, name, data string, ttl time.Duration) {
	t.Helper()
	if err := c.Store(t.Context(), name, []byte(data), ttl); err != nil {
		t.Fatal(err)
	}
}

// What is checked here is the side of Go; the scripts themselves run against
// real servers elsewhere.
func TestCacheKeepsTheContract(t *testing.T) {
	t.Parallel()
	conformance.TestCache(t, conformance.CacheHarness{
		New: func(t testing.TB) ports.Cache {
			s, _ := newCacheTable(t)
			return s.client(t, nil).Cache(CacheOptions{})
		},
		Second: func(_ testing.TB, c ports.Cache) ports.Cache { return c.(*Cache).client.Cache(CacheOptions{}) },
	})
}

func TestWhatAnotherServerStoredIsForgotten(t *testing.T) {
	t.Parallel()
	s, table := newCacheTable(t)
	c := s.client(t, nil).Cache(CacheOptions{})
	put(t, c, "a", "before", 0)
	table.home = "run.another history" // a replica took over: it may not know of a remove
	wantForgotten(t, c, "a", "after a failover")
	put(t, c, "a", "after", 0)
	wantCached(t, c, "a", "after")
	table.home = ""
	if err := c.Store(t.Context(), "a", nil, 0); !errors.Is(err, ports.ErrUnsupported) {
		t.Errorf("a server that does not tell who it is: %v", err)
	}
}

func TestEveryValueOfACacheExpires(t *testing.T) {
	t.Parallel()
	s, table := newCacheTable(t)
	client := s.client(t, nil)
	for _, tt := range []struct {
		opts      CacheOptions
		ttl, want time.Duration
	}{
		{CacheOptions{}, 0, DefaultCacheTTL},
		{CacheOptions{TTL: time.Hour}, 0, time.Hour},
		{CacheOptions{TTL: time.Hour}, 48 * time.Hour, 48 * time.Hour},
	} {
		put(t, client.Cache(tt.opts), "a", "x", tt.ttl)
		if left := table.left(t); left > tt.want || left < tt.want-time.Minute {
			t.Errorf("%+v, ttl %v: %v are left", tt.opts, tt.ttl, left)
		}
	}
}

func TestAValueThatIsNotKeptLeavesNoOldOneBehind(t *testing.T) {
	t.Parallel()
	s, _ := newCacheTable(t)
	c := s.client(t, nil).Cache(CacheOptions{MaxValue: 4})
	put(t, c, "a", "abcd", 0)
	wantCached(t, c, "a", "abcd")
	put(t, c, "a", "abcde", 0)
	wantForgotten(t, c, "a", "after a value that is too large")
	put(t, c, "a", "abcd", 0)
	put(t, c, "a", "ab", time.Millisecond-1) // Redis counts in ms: it would keep it for too long
	wantForgotten(t, c, "a", "after a ttl below a millisecond")
}

func TestCachesOfDifferentNamesAreApart(t *testing.T) {
	t.Parallel()
	s, table := newCacheTable(t)
	client := s.client(t, nil)
	pairs := [][2]string{{"", "a"}, {"a", "b"}, {"b", "a"}, {"a:", "b"}, {"a", ":b"}, {"", "a:b"}, {"a}", "{b"}}
	for _, p := range pairs {
		put(t, client.Cache(CacheOptions{Name: p[0]}), p[1], "x", 0)
	}
	if len(table.entries) != len(pairs) {
		t.Errorf("%d values have %d keys", len(pairs), len(table.entries))
	}
}

func TestArgumentsOfACacheAreChecked(t *testing.T) {
	t.Parallel()
	s, _ := newCacheTable(t)
	client := s.client(t, nil)
	c := client.Cache(CacheOptions{})
	_, empty := c.Load(t.Context(), "")
	_, long := c.Load(t.Context(), strings.Repeat("n", 4097))
	_, ttl := client.Cache(CacheOptions{TTL: -1}).Load(t.Context(), "a")
	_, value := client.Cache(CacheOptions{MaxValue: -1}).Load(t.Context(), "a")
	for _, err := range []error{empty, long, ttl, value, c.Store(t.Context(), "a", nil, -1), c.Remove(t.Context(), "")} {
		if !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("err = %v", err)
		}
	}
}
