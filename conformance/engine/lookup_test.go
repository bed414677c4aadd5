package engine_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// While other members of a document are updated, a lookup by an index finds
// it, every single time.
func TestALookupDuringUpdatesAlwaysFinds(t *testing.T) {
	t.Parallel()
	normal := 200_000
	if underRace {
		normal = 24_000
	}
	total := scale("SB_LOOKUPS", normal)
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
		lookUp(t, s, s.open(t), total*3/4)
	})
	t.Run("fs and bolt", func(t *testing.T) {
		t.Parallel()
		onFolder(t, t.TempDir(), func(s *site, db *core.DB) { lookUp(t, s, db, total/4) })
	})
}

func lookUp(t *testing.T, s *site, db *core.DB, lookups int) {
	ctx := t.Context()
	const documents = 3
	c := people(t, db)
	name := func(i int) string { return fmt.Sprint("name ", i) }
	for i := range documents {
		_, err := c.Create(ctx, fmt.Sprint(i), person{Name: name(i)})
		require.NoError(t, err)
	}
	ready(t, s, c)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	writers.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := c.Update(ctx, fmt.Sprint(i%documents), func(p *person) error { p.Age++; return nil }); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer writers.Wait()
	defer close(stop)
	scans := 0
	for i := range lookups {
		var profile core.Profile
		found, err := c.Query().Where(core.Eq("name", name(i%documents))).Profile(&profile).IDs(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{fmt.Sprint(i % documents)}, found, "lookup %d: %s", i, profile)
		if profile.Index == "" {
			scans++
		}
	}
	require.Zero(t, scans, "lookups that were not served by the index")
}
