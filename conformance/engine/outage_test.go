package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// An index that does not answer stops no read, and no collection from being
// opened.
func TestReadsGoOnWhileTheIndexIsOutOfReach(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]core.IndexPolicy{"strict": core.IndexStrict, "available": core.IndexAvailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, _, plan := losing()
				c := people(t, s.open(t))
				_, err := c.Create(t.Context(), "ann", person{Name: "Ann"})
				require.NoError(t, err)
				ready(t, s, c)
				plan.On(faults.Match{Times: faults.Always}).Fail(ports.ErrUnavailable)
				check := func(db *core.DB) {
					c, err := core.NewCollection[person](t.Context(), db, "people", core.Index("note"))
					require.NoError(t, err, "a collection with a new index can't be opened")
					_, err = c.Get(t.Context(), "ann")
					require.NoError(t, err)
					agree(t, c)
					_, err = c.Update(t.Context(), "ann", func(p *person) error { p.Age++; return nil })
					if policy == core.IndexAvailable {
						require.NoError(t, err)
					} else {
						require.ErrorIs(t, err, core.ErrUnavailable)
					}
					agree(t, c)
				}
				for range 2 { // the second process comes when the first one has turned it off
					check(s.open(t, func(o *core.Options) { o.IndexPolicy = policy }))
				}
				plan.Heal()
				later(t, time.Minute)
				c = people(t, s.open(t))
				agree(t, c)
				agreeByIndex(t, s, c)
			})
		})
	}
}

// A database that was closed builds no index any more: waiting for one ends.
func TestNobodyWaitsForAClosedDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
		db := s.open(t)
		c := people(t, db)
		require.NoError(t, db.Close())
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.ErrorIs(t, c.WaitReady(ctx), core.ErrClosed)
	})
}

// Indexes that were turned off come back by themselves once the index answers.
func TestIndexesThatWereTurnedOffComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, plan := losing()
		c := people(t, s.open(t, func(o *core.Options) { o.IndexPolicy = core.IndexAvailable }))
		_, err := c.Create(t.Context(), "ann", person{Name: "Ann"})
		require.NoError(t, err)
		ready(t, s, c)
		plan.On(faults.Match{Times: faults.Always}).Fail(ports.ErrUnavailable)
		_, err = c.Create(t.Context(), "bob", person{Name: "Bob"})
		require.NoError(t, err)
		agree(t, c)
		plan.Heal()
		for range 5 { // somebody has to need it
			later(t, time.Minute)
			agree(t, c)
		}
		agreeByIndex(t, s, c)
	})
}

// Entries that can't be removed are only extra: closing a database does not
// wait for an index that does not answer.
func TestCloseDoesNotWaitForADeadIndex(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		plan := faults.New(faults.Options{TraceLimit: -1})
		s := &site{store: memory.NewStore(likeS3), index: faults.Index(memory.NewIndex(memory.IndexOptions{}), plan)}
		db := s.open(t)
		c := people(t, db)
		ready(t, s, c)
		plan.On(faults.Match{Method: faults.End, Times: faults.Always}).Fail(ports.ErrUnavailable)
		for i := range 1500 {
			_, err := c.Put(t.Context(), "ann", person{Name: "Ann", Age: i})
			require.NoError(t, err)
		}
		began := time.Now()
		require.NoError(t, db.Close())
		require.Less(t, time.Since(began), 30*time.Second)
		agreeByIndex(t, s, people(t, s.open(t)))
	})
}
