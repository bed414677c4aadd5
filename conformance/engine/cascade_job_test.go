package engine_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// clerk is many orders of one user.
func clerk(t *testing.T, shop *shop, orders, items int) {
	t.Helper()
	add(t, shop.users, "ann", plain{})
	var docs []core.Document[order]
	for i := range orders {
		docs = append(docs, core.Document[order]{ID: fmt.Sprint("o", i), Value: order{User: "ann"}})
	}
	_, err := shop.orders.CreateAll(t.Context(), docs)
	require.NoError(t, err)
	var below []core.Document[part]
	for i := range items {
		below = append(below, core.Document[part]{ID: fmt.Sprint("i", i), Value: part{Order: fmt.Sprint("o", i%orders)}})
	}
	_, err = shop.items.CreateAll(t.Context(), below)
	require.NoError(t, err)
}

func TestADeleteOfMoreThanATransactionGoesStepByStep(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		if underRace && s.index == nil {
			t.Skip("scans of a thousand documents, again and again")
		}
		ctx, shop := t.Context(), openShop(t, s.open(t))
		ready(t, s, shop.orders)
		ready(t, s, shop.items)
		clerk(t, shop, 300, 330)
		var groups []core.Document[group]
		for i := range 130 {
			groups = append(groups, core.Document[group]{ID: fmt.Sprint(i), Value: group{Members: []string{"ann", "bob"}}})
		}
		_, err := shop.groups.CreateAll(ctx, groups)
		require.NoError(t, err)
		plan, err := shop.users.DeletePlan(ctx, "ann")
		require.NoError(t, err)
		require.Equal(t, []int{631, 130}, []int{plan.Deleted, plan.Changed})
		require.False(t, plan.Atomic)

		err = shop.db.Tx(ctx, func(tx *core.Tx) error { return shop.users.In(tx).Delete(ctx, "ann") })
		require.ErrorIs(t, err, core.ErrInvalid, "that is too much for a transaction")
		add(t, shop.invoices, "paid", invoice{Item: "i7"})
		require.ErrorIs(t, shop.users.Delete(ctx, "ann"), core.ErrConstraint)
		require.Len(t, all(t, shop.items), 330)
		require.NoError(t, shop.invoices.Delete(ctx, "paid"))

		require.NoError(t, shop.users.Delete(ctx, "ann"))
		require.Empty(t, all(t, shop.users))
		require.Empty(t, all(t, shop.orders))
		require.Empty(t, all(t, shop.items))
		left, err := shop.groups.All(ctx)
		require.NoError(t, err)
		require.Len(t, left, 130)
		for _, g := range left {
			require.Equal(t, []string{"bob"}, g.Value.Members)
		}
		noJobs(t, s)
	})
}

// noJobs checks that no cascade is due.
func noJobs(t *testing.T, s *site) {
	t.Helper()
	for info, err := range s.store.List(t.Context(), ports.ListOptions{Prefix: "_sb/cascade/"}) {
		require.NoError(t, err)
		require.Contains(t, s.body(t, info.Key), `"_deleted":true`)
	}
}

func TestAChainAndACircleLongerThanATransactionAreDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
		folders := collection[folder](t, s.open(t), "folders")
		ready(t, s, folders)
		const n = 250
		for i := range n {
			add(t, folders, fmt.Sprint("chain", i), folder{Parent: fmt.Sprint("chain", i-1)})
			add(t, folders, fmt.Sprint("ring", i), folder{Parent: fmt.Sprint("ring", (i+n-1)%n)})
		}
		require.NoError(t, folders.Delete(t.Context(), "chain0"))
		require.Len(t, all(t, folders), n)
		require.NoError(t, folders.Delete(t.Context(), "ring7"))
		require.Empty(t, all(t, folders))
		noJobs(t, s)
	})
}

// TestACrashedDeleteIsTakenUp stops a process at its Nth call in a delete of a
// thousand documents, for some N, and lets another one go on.
func TestACrashedDeleteIsTakenUp(t *testing.T) {
	t.Parallel()
	for _, answered := range []bool{false, true} {
		crashDeletes(t, answered)
	}
}

func crashDeletes(t *testing.T, answered bool) {
	for n, hit := 1, true; hit; n += n/2 + 1 {
		synctest.Test(t, func(t *testing.T) {
			plan := faults.New(faults.Options{})
			s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
			shop := openShop(t, s.open(t))
			ready(t, s, shop.orders)
			clerk(t, shop, 1000, 50)

			doomed, err := core.Open(t.Context(), faults.Store(s.store, plan), core.Options{
				Settings: core.Settings{SkipProbe: true, Attempts: 1}, Components: core.Components{Index: faults.Index(s.index, plan)},
			})
			require.NoError(t, err)
			users := collection[plain](t, doomed, "users")
			rule := plan.On(faults.Match{Nth: n, Times: faults.Always})
			if rule.LoseRequest(); answered {
				rule.LoseAnswer() // instead: what was sent is done, and nobody hears of it
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			err = users.Delete(ctx, "ann")
			cancel()
			hit = rule.Hits() > 0
			require.NoError(t, doomed.Close())
			require.True(t, hit || err == nil, "%v", err)
			consistent(t, shop)

			later(t, 2*time.Minute)
			require.NoError(t, shop.users.Delete(t.Context(), "ann"))
			require.Empty(t, all(t, shop.users))
			require.Empty(t, all(t, shop.orders))
			require.Empty(t, all(t, shop.items))
		})
		if t.Failed() {
			t.Fatalf("where it stopped at call %d", n)
		}
	}
}

// consistent checks that no document refers to one that is gone.
func consistent(t *testing.T, shop *shop) {
	t.Helper()
	users, orders := all(t, shop.users), all(t, shop.orders)
	if len(orders) > 0 {
		require.Equal(t, []string{"ann"}, users)
	}
	items, err := shop.items.All(t.Context())
	require.NoError(t, err)
	for _, i := range items {
		require.Contains(t, orders, i.Value.Order)
	}
}
