package redis_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

// crowd writes and asks all the time, until it is called off.
type crowd struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
	wrote  []atomic.Int64 // documents, by process
	asked  []atomic.Int64 // for all clubs, by process
}

// live lets a crowd use some processes.
func (s *scene) live(processes ...*core.Collection[member]) *crowd {
	ctx, cancel := context.WithCancel(s.t.Context())
	c := &crowd{cancel: cancel, wrote: make([]atomic.Int64, len(processes)), asked: make([]atomic.Int64, len(processes))}
	for p, members := range processes {
		c.group.Go(func() {
			for i := p; ctx.Err() == nil; i += 7 {
				_, err := members.Update(ctx, fmt.Sprintf("m%02d", i%(clubs*clubMembers)), func(m *member) error { m.Round++; return nil })
				switch {
				case err == nil:
					c.wrote[p].Add(1)
				case ctx.Err() == nil && !denied(err):
					s.t.Errorf("a write fails with %v", err)
				}
			}
		})
		c.group.Go(func() {
			for ctx.Err() == nil {
				right(ctx, s.t, members)
				c.asked[p].Add(1)
			}
		})
	}
	return c
}

// goOn returns when each process has done so much more.
func (s *scene) goOn(done []atomic.Int64, more int64) {
	s.t.Helper()
	for p := range done {
		goal := done[p].Load() + more
		await(s.t, "the crowd has done more", func() bool { return done[p].Load() >= goal })
	}
}

// leave ends the crowd, and compares every index with the documents.
func (s *scene) leave(crowd *crowd, c *core.Collection[member]) {
	s.t.Helper()
	crowd.cancel()
	crowd.group.Wait()
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
