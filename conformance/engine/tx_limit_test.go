package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

func TestAThousandDocumentsInATransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := onMemory(likeS3)(t)
		db := s.open(t)
		c := purses(t, db)
		ready(t, s, c)
		fill := func(n int) error {
			return db.Tx(ctx, func(tx *core.Tx) error {
				for i := range n {
					if _, err := c.In(tx).Create(ctx, fmt.Sprint(i), purse{Coins: i, Kind: "x"}); err != nil {
						return err
					}
				}
				// What is written already can be written again, and deleted.
				if _, err := c.In(tx).Patch(ctx, "7", `{"coins":700}`); err != nil {
					return err
				}
				return c.In(tx).Delete(ctx, "8")
			})
		}
		err := fill(1001)
		require.ErrorIs(t, err, core.ErrInvalid)
		require.ErrorContains(t, err, "1000 documents")
		n, err := c.Count(ctx)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Empty(t, lockedKeys(t, s.store))

		require.NoError(t, fill(1000))
		docs, err := c.Query().Where(core.Eq("kind", "x")).All(ctx) // before or after it is rolled forward
		require.NoError(t, err)
		require.Len(t, docs, 999)
		synctest.Wait()
		require.Empty(t, lockedKeys(t, s.store))
		require.Equal(t, []int{700, -1, 999}, []int{coins(t, c, "7"), coins(t, c, "8"), coins(t, c, "999")})
	})
}

func TestHowMuchATransactionMayWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := onMemory(likeS3)(t)
		db := s.open(t)
		large := strings.Repeat("x", 16<<20)
		type page struct {
			Text string `json:"text"`
		}
		write := func(last string) error {
			return db.Tx(ctx, func(tx *core.Tx) error {
				for i := range 3 {
					if _, err := tx.Put(ctx, fmt.Sprint(i), page{large}); err != nil {
						return err
					}
				}
				if _, err := tx.Put(ctx, "2", page{large[1:]}); err != nil { // in place of the other
					return err
				}
				_, err := tx.Put(ctx, "3", page{last})
				return err
			})
		}
		err := write(large)
		require.ErrorIs(t, err, core.ErrInvalid)
		require.ErrorContains(t, err, "67108864 bytes")
		there, err := db.Exists(ctx, "0")
		require.NoError(t, err)
		require.False(t, there)
		require.NoError(t, write(large[100:]))
		synctest.Wait()
		require.Equal(t, 1, decisions(t, s.store), "no staged value is left")
		var got page
		_, err = db.Get(ctx, "2", &got)
		require.NoError(t, err)
		require.Len(t, got.Text, 16<<20-1)
	})
}

func TestHowMuchATransactionMayRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		db := onMemory(likeS3)(t).open(t)
		read := func(n int) error {
			return db.Tx(ctx, func(tx *core.Tx) error {
				for i := range n {
					if _, err := tx.Exists(ctx, fmt.Sprint(i)); err != nil {
						return err
					}
				}
				_, err := tx.Exists(ctx, "0") // once more
				if err == nil {
					_, err = tx.Put(ctx, "written", plain{}) // counts as written
				}
				return err
			})
		}
		require.NoError(t, read(10_000))
		err := read(10_001)
		require.ErrorIs(t, err, core.ErrInvalid)
		require.ErrorContains(t, err, "10000 documents")
	})
}

// A function may take long, but not so long that what it read may have come
// back since.
func TestHowLongATransactionMayTake(t *testing.T) {
	for took, want := range map[time.Duration]error{
		2 * time.Minute: nil, 59 * time.Minute: nil, time.Hour + time.Second: core.ErrConflict,
	} {
		t.Run(took.String(), func(t *testing.T) {
			onRivals(t, func(t *testing.T, r *rivals) {
				runs := 0
				err := r.first.DB().Tx(t.Context(), func(tx *core.Tx) error {
					runs++
					_, err := r.first.In(tx).Exists(t.Context(), "c")
					require.NoError(t, err)
					require.NoError(t, moveIn(t.Context(), r.first.In(tx), "a", "b", 5))
					later(t, took)
					return nil
				})
				if want == nil {
					require.NoError(t, err)
					require.Equal(t, 1, runs)
					r.want(t, 95, 105)
					return
				}
				require.ErrorIs(t, err, want)
				require.Equal(t, 3, runs, "it gives up soon")
				r.want(t, 100, 100)
			})
		})
	}
}
