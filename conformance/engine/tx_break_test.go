package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// onDuty is a document that is on duty or not.
type onDuty struct {
	On bool `json:"on" sb:"index"`
}

// siteLikeS3 is a site in memory that acts as S3.
func siteLikeS3() *site {
	return &site{store: memory.NewStore(likeS3), index: memory.NewIndex(memory.IndexOptions{})}
}

// through is the same site behind faults.
func (s *site) through(plan *faults.Plan) *site {
	return &site{store: faults.Store(s.store, plan), index: faults.Index(s.index, plan)}
}

// onceOnly makes no second attempt.
func onceOnly(o *core.Options) { o.Attempts, o.BusyAttempts, o.SkipProbe = 1, 1, true }

func partitionOf(id string, count uint32) uint32 {
	hash := fnv.New32a()
	hash.Write([]byte(id))
	return hash.Sum32() % count
}

func inPartition(part, count uint32) string {
	for n := 0; ; n++ {
		if id := fmt.Sprintf("w%d", n); partitionOf(id, count) == part {
			return id
		}
	}
}

// An index in parts does not answer for one moment. A transaction that hands
// the duty over between two of them is not missed.
func TestATransactionalQueryOfAnIndexInPartsIsOfOneMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		plan := faults.New(faults.Options{})
		two := func(o *core.Options) { o.IndexPartitions = 2 }
		db := s.open(t, two)
		all := collection[onDuty](t, db, "watchers")
		ready(t, s, all)
		a, b := inPartition(0, 2), inPartition(1, 2)
		for id, on := range map[string]bool{a: false, b: true} {
			_, err := all.Create(ctx, id, onDuty{On: on})
			require.NoError(t, err)
		}
		hand := func(from, to string) {
			require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
				_, err := all.In(tx).Put(ctx, from, onDuty{})
				_, err2 := all.In(tx).Put(ctx, to, onDuty{On: true})
				return errors.Join(err, err2)
			}))
			time.Sleep(time.Minute)
		}
		hand(b, a)
		hand(a, b)
		reader := s.through(plan).open(t, two)
		seen := collection[onDuty](t, reader, "watchers")
		time.Sleep(time.Hour)
		holdPart := func(part string) *faults.Pause {
			return plan.On(faults.Match{Method: faults.Query, Where: func(c faults.Call) bool { return strings.HasSuffix(c.Key, "#"+part) }}).Pause()
		}
		first := holdPart("1/2")
		var found int
		runs := 0
		done := make(chan error, 1)
		go func() {
			done <- reader.Tx(ctx, func(tx *core.Tx) (err error) {
				runs++
				docs, err := seen.In(tx).Query().Where(core.Eq("on", true)).All(ctx)
				found = len(docs)
				return err
			})
		}()
		<-first.Reached()
		synctest.Wait()
		hand(b, a)
		second := holdPart("0/2")
		first.Release()
		<-second.Reached()
		synctest.Wait()
		hand(a, b)
		second.Release()
		require.NoError(t, <-done)
		require.Positive(t, runs)
		require.Equal(t, 1, found)
	})
}

// inState is a document in some state.
type inState struct {
	Status string `json:"status" sb:"index"`
}

// A candidate that can't be read when a query is validated may match.
func TestACandidateThatCannotBeReadAtTheCommitMayMatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		plan := faults.New(faults.Options{})
		plain := s.open(t)
		tickets := collection[inState](t, plain, "tickets")
		ready(t, s, tickets)
		_, err := tickets.Create(ctx, "x", inState{"closed"})
		require.NoError(t, err)
		db := s.through(plan).open(t, onceOnly)
		inside := collection[inState](t, db, "tickets")
		runs := 0
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			docs, err := inside.In(tx).Query().Where(core.Eq("status", "open")).All(ctx)
			if err != nil {
				return err
			}
			if runs++; runs == 1 {
				_, err := tickets.Put(ctx, "x", inState{"open"})
				require.NoError(t, err)
				plan.On(faults.Match{Method: faults.Get, Key: "tickets/x.json"}).Fail(ports.ErrUnavailable)
			}
			_, err = tx.Put(ctx, "sums/open", counted{N: len(docs)})
			return err
		}))
		var sum counted
		_, err = plain.Get(ctx, "sums/open", &sum)
		require.NoError(t, err)
		require.Equal(t, 1, sum.N)
	})
}

// A decision holds documents a few levels deeper than they are alone.
func TestTheDeepestDocumentsCanBeCommitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		db := s.open(t)
		deep := json.RawMessage(`{"a":` + strings.Repeat("[", 9999) + strings.Repeat("]", 9999) + `}`)
		_, err := db.Put(ctx, "deep/plain", deep)
		require.NoError(t, err)
		err = db.Tx(ctx, func(tx *core.Tx) error {
			_, err := tx.Put(ctx, "deep/a", deep)
			_, err2 := tx.Put(ctx, "deep/b", deep)
			return errors.Join(err, err2)
		})
		require.NoError(t, err)
		var got json.RawMessage
		_, err = db.Get(ctx, "deep/a", &got)
		require.NoError(t, err)
		require.Equal(t, string(deep), string(got))
	})
}

// commitBoth writes two documents once.
func commitBoth(ctx context.Context, db *core.DB) error {
	return db.Tx(ctx, func(tx *core.Tx) error {
		_, err := tx.Put(ctx, "docs/a", counted{N: 2})
		_, err2 := tx.Put(ctx, "docs/b", counted{N: 2})
		return errors.Join(err, err2)
	}, core.TxAttempts(1))
}

// Whatever fails on the way: what is known not to be committed is not called
// unknown, and nobody has to wait for its locks.
func TestATransactionThatDidNotCommitSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault func(plan *faults.Plan)
		want  error
	}{
		"lost lock": {func(p *faults.Plan) {
			p.On(faults.Match{Method: faults.Put, Key: "docs/a.json"}).LoseAnswer()
			p.On(faults.Match{Method: faults.Get, Key: "docs/a.json", Nth: 2}).Fail(ports.ErrUnavailable)
		}, core.ErrUnavailable},
		"lost commit request": {func(p *faults.Plan) {
			p.On(faults.Match{Method: faults.Put, KeyPrefix: "_sb/tx/"}).LoseRequest()
			p.On(faults.Match{Method: faults.Get, KeyPrefix: "_sb/tx/"}).Fail(ports.ErrUnavailable)
		}, core.ErrConflict},
		"no permission": {func(p *faults.Plan) {
			p.On(faults.Match{Method: faults.Put, KeyPrefix: "_sb/tx/", Times: faults.Always}).Fail(ports.ErrPermission)
		}, core.ErrPermission},
		"lost begin": {func(p *faults.Plan) {
			p.On(faults.Match{Method: faults.Begin, Times: faults.Always}).LoseAnswer()
		}, core.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, s := t.Context(), siteLikeS3()
				plain := s.open(t)
				docs := collection[counted](t, plain, "docs", core.Index("n"))
				ready(t, s, docs)
				for _, id := range []string{"a", "b"} {
					_, err := docs.Create(ctx, id, counted{N: 1})
					require.NoError(t, err)
				}
				plan := faults.New(faults.Options{})
				db := s.through(plan).open(t, onceOnly)
				c.fault(plan)
				err := commitBoth(ctx, db)
				require.ErrorIs(t, err, c.want)
				require.NotErrorIs(t, err, core.ErrOutcomeUnknown)
				began := time.Now()
				for _, id := range []string{"a", "b"} {
					_, err := docs.Update(ctx, id, increment)
					require.NoError(t, err)
					doc, err := docs.Get(ctx, id)
					require.NoError(t, err)
					require.Equal(t, 2, doc.Value.N)
				}
				require.Less(t, time.Since(began), 100*time.Millisecond, "somebody waits for it")
			})
		})
	}
}

// candidatePerson has a unique email, and the one to take next.
type candidatePerson struct {
	Next  string `json:"next"`
	Email string `json:"email"`
}

// A value that was taken along with a change of the document that it came from
// is no reason to refuse: on the changed document the write asks for another one.
func TestARefusalIsOneOfWhatIsThereNow(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(ctx context.Context, db *core.DB, c *core.Collection[candidatePerson], middle func()) error{
		"transaction": func(ctx context.Context, db *core.DB, c *core.Collection[candidatePerson], middle func()) error {
			return db.Tx(ctx, func(tx *core.Tx) error {
				d, err := c.In(tx).Get(ctx, "d")
				if err != nil {
					return err
				}
				middle()
				_, err = c.In(tx).Create(ctx, "new", candidatePerson{Email: d.Value.Next})
				return err
			})
		},
		"alone": func(ctx context.Context, db *core.DB, c *core.Collection[candidatePerson], middle func()) error {
			return db.Tx(ctx, func(tx *core.Tx) error {
				_, err := c.In(tx).Update(ctx, "d", func(p *candidatePerson) error {
					p.Email = p.Next
					middle()
					return nil
				})
				return err
			})
		},
		"plain": func(ctx context.Context, db *core.DB, c *core.Collection[candidatePerson], middle func()) error {
			_, err := c.Update(ctx, "d", func(p *candidatePerson) error {
				p.Email = p.Next
				middle()
				return nil
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, s := t.Context(), siteLikeS3()
				db := s.open(t)
				c := collection[candidatePerson](t, db, "people", core.Unique("email").Optional())
				_, err := c.Create(ctx, "d", candidatePerson{Next: "a"})
				require.NoError(t, err)
				moved := false
				middle := func() {
					if moved {
						return
					}
					moved = true
					require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
						_, err := c.In(tx).Create(ctx, "e", candidatePerson{Email: "a"})
						_, err2 := c.In(tx).Put(ctx, "d", candidatePerson{Next: "b"})
						return errors.Join(err, err2)
					}))
				}
				require.NoError(t, write(ctx, db, c, middle))
			})
		})
	}
}

// dieLocked leaves the locks of a transaction that died before its commit.
func dieLocked(t *testing.T, s *site, work func(ctx context.Context, tx *core.Tx) error) {
	t.Helper()
	plan := faults.New(faults.Options{})
	db, err := core.Open(t.Context(), s.through(plan).store, core.Options{Settings: core.Settings{SkipProbe: true, Attempts: 1, BusyAttempts: 1}, Components: core.Components{Index: s.index}})
	require.NoError(t, err)
	plan.On(faults.Match{Method: faults.Put, KeyPrefix: "_sb/tx/", Times: faults.Always}).Fail(ports.ErrUnknown)
	plan.On(faults.Match{Method: faults.Get, KeyPrefix: "_sb/tx/", Times: faults.Always}).Fail(ports.ErrUnavailable)
	require.Error(t, db.Tx(t.Context(), func(tx *core.Tx) error { return work(t.Context(), tx) }))
	require.NoError(t, db.Close())
}

// Queries of transactions wait for locks, and end those whose owner is dead.
func TestALockOfTheDeadDoesNotStopQueriesOfTransactions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		db := s.open(t)
		docs := collection[counted](t, db, "docs")
		for _, id := range []string{"a", "b"} {
			_, err := docs.Create(ctx, id, counted{N: 1})
			require.NoError(t, err)
		}
		dieLocked(t, s, func(ctx context.Context, tx *core.Tx) error {
			_, err := tx.Put(ctx, "docs/a", counted{N: 2})
			_, err2 := tx.Put(ctx, "docs/b", counted{N: 2})
			return errors.Join(err, err2)
		})
		require.Contains(t, s.body(t, "docs/a.json"), `"_tx"`)
		began := time.Now()
		var found int
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			all, err := docs.In(tx).All(ctx)
			found = len(all)
			return err
		}))
		require.Equal(t, 2, found)
		require.Less(t, time.Since(began), 10*time.Second)
	})
}

// Who gives a transaction up takes its locks off, and leaves no decision.
func TestNobodyWaitsForATransactionThatGaveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		db := s.open(t)
		for _, key := range []string{"docs/a", "docs/b", "docs/r"} {
			_, err := db.Put(ctx, key, counted{N: 1})
			require.NoError(t, err)
		}
		plan := faults.New(faults.Options{})
		slow := s.through(plan).open(t)
		tx, err := slow.Begin(ctx)
		require.NoError(t, err)
		var read counted
		_, err = tx.Get(ctx, "docs/r", &read)
		require.NoError(t, err)
		for _, key := range []string{"docs/a", "docs/b"} {
			_, err := tx.Put(ctx, key, counted{N: 2})
			require.NoError(t, err)
		}
		_, err = db.Put(ctx, "docs/r", counted{N: 3})
		require.NoError(t, err)
		pause := plan.On(faults.Match{Method: faults.Stat, Key: "docs/r.json"}).Pause()
		done := make(chan error, 2)
		go func() { done <- tx.Commit(ctx) }()
		<-pause.Reached()
		began := time.Now()
		go func() {
			var got counted
			_, err := db.Get(ctx, "docs/a", &got)
			done <- err
		}()
		time.Sleep(100 * time.Millisecond)
		pause.Release()
		require.ErrorIs(t, <-done, core.ErrConflict)
		require.NoError(t, <-done)
		require.Less(t, time.Since(began), time.Second)
	})
}

// A claim that was judged dead, and whose removal is under way, is not reused when
// the absence that it was made for is back.
func TestAClaimFromBeforeAPurgeIsMadeAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
		db := s.open(t)
		c := collection[candidatePerson](t, db, "people", core.Unique("email").Optional())
		require.NoError(t, c.WaitReady(ctx))
		plan := faults.New(faults.Options{})
		other := s.through(plan).open(t, onceOnly)
		oc := collection[candidatePerson](t, other, "people")
		plan.On(faults.Match{Method: faults.Put, Key: "people/d.json"}).Fail(ports.ErrPermission)
		_, err := oc.Create(ctx, "d", candidatePerson{Email: "x"})
		require.Error(t, err)
		_, err = c.Create(ctx, "d", candidatePerson{})
		require.NoError(t, err)
		require.NoError(t, c.Delete(ctx, "d"))
		pause := plan.On(faults.Match{Method: faults.Delete, KeyPrefix: "_sb/unique/"}).Pause()
		done := make(chan error, 1)
		go func() {
			_, err := other.Maintain(ctx, core.MaintainOptions{})
			done <- err
		}()
		<-pause.Reached()
		require.NoError(t, s.store.Delete(ctx, "people/d.json", ports.Any)) // another one purges it
		_, err = c.Create(ctx, "d", candidatePerson{Email: "x"})
		require.NoError(t, err)
		pause.Release()
		require.NoError(t, <-done)
		_, err = c.Create(ctx, "e", candidatePerson{Email: "x"})
		require.ErrorIs(t, err, core.ErrConstraint)
	})
}

// Text is stored without the space around it.
func TestARevisionFromATransactionIsThatOfTheDocument(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		db := s.open(t)
		var rev core.Revision
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) (err error) {
			_, err2 := tx.Put(ctx, "docs/b", json.RawMessage(`{"b":1}`))
			rev, err = tx.Put(ctx, "docs/a", json.RawMessage(" { \"a\" : 1 }\n"))
			return errors.Join(err, err2)
		}))
		_, err := db.Put(ctx, "docs/a", json.RawMessage(`{"a":2}`), core.IfRevision(rev))
		require.NoError(t, err)
	})
}

// What a fence read is read again when it is too old to write on.
func TestALongTransactionCanBeFenced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		db := s.open(t)
		foreign := memory.NewLocker(memory.LockerOptions{})
		defer func() { require.NoError(t, foreign.Close()) }()
		lease, err := foreign.Acquire(ctx, "job", time.Hour)
		require.NoError(t, err)
		err = db.Tx(ctx, func(tx *core.Tx) error {
			if err := tx.Fence(ctx, lease); err != nil {
				return err
			}
			time.Sleep(2 * time.Minute)
			_, err := tx.Put(ctx, "docs/a", counted{N: 1})
			return err
		}, core.TxAttempts(3))
		require.NoError(t, err)
	})
}

// What other programs change without a new revision is a change all the same.
func TestAChangeByOtherMeansIsAConflict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		db := s.open(t)
		for _, write := range []bool{false, true} {
			_, err := db.Put(ctx, "docs/a", counted{N: 1})
			require.NoError(t, err)
			tx, err := db.Begin(ctx)
			require.NoError(t, err)
			var seen counted
			_, err = tx.Get(ctx, "docs/a", &seen)
			require.NoError(t, err)
			edited := strings.Replace(s.body(t, "docs/a.json"), `"n":1`, `"n":7`, 1)
			_, err = s.store.Put(ctx, "docs/a.json", []byte(edited), ports.Any)
			require.NoError(t, err)
			time.Sleep(2 * time.Minute)
			if write {
				_, err = tx.Put(ctx, "docs/a", counted{N: seen.N + 1})
				require.NoError(t, err)
			}
			_, err = tx.Put(ctx, "docs/b", counted{N: seen.N})
			require.NoError(t, err)
			require.ErrorIs(t, tx.Commit(ctx), core.ErrConflict)
		}
	})
}

// A transaction is over when its function returns, and can be committed once.
func TestATransactionEndsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), siteLikeS3()
		plan := faults.New(faults.Options{})
		db := s.through(plan).open(t)
		tx, err := db.Begin(ctx)
		require.NoError(t, err)
		for _, key := range []string{"docs/a", "docs/b"} {
			_, err := tx.Put(ctx, key, counted{N: 1})
			require.NoError(t, err)
		}
		pause := plan.On(faults.Match{Method: faults.Put, KeyPrefix: "_sb/tx/"}).Pause()
		done := make(chan error, 1)
		go func() { done <- tx.Commit(ctx) }()
		<-pause.Reached()
		require.ErrorIs(t, tx.Commit(ctx), core.ErrClosed)
		_, err = tx.Put(ctx, "docs/a", counted{N: 2})
		require.ErrorIs(t, err, core.ErrClosed)
		pause.Release()
		require.NoError(t, <-done)
	})
}
