package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

var errOwn = errors.New("an error of the caller's")

func TestATransactionReadsItsOwnWrites(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b", "c")
		ready(t, s, c)
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			in := c.In(tx)
			created, err := in.Create(ctx, "d", purse{7, "new"})
			require.NoError(t, err)
			require.False(t, created.Revision.IsZero())
			_, err = in.Update(ctx, "a", func(p *purse) error { p.Coins, p.Kind = 5, "new"; return nil })
			require.NoError(t, err)
			_, err = in.Patch(ctx, "a", `{"coins":6}`)
			require.NoError(t, err)
			require.NoError(t, in.Delete(ctx, "b"))

			doc, err := in.Get(ctx, "a")
			require.NoError(t, err)
			require.Equal(t, purse{6, "new"}, doc.Value)
			_, err = in.Get(ctx, "b")
			require.ErrorIs(t, err, core.ErrNotFound)
			there, err := in.Exists(ctx, "b")
			require.NoError(t, err)
			require.False(t, there)
			there, err = in.Exists(ctx, "d")
			require.NoError(t, err)
			require.True(t, there)
			_, err = in.Create(ctx, "d", purse{})
			require.ErrorIs(t, err, core.ErrExists)

			docs, err := in.Query().Where(core.Eq("kind", "new")).OrderBy("coins", core.Desc).All(ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"d", "a"}, idsOf(docs))
			docs, err = in.Query().OrderBy("coins", core.Asc).Limit(2).All(ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"a", "d"}, idsOf(docs))
			docs, err = in.Query().Where(core.Gt("coins", 6)).Filter(func(p purse) bool { return p.Coins < 100 }).All(ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"d"}, idsOf(docs))
			n, err := in.Count(ctx)
			require.NoError(t, err)
			require.Equal(t, 3, n)

			outside, err := c.Get(ctx, "a")
			require.NoError(t, err)
			require.Equal(t, 100, outside.Value.Coins, "nobody else sees it yet")
			return nil
		}))
		require.Equal(t, []int{6, -1, 100, 7}, []int{coins(t, c, "a"), coins(t, c, "b"), coins(t, c, "c"), coins(t, c, "d")})
		ready(t, s, c)
		require.Equal(t, []string{"a", "d"}, idsFound(t, c.Query().Where(core.Eq("kind", "new"))))
	})
}

func idsOf[T any](docs []core.Document[T]) (found []string) {
	for _, doc := range docs {
		found = append(found, doc.ID)
	}
	return found
}

func idsFound(t *testing.T, q core.Query[purse]) []string {
	t.Helper()
	docs, err := q.OrderBy("coins", core.Asc).All(t.Context())
	require.NoError(t, err)
	return idsOf(docs)
}

func TestFreeKeysInATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		_, err := db.Put(ctx, "configs/app", plain{1})
		require.NoError(t, err)
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			var got plain
			_, err := tx.Get(ctx, "configs/app", &got)
			require.NoError(t, err)
			_, err = tx.Create(ctx, "configs/new", plain{got.N + 1})
			require.NoError(t, err)
			_, err = tx.Update(ctx, "configs/app", &got, func() error { got.N = 10; return nil })
			require.NoError(t, err)
			_, err = tx.Patch(ctx, "configs/app", `{"m":1}`)
			require.NoError(t, err)
			_, err = tx.Put(ctx, "top", plain{4})
			require.NoError(t, err)
			require.NoError(t, tx.Delete(ctx, "top"))
			there, err := tx.Exists(ctx, "top")
			require.NoError(t, err)
			require.False(t, there)
			_, err = tx.Get(ctx, "top", &got)
			require.ErrorIs(t, err, core.ErrNotFound)
			return nil
		}))
		synctest.Wait() // all is rolled forward
		require.Contains(t, s.body(t, "configs/app.json"), `"n":10,"m":1}`)
		require.Contains(t, s.body(t, "configs/new.json"), `"n":2}`)
		there, err := db.Exists(ctx, "top")
		require.NoError(t, err)
		require.False(t, there)
	})
}

// The same document by its collection and by its key is one document.
func TestACollectionAndAFreeKeyMeetInATransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := onMemory(likeS3)(t)
		db := s.open(t)
		c := purses(t, db)
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			_, err := tx.Put(ctx, "purses/a", purse{Coins: 3})
			require.NoError(t, err)
			doc, err := c.In(tx).Get(ctx, "a")
			require.NoError(t, err)
			require.Equal(t, 3, doc.Value.Coins)
			return nil
		}))
		require.Equal(t, 3, coins(t, c, "a"))
	})
}

func TestCreateDeleteCreateInATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "old")
		ready(t, s, c)
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			in := c.In(tx)
			for i := range 3 {
				_, err := in.Create(ctx, "a", purse{Coins: i, Kind: "x"})
				require.NoError(t, err)
				if i < 2 {
					require.NoError(t, in.Delete(ctx, "a"))
				}
			}
			require.NoError(t, in.Delete(ctx, "old"))
			_, err := in.Create(ctx, "old", purse{Coins: 9, Kind: "x"})
			require.NoError(t, err)
			_, err = in.Create(ctx, "never", purse{})
			require.NoError(t, err)
			require.NoError(t, in.Delete(ctx, "never"))
			require.NoError(t, in.Delete(ctx, "never"), "a second delete finds nothing")
			return nil
		}))
		require.Equal(t, []int{2, 9, -1}, []int{coins(t, c, "a"), coins(t, c, "old"), coins(t, c, "never")})
		ready(t, s, c)
		require.Equal(t, []string{"a", "old"}, idsFound(t, c.Query().Where(core.Eq("kind", "x"))))
		_, err := s.store.Stat(ctx, purseKey("never"))
		require.Error(t, err, "nothing was written for it")
	})
}

func TestExpectationsInATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		first, err := c.Create(ctx, "a", purse{Coins: 1})
		require.NoError(t, err)
		second, err := c.Put(ctx, "a", purse{Coins: 2})
		require.NoError(t, err)
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			in := c.In(tx)
			_, err := in.Put(ctx, "a", purse{}, core.IfRevision(first.Revision))
			require.ErrorIs(t, err, core.ErrConflict)
			_, err = in.Put(ctx, "a", purse{}, core.IfAbsent())
			require.ErrorIs(t, err, core.ErrExists)
			third, err := in.Put(ctx, "a", purse{Coins: 3}, core.IfRevision(second.Revision))
			require.NoError(t, err)
			_, err = in.Put(ctx, "a", purse{}, core.IfRevision(second.Revision))
			require.ErrorIs(t, err, core.ErrConflict, "it has changed inside")
			_, err = in.Patch(ctx, "a", `{"coins":4}`, core.IfRevision(third.Revision))
			require.NoError(t, err)
			_, err = in.Put(ctx, "b", purse{Coins: 5}, core.IfAbsent())
			require.NoError(t, err)
			_, err = in.Update(ctx, "none", func(*purse) error { return nil })
			require.ErrorIs(t, err, core.ErrNotFound)
			return nil
		}))
		require.Equal(t, []int{4, 5}, []int{coins(t, c, "a"), coins(t, c, "b")})
	})
}

// A revision that came from inside is good outside.
func TestRevisionsOfATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		var docs [2]core.Document[purse]
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) (err error) {
			if docs[0], err = c.In(tx).Create(ctx, "a", purse{Coins: 1}); err == nil {
				docs[1], err = c.In(tx).Create(ctx, "b", purse{Coins: 1})
			}
			return err
		}))
		for _, doc := range docs {
			got, err := c.Get(ctx, doc.ID)
			require.NoError(t, err)
			require.Zero(t, got.Revision.Compare(doc.Revision))
			_, err = c.Put(ctx, doc.ID, purse{Coins: 2}, core.IfRevision(doc.Revision))
			require.NoError(t, err)
		}
	})
}

func TestAnErrorOfTheFunctionComesBackAsItIs(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		before := s.body(t, purseKey("a"))
		runs := 0
		err := db.Tx(ctx, func(tx *core.Tx) error {
			runs++
			require.NoError(t, moveIn(ctx, c.In(tx), "a", "b", 5))
			return errOwn
		})
		require.Equal(t, errOwn, err, "not even wrapped")
		require.Equal(t, 1, runs)
		require.Equal(t, before, s.body(t, purseKey("a")))
		require.Zero(t, decisions(t, s.store))
	})
}

// An error that rests on what was never so is not the caller's to see: the
// function runs again.
func TestAnErrorOfAnInconsistentRunIsNotReturned(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		runs := 0
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			runs++
			a, err := c.In(tx).Get(ctx, "a")
			require.NoError(t, err)
			if runs == 1 {
				require.NoError(t, move(ctx, c, "a", "b", 10))
			}
			b, err := c.In(tx).Get(ctx, "b")
			require.NoError(t, err)
			if a.Value.Coins+b.Value.Coins != 200 {
				return errors.New("money was lost")
			}
			return nil
		}))
		require.Equal(t, 2, runs)
	})
}

func TestTheFunctionRunsAgainAfterAConflict(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		interfere := func(id string) {
			_, err := c.Update(ctx, id, func(p *purse) error { p.Coins++; return nil })
			require.NoError(t, err)
		}
		for name, fn := range map[string]func(in *core.Collection[purse]) error{
			"of what it writes": func(in *core.Collection[purse]) error { return moveIn(ctx, in, "a", "b", 0) },
			"of what it writes alone": func(in *core.Collection[purse]) error {
				_, err := in.Update(ctx, "a", func(p *purse) error { p.Coins++; return nil })
				return err
			},
			"of what it reads": func(in *core.Collection[purse]) error {
				_, err := in.Get(ctx, "a")
				require.NoError(t, err)
				_, err = in.Put(ctx, "c", purse{})
				return err
			},
			"of what it reads only": func(in *core.Collection[purse]) error {
				_, err := in.Get(ctx, "a")
				require.NoError(t, err)
				_, err = in.Get(ctx, "b")
				return err
			},
			"of what is not there": func(in *core.Collection[purse]) error {
				there, err := in.Exists(ctx, "x")
				require.NoError(t, err)
				if !there {
					stock(t, c, "x")
				}
				_, err = in.Put(ctx, "c", purse{})
				return err
			},
			"of a query": func(in *core.Collection[purse]) error {
				_, err := in.Query().Where(core.Gt("coins", 100)).All(ctx)
				require.NoError(t, err)
				_, err = in.Put(ctx, "c", purse{})
				return err
			},
		} {
			runs := 0
			err := db.Tx(ctx, func(tx *core.Tx) error {
				runs++
				err := fn(c.In(tx))
				if runs < 3 && !strings.Contains(name, "not there") {
					interfere("a")
				}
				return err
			})
			require.NoError(t, err, name)
			if want := 3; !strings.Contains(name, "not there") {
				require.Equal(t, want, runs, name)
			} else {
				require.Equal(t, 2, runs, name)
			}
		}
		err := db.Tx(ctx, func(tx *core.Tx) error {
			err := moveIn(ctx, c.In(tx), "a", "b", 1)
			interfere("b")
			return err
		}, core.TxAttempts(4))
		require.ErrorIs(t, err, core.ErrConflict)
		require.Empty(t, lockedKeys(t, s.store))
	})
}

func TestTxAttemptsBoundTheRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := onMemory(likeS3)(t)
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		for _, most := range []int{1, 2, 5} {
			runs := 0
			err := db.Tx(ctx, func(tx *core.Tx) error {
				runs++
				err := moveIn(ctx, c.In(tx), "a", "b", 1)
				stock(t, c, "a")
				return err
			}, core.TxAttempts(most))
			require.ErrorIs(t, err, core.ErrConflict)
			require.Equal(t, most, runs)
		}
		for _, most := range []int{0, -1, 10_001} {
			err := db.Tx(ctx, func(*core.Tx) error { return nil }, core.TxAttempts(most))
			require.ErrorIs(t, err, core.ErrInvalid)
			require.ErrorContains(t, err, "TxAttempts")
		}
	})
}

func TestAReadOnlyTransactionRefusesWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := onMemory(likeS3)(t)
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a")
		err := db.Tx(ctx, func(tx *core.Tx) error {
			in := c.In(tx)
			_, err := in.Get(ctx, "a")
			require.NoError(t, err)
			for op, write := range map[string]func() error{
				"create": func() error { _, err := in.Create(ctx, "b", purse{}); return err },
				"put":    func() error { _, err := in.Put(ctx, "a", purse{}); return err },
				"update": func() error { _, err := in.Update(ctx, "a", func(*purse) error { return nil }); return err },
				"patch":  func() error { _, err := in.Patch(ctx, "a", `{}`); return err },
				"delete": func() error { return in.Delete(ctx, "a") },
			} {
				err := write()
				require.ErrorIs(t, err, core.ErrInvalid)
				require.ErrorContains(t, err, op)
				require.ErrorContains(t, err, "read-only")
			}
			_, err = tx.Put(ctx, "free", plain{})
			require.ErrorIs(t, err, core.ErrInvalid)
			return nil
		}, core.ReadOnly())
		require.NoError(t, err)
		require.Equal(t, 100, coins(t, c, "a"))
	})
}

func TestATransactionInsideATransactionIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		db := onMemory(likeS3)(t).open(t)
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			err := db.Tx(tx.Context(), func(*core.Tx) error { t.Error("it runs"); return nil })
			require.ErrorIs(t, err, core.ErrInvalid)
			_, err = db.Begin(tx.Context())
			require.ErrorIs(t, err, core.ErrInvalid)
			return nil
		}))
	})
}

func TestAfterItsEndATransactionIsOfNoUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		db := onMemory(likeS3)(t).open(t)
		c := purses(t, db)
		stock(t, c, "a")
		var kept *core.Tx
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error { kept = tx; return nil }))
		in := c.In(kept)
		var got plain
		for name, call := range map[string]func() error{
			"get":      func() error { _, err := in.Get(ctx, "a"); return err },
			"exists":   func() error { _, err := in.Exists(ctx, "a"); return err },
			"put":      func() error { _, err := in.Put(ctx, "a", purse{}); return err },
			"update":   func() error { _, err := in.Update(ctx, "a", func(*purse) error { return nil }); return err },
			"delete":   func() error { return in.Delete(ctx, "a") },
			"query":    func() error { _, err := in.All(ctx); return err },
			"free get": func() error { _, err := kept.Get(ctx, "x", &got); return err },
			"free put": func() error { _, err := kept.Put(ctx, "x", got); return err },
			"commit":   func() error { return kept.Commit(ctx) },
		} {
			require.ErrorIs(t, call(), core.ErrClosed, name)
		}
		kept.Rollback()
		require.Equal(t, 100, coins(t, c, "a"))
	})
}

func TestACollectionOfAnotherDatabaseIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := onMemory(likeS3)(t)
		db, other := s.open(t), s.open(t)
		c := purses(t, other)
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			_, err := c.In(tx).Get(ctx, "a")
			require.ErrorIs(t, err, core.ErrInvalid)
			_, err = c.In(tx).Put(ctx, "a", purse{})
			require.ErrorIs(t, err, core.ErrInvalid)
			_, err = c.In(tx).All(ctx)
			require.ErrorIs(t, err, core.ErrInvalid)
			return nil
		}))
	})
}

func TestGoroutinesShareATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := purses(t, db)
		stock(t, c, "a", "b")
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			in := c.In(tx)
			var group sync.WaitGroup
			for i := range 20 {
				group.Go(func() {
					if _, err := in.Create(ctx, fmt.Sprint(i), purse{Coins: i}); err != nil {
						t.Error(err)
					}
					if _, err := in.Get(ctx, "a"); err != nil {
						t.Error(err)
					}
					if _, err := in.Query().Where(core.Eq("kind", "x")).All(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			return nil
		}))
		for i := range 20 {
			require.Equal(t, i, coins(t, c, fmt.Sprint(i)))
		}
	})
}
