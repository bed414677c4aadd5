package servers_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// onEachBackend runs a test on every adapter with a server, with two clients
// of one bucket.
func onEachBackend(t *testing.T, test func(t *testing.T, stores [2]ports.ObjectStore)) {
	t.Parallel()
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			c := b.fresh(t)
			test(t, [2]ports.ObjectStore{c.open(t), c.open(t)})
		})
	}
}

// together calls fn n times at once.
func together(n int, fn func(i int)) {
	var start, end sync.WaitGroup
	start.Add(1)
	for i := range n {
		end.Go(func() {
			start.Wait()
			fn(i)
		})
	}
	start.Done()
	end.Wait()
}

const racers = 32

// decided repeats a write until the store decided about it.
func decided(write func() error) error {
	for {
		if err := write(); !errors.Is(err, ports.ErrBusy) {
			return err
		}
	}
}

func TestOneOfManyCreatorsWins(t *testing.T) {
	onEachBackend(t, func(t *testing.T, stores [2]ports.ObjectStore) {
		for round := range 100 {
			key := fmt.Sprintf("round/%d.json", round)
			var winner atomic.Int64
			var winners atomic.Int64
			together(racers, func(i int) {
				err := decided(func() error {
					_, err := stores[i%2].Put(t.Context(), key, []byte(strconv.Itoa(i)), ports.IfAbsent)
					return err
				})
				switch {
				case err == nil:
					winner.Store(int64(i))
					winners.Add(1)
				case !errors.Is(err, ports.ErrPrecondition):
					t.Errorf("round %d: a create fails with %v", round, err)
				}
			})
			require.EqualValues(t, 1, winners.Load(), "winners of round %d", round)
			object, err := stores[0].Get(t.Context(), key, ports.GetOptions{})
			require.NoError(t, err)
			require.Equal(t, strconv.FormatInt(winner.Load(), 10), string(object.Data), "round %d", round)
		}
	})
}

func TestNoIncrementIsLost(t *testing.T) {
	onEachBackend(t, func(t *testing.T, stores [2]ports.ObjectStore) {
		const each = 4
		_, err := stores[0].Put(t.Context(), "n.json", []byte("0"), ports.IfAbsent)
		require.NoError(t, err)
		together(racers, func(i int) {
			for range each {
				if err := increment(t, stores[i%2], "n.json"); err != nil {
					t.Error(err)
				}
			}
		})
		object, err := stores[1].Get(t.Context(), "n.json", ports.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, strconv.Itoa(racers*each), string(object.Data))
	})
}

// increment adds one by compare-and-swap, however often it takes.
func increment(t *testing.T, s ports.ObjectStore, key string) error {
	for {
		object, err := s.Get(t.Context(), key, ports.GetOptions{})
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(object.Data))
		if err != nil {
			return err
		}
		_, err = s.Put(t.Context(), key, []byte(strconv.Itoa(n+1)), ports.IfVersion(object.Version))
		if err == nil || !errors.Is(err, ports.ErrPrecondition) && !errors.Is(err, ports.ErrBusy) {
			return err
		}
	}
}

// A replacement against conditional deletes of the same version: one of them
// happens. Where the store has no such deletes, nothing is deleted by them.
func TestPutsAgainstConditionalDeletes(t *testing.T) {
	onEachBackend(t, func(t *testing.T, stores [2]ports.ObjectStore) {
		conditional := stores[0].Capabilities().ConditionalDelete
		for round := range 40 {
			key := fmt.Sprintf("round/%d.json", round)
			old, err := stores[0].Put(t.Context(), key, []byte("old"), ports.IfAbsent)
			require.NoError(t, err)
			var put, deleted atomic.Int64
			together(9, func(i int) {
				if i == 0 {
					err := decided(func() error {
						_, err := stores[0].Put(t.Context(), key, []byte("new"), ports.IfVersion(old))
						return err
					})
					count(t, err, &put, ports.ErrPrecondition)
					return
				}
				refusal := ports.ErrPrecondition
				if !conditional {
					refusal = ports.ErrUnsupported
				}
				err := decided(func() error { return stores[i%2].Delete(t.Context(), key, ports.IfVersion(old)) })
				count(t, err, &deleted, refusal)
			})
			require.EqualValues(t, 1, put.Load()+deleted.Load(), "round %d: %d puts and %d deletes took effect", round, put.Load(), deleted.Load())
			object, err := stores[1].Get(t.Context(), key, ports.GetOptions{})
			if put.Load() == 1 {
				require.NoError(t, err, "round %d: an acknowledged write is gone", round)
				require.Equal(t, "new", string(object.Data))
			} else {
				require.ErrorIs(t, err, ports.ErrNotFound, "round %d", round)
			}
		}
	})
}

// count counts a success, and reports what is neither that nor a refusal.
func count(t *testing.T, err error, successes *atomic.Int64, refusals ...error) {
	refused := slices.ContainsFunc(refusals, func(refusal error) bool { return errors.Is(err, refusal) })
	switch {
	case err == nil:
		successes.Add(1)
	case !refused:
		t.Errorf("a call fails with %v", err)
	}
}

// The database deletes by tombstones, so that its deletes hold their condition
// on every store.
func TestUpdatesAgainstDeletesOfADatabase(t *testing.T) {
	onEachBackend(t, func(t *testing.T, stores [2]ports.ObjectStore) {
		type account struct {
			Club string `json:"club"`
		}
		var both [2]*core.Collection[account]
		for i, store := range stores {
			db, err := core.Open(t.Context(), store, core.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			both[i], err = core.NewCollection[account](t.Context(), db, "accounts")
			require.NoError(t, err)
		}
		for round := range 20 {
			id := fmt.Sprint("m", round)
			doc, err := both[0].Create(t.Context(), id, account{Club: "old"})
			require.NoError(t, err)
			var put, deleted atomic.Int64
			together(9, func(i int) {
				if i == 0 {
					_, err := both[0].Put(t.Context(), id, account{Club: "new"}, core.IfRevision(doc.Revision))
					count(t, err, &put, core.ErrConflict)
					return
				}
				err := both[i%2].Delete(t.Context(), id, core.IfRevision(doc.Revision))
				count(t, err, &deleted, core.ErrConflict, core.ErrNotFound)
			})
			require.EqualValues(t, 1, put.Load()+deleted.Load(), "round %d: %d puts and %d deletes took effect", round, put.Load(), deleted.Load())
			got, err := both[1].Get(t.Context(), id)
			if put.Load() == 1 {
				require.NoError(t, err)
				require.Equal(t, "new", got.Value.Club)
			} else {
				require.ErrorIs(t, err, core.ErrNotFound)
			}
		}
	})
}
