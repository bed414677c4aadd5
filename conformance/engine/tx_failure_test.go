package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// rivals are two processes on one store like S3, the first of which has faults,
// with the purses a and b of a hundred coins.
type rivals struct {
	*site
	plan          *faults.Plan
	first, second *core.Collection[purse]
}

// patient is for how long others wait for a transaction on such a store.
const patient = 3 * time.Second

func newRivals(t *testing.T, change ...func(*core.Options)) *rivals {
	t.Helper()
	r := &rivals{site: &site{store: memory.NewStore(likeS3)}, plan: faults.New(faults.Options{})}
	faulty := &site{store: faults.Store(r.store, r.plan)}
	r.first = purses(t, faulty.open(t, append(change, func(o *core.Options) { o.SkipProbe, o.Attempts = true, 3 })...))
	r.second = purses(t, r.open(t))
	stock(t, r.second, "a", "b")
	for _, c := range []*core.Collection[purse]{r.first, r.second} {
		coins(t, c, "a")
	}
	r.plan.Reset()
	return r
}

// onRivals runs a test in time that passes by itself.
func onRivals(t *testing.T, fn func(t *testing.T, r *rivals)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { fn(t, newRivals(t)) })
}

// want checks the coins of both purses as a new process finds them, as a reader
// and then as a writer; afterwards nothing is locked.
func (r *rivals) want(t *testing.T, a, b int) {
	t.Helper()
	synctest.Wait()
	c := purses(t, r.open(t))
	require.Equal(t, []int{a, b}, []int{coins(t, c, "a"), coins(t, c, "b")}, "to a reader")
	for _, id := range []string{"a", "b"} {
		if coins(t, c, id) >= 0 {
			_, err := c.Patch(t.Context(), id, `{"touched":true}`)
			require.NoError(t, err)
		} else {
			require.NoError(t, c.Delete(t.Context(), id))
		}
	}
	require.Empty(t, lockedKeys(t, r.store))
	require.Equal(t, []int{a, b}, []int{coins(t, c, "a"), coins(t, c, "b")}, "to a writer")
}

var (
	ofDecision = faults.Match{Method: faults.Put, KeyPrefix: "_sb/tx/"}
	ofA        = faults.Match{Method: faults.Put, Key: purseKey("a")}
	ofB        = faults.Match{Method: faults.Put, Key: purseKey("b")}
)

// always is a match of every call from then on.
func always(m faults.Match) faults.Match { m.Times = faults.Always; return m }

func TestACommitWhoseAnswerIsLostIsFound(t *testing.T) {
	for name, harm := range map[string]func(r *faults.Rule){
		"lost":                  func(r *faults.Rule) { r.LoseAnswer() },
		"lost, and it is again": func(r *faults.Rule) { r.Retry() },
		"never sent":            func(r *faults.Rule) { r.LoseRequest() },
		"applied later":         func(r *faults.Rule) { r.ApplyAfter(1) },
	} {
		t.Run(name, func(t *testing.T) {
			onRivals(t, func(t *testing.T, r *rivals) {
				harm(r.plan.On(ofDecision))
				require.NoError(t, move(t.Context(), r.first, "a", "b", 5))
				r.want(t, 95, 105)
			})
		})
	}
}

// The commit hangs in the network until others have ended the transaction.
func TestACommitThatIsDelayedPastAPush(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		late := r.plan.On(ofDecision).ApplyLate()
		r.plan.On(faults.Match{KeyPrefix: "_sb/tx/", Nth: 2, Times: faults.Always}).LoseRequest()
		err := move(t.Context(), r.first, "a", "b", 5)
		require.ErrorIs(t, err, core.ErrOutcomeUnknown)
		_, err = r.second.Update(t.Context(), "a", func(p *purse) error { p.Coins++; return nil })
		require.NoError(t, err)
		require.ErrorIs(t, errors.Join(late.Apply(t.Context())...), ports.ErrPrecondition)
		r.want(t, 101, 100)
	})
}

// The lock may be there, but the commit was never sent, so it is known that
// nothing came of the transaction, and it is not waited for.
func TestALockOfUnknownOutcomeIsNoUnknownCommit(t *testing.T) {
	for name, harm := range map[string]func(r *rivals){
		"lost":          func(r *rivals) { r.plan.On(always(ofB)).LoseRequest() },
		"applied later": func(r *rivals) { r.plan.On(always(ofB)).ApplyLate() },
		"no answers": func(r *rivals) {
			r.plan.On(ofB).LoseAnswer()
			r.plan.On(faults.Match{Method: faults.Get, Key: purseKey("b"), Nth: 2, Times: 3}).LoseRequest()
		},
	} {
		t.Run(name, func(t *testing.T) {
			onRivals(t, func(t *testing.T, r *rivals) {
				harm(r)
				err := move(t.Context(), r.first, "a", "b", 5)
				require.NotErrorIs(t, err, core.ErrOutcomeUnknown)
				require.ErrorIs(t, err, core.ErrUnavailable)
				r.plan.Heal()
				r.plan.Apply(t.Context())
				began := time.Now()
				r.want(t, 100, 100)
				require.Zero(t, time.Since(began), "somebody had to wait")
			})
		})
	}
}

// A crash between any two calls leaves all or nothing, and locks that anybody
// can end. The owner's last word is right.
func TestACrashAtEveryCallOfATransaction(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(r *faults.Rule){
		"before it": func(r *faults.Rule) { r.LoseRequest() },
		"after it":  func(r *faults.Rule) { r.LoseAnswer() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, hit := 1, true; hit && !t.Failed(); n++ {
				synctest.Test(t, func(t *testing.T) {
					r := newRivals(t)
					rule := r.plan.On(faults.Match{Nth: n, Times: faults.Always})
					harm(rule)
					err := r.first.DB().Tx(t.Context(), func(tx *core.Tx) error {
						in := r.first.In(tx)
						if _, err := in.Exists(t.Context(), "c"); err != nil { // so that readers wait
							return err
						}
						return moveIn(t.Context(), in, "a", "b", 5)
					})
					synctest.Wait()
					hit = rule.Hits() > 0
					require.NoError(t, r.first.DB().Close())
					moved := 0
					if coins(t, r.second, "a") == 95 {
						moved = 5
					}
					if err == nil {
						require.Equal(t, 5, moved, "call %d", n)
					} else if !isAny(err, core.ErrOutcomeUnknown) {
						require.Zero(t, moved, "call %d: %v", n, err)
					}
					r.want(t, 100-moved, 100+moved)
				})
			}
		})
	}
}

// Two helpers roll a transaction forward; between them a plain writer puts.
func TestAPlainPutBetweenTwoHelpers(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		ctx := t.Context()
		r.plan.On(faults.Match{Method: faults.Put, Key: purseKey("a"), Nth: 2, Times: faults.Always}).LoseRequest()
		require.NoError(t, move(ctx, r.first, "a", "b", 5))
		synctest.Wait()
		require.Equal(t, []string{purseKey("a")}, lockedKeys(t, r.store), "it is still to be rolled forward")
		r.plan.Reset()
		pause := r.plan.On(ofA).Pause()
		helped := make(chan error)
		go func() {
			_, err := r.first.Update(ctx, "a", func(p *purse) error { p.Coins++; return nil })
			helped <- err
		}()
		<-pause.Reached() // with the roll-forward in its hands
		_, err := r.second.Put(ctx, "a", purse{Coins: 7})
		require.NoError(t, err)
		pause.Release()
		require.NoError(t, <-helped)
		r.want(t, 8, 105)
	})
}

// A create locks an absent key and is given up; another client creates the
// document; then a copy of the lock arrives once more.
func TestALockOfACreateThatComesBack(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		ctx := t.Context()
		replay := r.plan.On(faults.Match{Method: faults.Put, Key: purseKey("c")}).Replay()
		r.plan.On(ofDecision).Fail(ports.ErrPermission)
		err := r.first.DB().Tx(ctx, func(tx *core.Tx) error {
			_, err := r.first.In(tx).Create(ctx, "c", purse{Coins: 1})
			require.NoError(t, err)
			return moveIn(ctx, r.first.In(tx), "a", "b", 5)
		}, core.TxAttempts(1))
		require.ErrorIs(t, err, core.ErrPermission)
		require.Equal(t, -1, coins(t, r.second, "c"))
		_, err = r.second.Create(ctx, "c", purse{Coins: 2})
		require.NoError(t, err)
		require.ErrorIs(t, errors.Join(replay.Apply(ctx)...), ports.ErrPrecondition)
		require.Equal(t, 2, coins(t, r.second, "c"))
		r.want(t, 100, 100)
	})
}

func TestATransactionOverTombstones(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		ctx := t.Context()
		require.NoError(t, r.second.Delete(ctx, "a"))
		require.NoError(t, r.second.Delete(ctx, "b"))
		create := func(attempts int) error {
			return r.first.DB().Tx(ctx, func(tx *core.Tx) error {
				_, err := r.first.In(tx).Create(ctx, "a", purse{Coins: 1})
				if err == nil {
					_, err = r.first.In(tx).Create(ctx, "b", purse{Coins: 1})
				}
				return err
			}, core.TxAttempts(attempts))
		}
		// It fails first: the tombstones are back, and no document.
		r.plan.On(ofDecision).Fail(ports.ErrPermission)
		require.ErrorIs(t, create(1), core.ErrPermission)
		synctest.Wait()
		require.Equal(t, []int{-1, -1}, []int{coins(t, r.second, "a"), coins(t, r.second, "b")})
		require.Contains(t, r.body(t, purseKey("a")), `,"_deleted":true}`)
		require.NoError(t, create(1))
		r.want(t, 1, 1)
	})
}

// A delete in a transaction, as readers find it before and after it is rolled
// forward.
func TestADeleteInATransaction(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		ctx := t.Context()
		r.plan.On(faults.Match{Method: faults.Put, Key: purseKey("a"), Nth: 2, Times: faults.Always}).LoseRequest()
		pause := r.plan.On(ofDecision).Pause()
		done := make(chan error)
		go func() {
			done <- r.first.DB().Tx(ctx, func(tx *core.Tx) error {
				if err := r.first.In(tx).Delete(ctx, "a"); err != nil {
					return err
				}
				_, err := r.first.In(tx).Put(ctx, "b", purse{Coins: 200})
				return err
			})
		}()
		<-pause.Reached()
		require.Equal(t, []int{100, 100}, []int{coins(t, r.second, "a"), coins(t, r.second, "b")}, "locked, undecided")
		pause.Release()
		require.NoError(t, <-done)
		synctest.Wait()
		require.Equal(t, []string{purseKey("a")}, lockedKeys(t, r.store))
		require.Equal(t, []int{-1, 200}, []int{coins(t, r.second, "a"), coins(t, r.second, "b")}, "before the roll-forward")
		docs, err := r.second.All(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"b"}, idsOf(docs))
		require.NoError(t, r.second.Delete(ctx, "a"), "there is nothing to delete")
		require.NotContains(t, r.body(t, purseKey("a")), "_tx")
		r.want(t, -1, 200)
	})
}

// T reads a document under the undecided lock of T2, which commits before T
// validates, or after.
func TestReadingUnderTheLockOfAnother(t *testing.T) {
	for name, before := range map[string]bool{"which commits before": true, "which commits after": false} {
		t.Run(name, func(t *testing.T) {
			onRivals(t, func(t *testing.T, r *rivals) {
				ctx := t.Context()
				pause := r.plan.On(ofDecision).Pause()
				done := make(chan error, 1)
				go func() { done <- move(ctx, r.first, "a", "b", 5) }()
				<-pause.Reached()
				runs, sum := 0, 0
				err := r.second.DB().Tx(ctx, func(tx *core.Tx) error {
					runs++
					in := r.second.In(tx)
					sum = 0
					for _, id := range []string{"a", "b"} {
						doc, err := in.Get(ctx, id)
						if err != nil {
							return err
						}
						sum += doc.Value.Coins
						if runs == 1 && before && id == "a" {
							require.Equal(t, 100, doc.Value.Coins)
							pause.Release()
							require.NoError(t, <-done)
						}
					}
					_, err := in.Put(ctx, "c", purse{Coins: sum})
					return err
				})
				require.NoError(t, err)
				require.Equal(t, 200, sum)
				want := 1
				if before {
					want = 2
				}
				require.Equal(t, want, runs)
				if !before {
					pause.Release()
					require.NoError(t, <-done, "it came later")
				}
				r.want(t, 95, 105)
			})
		})
	}
}

// Each reads both purses and empties another one; together they must not empty
// both.
func TestWriteSkew(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		ctx := t.Context()
		var ended []error
		results := make(chan error, 2)
		pause := r.plan.On(ofDecision).Pause()
		empty := func(c *core.Collection[purse], own string) {
			results <- c.DB().Tx(ctx, func(tx *core.Tx) error {
				in, sum := c.In(tx), 0
				for _, id := range []string{"a", "b"} {
					doc, err := in.Get(ctx, id)
					if err != nil {
						return err
					}
					sum += doc.Value.Coins
				}
				if sum < 200 {
					return errOwn
				}
				_, err := in.Patch(ctx, own, `{"coins":0}`)
				return err
			})
		}
		go empty(r.first, "a")
		<-pause.Reached() // the first one is validated
		go empty(r.second, "b")
		later(t, patient/2)
		pause.Release()
		for range 2 {
			ended = append(ended, <-results)
		}
		require.True(t, (ended[0] == nil) != (ended[1] == nil), "%v", ended)
		require.Equal(t, 100, coins(t, r.second, "a")+coins(t, r.second, "b"))
	})
}

// The anomaly of three transactions (Fekete, O'Neil and O'Neil, 2004): a reader
// must not see the second one without the first that it comes after.
func TestTheReadOnlyAnomaly(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		ctx := t.Context()
		stock(t, r.second, "a", "b")
		// T1 reads a and b, and takes from a; it is validated, and pauses.
		pause := r.plan.On(ofDecision).Pause()
		first := make(chan error, 1)
		runs := 0
		go func() {
			first <- r.first.DB().Tx(ctx, func(tx *core.Tx) error {
				runs++
				in := r.first.In(tx)
				doc, err := in.Get(ctx, "b")
				if err != nil {
					return err
				}
				fee := 1
				if doc.Value.Coins > 100 {
					fee = 0
				}
				_, err = in.Update(ctx, "a", func(p *purse) error { p.Coins -= 10 + fee; return nil })
				return err
			})
		}()
		<-pause.Reached()
		// T2 puts into b. T3 then reads both: it must not see a as it was before
		// T1, which took the fee because it came before T2.
		_, err := r.second.Update(ctx, "b", func(p *purse) error { p.Coins += 20; return nil })
		require.NoError(t, err)
		type sums struct{ a, b int }
		third := make(chan sums, 1)
		go func() {
			var s sums
			require.NoError(t, r.second.DB().Tx(ctx, func(tx *core.Tx) error {
				for id, into := range map[string]*int{"a": &s.a, "b": &s.b} {
					doc, err := r.second.In(tx).Get(ctx, id)
					if err != nil {
						return err
					}
					*into = doc.Value.Coins
				}
				return nil
			}, core.ReadOnly()))
			third <- s
		}()
		later(t, patient/2)
		pause.Release()
		require.NoError(t, <-first)
		require.Equal(t, sums{89, 120}, <-third, "the reader waits for the first")
		require.Equal(t, 1, runs)
		r.want(t, 89, 120)
	})
}

// A store that is busy most of the time slows transactions down, nothing else.
func TestBusyStorms(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		n := 0
		r.plan.On(faults.Match{Method: faults.AnyWrite, Times: faults.Always, Where: func(faults.Call) bool { n++; return n%3 != 0 }}).Busy()
		for range 10 {
			require.NoError(t, move(t.Context(), r.first, "a", "b", 1))
		}
		synctest.Wait()
		r.plan.Heal()
		r.want(t, 90, 110)
	})
}

// Google Cloud Storage takes one write a second to an object, and a transaction
// makes two.
func TestAStoreThatThrottlesWrites(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		r.plan.On(always(faults.Match{Method: faults.Put})).Throttle(time.Second)
		for range 5 {
			require.NoError(t, move(t.Context(), r.first, "a", "b", 1))
			later(t, 4*time.Second)
		}
		later(t, time.Minute)
		require.Empty(t, lockedKeys(t, r.store))
		r.want(t, 95, 105)
	})
}

// The clock of one client is hours off: patience is measured on the other's own.
func TestTransactionsOfAClientWithAWrongClock(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-5 * time.Hour, 5 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			r := newRivals(t, withClock(newWrongClock(off)))
			ctx := t.Context()
			for range 5 {
				require.NoError(t, move(ctx, r.first, "a", "b", 1))
				require.NoError(t, move(ctx, r.second, "a", "b", 1))
			}
			synctest.Wait()
			pause := r.plan.On(ofDecision).Pause()
			done := make(chan error, 1)
			go func() { done <- move(ctx, r.first, "a", "b", 1) }()
			<-pause.Reached()
			began := time.Now()
			_, err := r.second.Update(ctx, "a", func(p *purse) error { return nil })
			require.NoError(t, err)
			require.Equal(t, patient, time.Since(began))
			pause.Release()
			require.NoError(t, <-done, "it runs again")
			r.want(t, 89, 111)
		})
	}
}

// A client that stands still for two minutes between the validation and the
// commit never commits what it had validated.
func TestAClientThatPausesBeforeTheCommit(t *testing.T) {
	for name, off := range map[string]bool{"both clocks go on": false, "only the wall clock goes on": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				clock := newWrongClock(0)
				r := newRivals(t, withClock(clock))
				ctx := t.Context()
				runs := 0
				r.plan.On(faults.Match{Method: faults.Stat}).After(func(_ context.Context, _ faults.Call, err error) error {
					if off {
						clock.off.Add(int64(2 * time.Minute))
					} else {
						later(t, 2*time.Minute)
					}
					return err
				})
				committed := 0
				r.plan.On(always(ofDecision)).After(func(_ context.Context, c faults.Call, err error) error {
					committed++
					return err
				})
				err := r.first.DB().Tx(ctx, func(tx *core.Tx) error {
					runs++
					if _, err := r.first.In(tx).Exists(ctx, "c"); err != nil {
						return err
					}
					return moveIn(ctx, r.first.In(tx), "a", "b", 5)
				}, core.TxAttempts(1))
				require.ErrorIs(t, err, core.ErrConflict)
				require.Equal(t, 1, runs)
				require.Zero(t, committed, "no commit was sent")
				synctest.Wait()
				require.Empty(t, lockedKeys(t, r.store))
				r.want(t, 100, 100)
			})
		})
	}
}

// Others don't wait for a client that is away for longer than it asked them to.
func TestAClientThatIsAwayIsOvertaken(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		ctx := t.Context()
		pause := r.plan.On(ofDecision).Pause()
		done := make(chan error, 1)
		go func() { done <- move(ctx, r.first, "a", "b", 5) }()
		<-pause.Reached()
		began := time.Now()
		require.NoError(t, move(ctx, r.second, "b", "a", 1))
		require.Equal(t, patient, time.Since(began))
		pause.Release()
		require.NoError(t, <-done, "it runs again")
		r.want(t, 96, 104)
	})
}

// The context ends while the commit is under way: it is committed or not, the
// owner says that it does not know, and nobody stays locked out.
func TestAContextThatEndsDuringTheCommit(t *testing.T) {
	for name, m := range map[string]faults.Match{"at a lock": ofB, "at the decision": ofDecision} {
		for _, after := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				onRivals(t, func(t *testing.T, r *rivals) {
					ctx, cancel := context.WithCancel(t.Context())
					if after {
						r.plan.On(m).After(func(_ context.Context, _ faults.Call, err error) error {
							cancel()
							return ports.Fail("put", "", ports.ErrUnknown, context.Canceled)
						})
					} else {
						r.plan.On(m).Before(func(context.Context, faults.Call) error { cancel(); return nil })
					}
					err := move(ctx, r.first, "a", "b", 5)
					require.Error(t, err)
					later(t, 10*time.Second)
					moved := 0
					if coins(t, r.second, "a") == 95 {
						moved = 5
					}
					if m.Key == ofB.Key {
						require.ErrorIs(t, err, context.Canceled)
						require.NotErrorIs(t, err, core.ErrOutcomeUnknown)
						require.Zero(t, moved)
					}
					if !isAny(err, core.ErrOutcomeUnknown) {
						require.Zero(t, moved)
					}
					r.want(t, 100-moved, 100+moved)
				})
			})
		}
	}
}

// Once it is committed, the end of the context does not keep it from being
// rolled forward.
func TestAContextThatEndsAfterTheCommit(t *testing.T) {
	onRivals(t, func(t *testing.T, r *rivals) {
		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, move(ctx, r.first, "a", "b", 5))
		cancel()
		synctest.Wait()
		require.Empty(t, lockedKeys(t, r.store))
		r.want(t, 95, 105)
	})
}
