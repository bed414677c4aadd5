package engine_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

func TestAPanicLeavesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		var kept *core.Tx
		require.PanicsWithValue(t, "oh", func() {
			_ = db.Tx(ctx, func(tx *core.Tx) error {
				kept = tx
				require.NoError(t, moveIn(ctx, c.In(tx), "a", "b", 5))
				panic("oh")
			})
		})
		require.Equal(t, []int{100, 100}, []int{coins(t, c, "a"), coins(t, c, "b")})
		require.Empty(t, lockedKeys(t, s.store))
		_, err := c.In(kept).Get(ctx, "a")
		require.ErrorIs(t, err, core.ErrClosed)
	})
}

func TestTheLongForm(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		tx, err := db.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, moveIn(ctx, c.In(tx), "a", "b", 5))
		require.NoError(t, tx.Commit(ctx))
		tx.Rollback() // as if deferred
		require.Equal(t, []int{95, 105}, []int{coins(t, c, "a"), coins(t, c, "b")})

		tx, err = db.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, moveIn(ctx, c.In(tx), "a", "b", 5))
		stock(t, c, "b")
		require.ErrorIs(t, tx.Commit(ctx), core.ErrConflict)
		require.ErrorIs(t, tx.Commit(ctx), core.ErrClosed)
		require.Equal(t, []int{95, 100}, []int{coins(t, c, "a"), coins(t, c, "b")})

		tx, err = db.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, moveIn(ctx, c.In(tx), "a", "b", 5))
		tx.Rollback()
		require.ErrorIs(t, tx.Commit(ctx), core.ErrClosed)
		require.Equal(t, []int{95, 100}, []int{coins(t, c, "a"), coins(t, c, "b")})

		_, err = db.Begin(ctx, core.TxAttempts(0))
		require.ErrorIs(t, err, core.ErrInvalid)
	})
}

func TestBatchesInATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			in := c.In(tx)
			_, err := in.CreateAll(ctx, []core.Document[purse]{{ID: "c", Value: purse{Coins: 1}}, {ID: "d", Value: purse{Coins: 2}}})
			require.NoError(t, err)
			_, err = in.CreateAll(ctx, []core.Document[purse]{{ID: "a"}, {ID: "e", Value: purse{Coins: 3}}})
			require.ErrorIs(t, err, core.ErrExists)
			results, err := in.GetAll(ctx, []string{"a", "c", "none"})
			require.ErrorIs(t, err, core.ErrNotFound)
			require.Len(t, results, 3)
			require.Equal(t, 1, results[1].Value.Coins)
			_, err = in.DeleteAll(ctx, []string{"b", "d"})
			require.NoError(t, err)
			return nil
		}))
		require.Equal(t, []int{100, -1, 1, -1, 3}, []int{coins(t, c, "a"), coins(t, c, "b"), coins(t, c, "c"), coins(t, c, "d"), coins(t, c, "e")})
	})
}

// What the type does not know, its spelling, and the schema version stay.
func TestATransactionKeepsWhatItDoesNotKnow(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "b")
		s.put(t, purseKey("a"), `{"_rev":"0f3k8q1vd2m7x","_v":7,"coins":100, "big":12345678901234567890.10,"_tx2":{"_tx":{"id":"x","prev":"doc"}}}`)
		s.put(t, purseKey("f"), "{\n  \"coins\": 100,\n  \"z\": \"\\u00e9\"\n}\n")
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			require.NoError(t, moveIn(ctx, c.In(tx), "a", "b", 1))
			return moveIn(ctx, c.In(tx), "f", "b", 1)
		}))
		synctest.Wait() // all is rolled forward
		a, f := s.body(t, purseKey("a")), s.body(t, purseKey("f"))
		require.Contains(t, a, `","_v":7,"coins":99,"big":12345678901234567890.10,"_tx2":{"_tx":{"id":"x","prev":"doc"}}}`)
		require.Regexp(t, `^\{"_rev":"[0-9a-z]{13}","coins":99,"z":"\\u00e9"\}$`, f)
	})
}

// A transaction that fails gives back what was there, with unknown members,
// schema version and revision.
func TestAnAbortKeepsTheDocuments(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		const a = `{"_rev":"0f3k8q1vd2m7x","_v":7,"coins":100, "big":12345678901234567890.10}`
		s.put(t, purseKey("a"), a)
		stock(t, c, "b")
		tx, err := db.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, moveIn(ctx, c.In(tx), "a", "b", 1))
		stock(t, c, "b")
		require.ErrorIs(t, tx.Commit(ctx), core.ErrConflict)
		require.Regexp(t, `^\{"_rev":"0f3k8q1vd2m7x(\.[0-9a-z]{13})?","_v":7,"coins":100, "big":12345678901234567890.10\}$`, s.body(t, purseKey("a")))
		doc, err := c.Get(ctx, "a")
		require.NoError(t, err)
		require.Equal(t, "0f3k8q1vd2m7x", doc.Revision.String())
		_, err = c.Put(ctx, "a", purse{Coins: 1}, core.IfRevision(doc.Revision))
		require.NoError(t, err, "its revision is good")
	})
}

func TestCloseWaitsForTheRollForward(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b", "c", "d")
		require.NoError(t, move(t.Context(), c, "a", "b", 5))
		require.NoError(t, move(t.Context(), c, "c", "d", 5))
		require.NoError(t, db.Close())
		require.Empty(t, lockedKeys(t, s.store))
		require.ErrorIs(t, db.Tx(t.Context(), func(*core.Tx) error { return nil }), core.ErrClosed)
	})
}

// A context that ends in the function is its end; nothing is written.
func TestAContextThatEndsBeforeTheCommit(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		err := db.Tx(ctx, func(tx *core.Tx) error {
			runs++
			require.NoError(t, moveIn(ctx, c.In(tx), "a", "b", 5))
			cancel()
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, core.ErrOutcomeUnknown)
		require.Equal(t, 1, runs)
		require.NoError(t, db.Close())
		require.Empty(t, lockedKeys(t, s.store))
		c = purses(t, s.open(t))
		require.Equal(t, []int{100, 100}, []int{coins(t, c, "a"), coins(t, c, "b")})
	})
}
