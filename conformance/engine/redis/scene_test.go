package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	store  ports.ObjectStore
	policy core.IndexPolicy
	evicts bool // the server may

	// patience is how long a call waits for a Redis that does not answer; 0: as
	// long as the adapter does by itself.
	patience time.Duration
	clock    ports.Clock // of the database; nil: the machine's
}

func newScene(t *testing.T) *scene {
	t.Helper()
	return sceneOn(t, services.FreshRedis(t))
}

// sceneOn is a database of its own on a server.
func sceneOn(t *testing.T, server *services.PrivateRedis) *scene {
	t.Helper()
	return &scene{t: t, server: server, store: memory.NewStore(memory.StoreOptions{})}
}

// open starts a process whose index is at an address.
func (s *scene) open(addr string) *core.Collection[member] {
	s.t.Helper()
	config := at(addr)
	config.DialTimeout, config.ReadTimeout, config.WriteTimeout = s.patience, s.patience, s.patience
	config.Options.AllowEviction = s.evicts
	var client *redis.Client
	s.works("dial", func() (err error) { client, err = redis.Dial(s.t.Context(), config); return err })
	db, err := core.Open(s.t.Context(), s.store, core.Options{
		Settings:   core.Settings{IndexPolicy: s.policy, Attempts: 2, RetryBase: time.Millisecond, RetryMax: 20 * time.Millisecond},
		Components: core.Components{Index: client.Index(), Clock: s.clock},
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
		s.works("put", func() error {
			_, err := c.Put(s.t.Context(), fmt.Sprintf("m%02d", i), member{Club: fmt.Sprint("club ", i%clubs)})
			return err
		})
	}
	s.heals(c)
}

// works tries something again that a busy machine makes too slow.
func (s *scene) works(what string, try func() error) {
	s.t.Helper()
	await(s.t, what+" works", func() bool {
		err := try()
		if err != nil && !errors.Is(err, ports.ErrUnavailable) && !denied(err) {
			require.NoError(s.t, err, what)
		}
		return err == nil
	})
}

// denied reports whether a write ended as one may that Redis is in the way of.
func denied(err error) bool {
	return errors.Is(err, core.ErrUnavailable) || errors.Is(err, core.ErrOutcomeUnknown) || errors.Is(err, core.ErrConflict)
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
	await(s.t, "the index heals", func() bool {
		index, _ := right(s.t.Context(), s.t, c)
		return index != ""
	})
}
