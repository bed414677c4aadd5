package txn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// The objects of the scenarios: a document, nothing, a tombstone, and a large
// one, which is staged.
var objects = []string{"doc.json", "fresh.json", "gone.json", "large.json"}

func fill(t *testing.T, store *memory.Store) {
	put(t, store, "doc.json", doc(5, "old"))
	put(t, store, "gone.json", document.Tombstone(6))
	put(t, store, "large.json", doc(7, "old"))
}

// change is a transaction over all of them, and how it ended for its owner.
func change(t *testing.T, c *client, reads bool) (a *txn.Attempt, err error) {
	a = &txn.Attempt{Resolver: c.Resolver, ID: txn.NewID(time.Now(), c.Random), Reads: reads, Wait: patience, Workers: 1}
	var writes []*txn.Write
	for i, key := range objects {
		base, err := c.Read(t.Context(), key)
		if err != nil {
			return a, err
		}
		text := "new"
		if key == "large.json" {
			text = strings.Repeat("new", 22_000)
		}
		writes = append(writes, &txn.Write{Base: base, Body: doc(revision.Revision(100+i), text)})
	}
	decided := false
	if err = a.Lock(t.Context(), writes...); err == nil {
		err = a.Decide(t.Context(), open)
		decided = err == nil || errors.Is(err, ports.ErrUnknown)
	}
	if err == nil {
		_ = a.Finish(t.Context())
	} else if !decided {
		_, _ = a.Abort(t.Context())
	}
	if err != nil && !decided && errors.Is(err, ports.ErrUnknown) {
		err = errors.New(err.Error()) // it is known that nothing came of it
	}
	return a, err
}

// outcome reads all objects as a writer does that has no faults.
func outcome(t *testing.T, store *memory.Store) string {
	t.Helper()
	fresh := newClient(store)
	var all []string
	for _, key := range objects {
		text := fresh.reads(t, key)
		all = append(all, text[:min(len(text), 3)])
	}
	switch got := strings.Join(all, ","); got {
	case "new,new,new,new":
		return "all"
	case "old,,,old":
		return "nothing"
	default:
		return got
	}
}

var harms = []struct {
	name  string
	times int
	do    func(*faults.Rule)
}{
	{"fails", 1, func(r *faults.Rule) { r.Fail(ports.ErrUnavailable) }},
	{"fails for good", 3, func(r *faults.Rule) { r.Fail(ports.ErrUnavailable) }},
	{"loses its answer", 1, func(r *faults.Rule) { r.LoseAnswer() }},
	{"loses three answers", 3, func(r *faults.Rule) { r.LoseAnswer() }},
	{"is lost", 1, func(r *faults.Rule) { r.LoseRequest() }},
	{"is lost three times", 3, func(r *faults.Rule) { r.LoseRequest() }},
	{"is applied later", 1, func(r *faults.Rule) { r.ApplyAfter(3) }},
	{"is applied at the very end", 1, func(r *faults.Rule) { r.ApplyLate() }},
	{"is applied at the very end, three times", 3, func(r *faults.Rule) { r.ApplyLate() }},
	{"is applied twice", 1, func(r *faults.Rule) { r.Duplicate() }},
	{"is applied again later", 1, func(r *faults.Rule) { r.ReplayAfter(4) }},
	{"is applied again at the very end", 1, func(r *faults.Rule) { r.Replay() }},
	{"is the last one", faults.Always, func(r *faults.Rule) { r.LoseRequest() }},
	{"is the last one, and done", faults.Always, func(r *faults.Rule) { r.LoseAnswer() }},
	{"is the last one, and all are done late", faults.Always, func(r *faults.Rule) { r.ApplyLate() }},
}

// TestWhateverCallFails fails the Nth call of a transaction in every way, for
// N = 1, 2, … Whatever became of it, all of it happened or nothing; the owner
// knows which, or says that it doesn't; and no lock is left in anybody's way.
func TestWhateverCallFails(t *testing.T) {
	t.Parallel()
	for _, harm := range harms {
		for _, reads := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reads %v", harm.name, reads), func(t *testing.T) {
				t.Parallel()
				for n, hit := 1, true; hit && !t.Failed(); n++ {
					synctest.Test(t, func(t *testing.T) {
						store := newStore()
						fill(t, store)
						owner := newClient(store)
						rule := owner.plan.On(faults.Match{Nth: n, Times: harm.times})
						harm.do(rule)
						a, err := change(t, owner, reads)
						hit = rule.Hits() > 0
						owner.plan.Heal()
						early := outcome(t, store)
						owner.plan.Apply(t.Context())
						late := outcome(t, store)
						want := "all"
						if err != nil {
							want = "nothing"
						}
						told := early == want || early == "all" && errors.Is(err, ports.ErrUnknown)
						if early != late || !told {
							t.Errorf("where call %d %s: the owner is told %v, it is %s, and later %s\n%s", n, harm.name, err, early, late, owner.plan.Trace())
						}
						if left := decided(store, a); left != "" && left != "committed" && left != "aborted" {
							t.Errorf("the decision is %s", left)
						}
					})
				}
			})
		}
	}
}

// While the transaction is under way, readers see all of it or nothing, too.
func TestReadersSeeAllOrNothingAtEveryCall(t *testing.T) {
	t.Parallel()
	for n, hit := 1, true; hit && !t.Failed(); n++ {
		inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
			fill(t, store)
			look := func() string {
				var seen []string
				for _, key := range objects {
					text, _ := other.sees(t, key, txn.Strict)
					seen = append(seen, text[:min(len(text), 3)])
				}
				return strings.Join(seen, ",")
			}
			var before, after string
			rule := owner.plan.On(faults.Match{Nth: n}).After(func(_ context.Context, _ faults.Call, err error) error {
				before = look()
				return err
			})
			if _, err := change(t, owner, false); err != nil {
				t.Fatal(err)
			}
			after = look()
			hit = rule.Hits() > 0
			if hit && before != "old,,,old" && before != "new,new,new,new" || after != "new,new,new,new" {
				t.Errorf("after call %d it is %s, in the end %s", n, before, after)
			}
		})
	}
}

func TestAbortWithoutDoubtNeedsNoDecision(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		fill(t, store)
		a, writes := owner.attempt(t, false, "new", objects...)
		put(t, store, "gone.json", doc(50, "other"))
		if err := a.Lock(t.Context(), writes...); !errors.Is(err, ports.ErrPrecondition) {
			t.Fatalf("Lock answers %v", err)
		}
		if committed, err := a.Abort(t.Context()); committed || err != nil {
			t.Fatalf("Abort answers %v, %v", committed, err)
		}
		if left := keys(t, store, layout.TxPrefix); len(left) > 0 {
			t.Errorf("left are %q", left)
		}
		for _, key := range objects {
			if document.IsLocked([]byte(holds(store, key))) {
				t.Errorf("%s is locked", key)
			}
		}
		if got := outcome(t, store); got != "old,,oth,old" {
			t.Errorf("it is %s", got)
		}
	})
}

// Where it is not known whether a lock is there, or comes, nobody has to wait
// for it.
func TestAbortWithADoubtfulLockDecides(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		fill(t, store)
		late := owner.plan.On(faults.Match{Method: faults.Put, Key: "doc.json", Times: faults.Always}).ApplyLate()
		a, writes := owner.attempt(t, false, "new", objects...)
		if err := a.Lock(t.Context(), writes...); !errors.Is(err, ports.ErrUnknown) {
			t.Fatalf("Lock answers %v", err)
		}
		if committed, err := a.Abort(t.Context()); committed || err != nil || decided(store, a) != "aborted" {
			t.Fatalf("Abort answers %v, %v, the decision is %q", committed, err, decided(store, a))
		}
		late.Apply(t.Context())
		if !document.IsLocked([]byte(holds(store, "doc.json"))) {
			t.Fatal("the lock did not come")
		}
		began := time.Now()
		if got := outcome(t, store); got != "nothing" || time.Since(began) != 0 {
			t.Errorf("after %v it is %s", time.Since(began), got)
		}
	})
}

// A commit that was sent, and arrives after another client has ended the
// transaction, changes nothing.
func TestACommitThatArrivesAfterThePush(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		fill(t, store)
		a := owner.locked(t, true, "new", "doc.json", "fresh.json")
		late := owner.plan.On(faults.Match{Method: faults.Put, KeyPrefix: layout.TxPrefix}).ApplyLate()
		owner.plan.On(faults.Match{Method: faults.AnyMethod, Nth: 2, Times: faults.Always}).LoseRequest() // and then the owner is cut off
		if err := a.Decide(t.Context(), open); !errors.Is(err, ports.ErrUnknown) {
			t.Fatalf("Decide answers %v", err)
		}
		if got := other.reads(t, "doc.json"); got != "old" {
			t.Errorf("it is %q", got)
		}
		if errs := late.Apply(t.Context()); len(errs) != 1 || !errors.Is(errs[0], ports.ErrPrecondition) {
			t.Errorf("the late commit answers %v", errs)
		}
		if got := other.reads(t, "doc.json") + other.reads(t, "fresh.json"); got != "old" {
			t.Errorf("it is %q", got)
		}
	})
}

// The answer of the commit is lost: the owner finds its decision.
func TestACommitWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(r *faults.Rule){
		"lost": func(r *faults.Rule) { r.LoseAnswer() }, "lost and repeated": func(r *faults.Rule) { r.Retry() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
				a := owner.locked(t, true, "new", "a.json", "b.json")
				harm(owner.plan.On(faults.Match{Method: faults.Put, KeyPrefix: layout.TxPrefix}))
				decide(t, a)
				if got := other.reads(t, "a.json"); got != "new" {
					t.Errorf("it is %q", got)
				}
			})
		})
	}
}

func TestNothingIsCommittedTooLate(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		a := owner.locked(t, false, "new", "a.json", "b.json")
		sleep(t, txn.MaxDuration+time.Nanosecond)
		if err := a.Decide(t.Context(), open); !errors.Is(err, txn.ErrTooLate) || errors.Is(err, ports.ErrUnknown) {
			t.Fatalf("Decide answers %v", err)
		}
		if left := keys(t, store, layout.TxPrefix); len(left) > 0 {
			t.Errorf("it sent %q", left)
		}
		if _, err := a.Abort(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if got := other.reads(t, "a.json") + other.reads(t, "b.json"); got != "" || time.Since(began) > 0 {
			t.Errorf("it is %q after %v", got, time.Since(began))
		}
	})
}

// An owner that slept while its commit was under way does not take a decision
// for its own end that others may have made in its absence.
func TestAnOwnerThatSleptDoesNotGuess(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		a := owner.locked(t, false, "new", "a.json", "b.json")
		owner.plan.On(faults.Match{Method: faults.Put, KeyPrefix: layout.TxPrefix}).After(func(context.Context, faults.Call, error) error {
			// The commit took effect; then all of it was finished and forgotten, and
			// somebody who had met one of the locks ended it once more.
			_ = ports.SystemClock().Sleep(context.Background(), 48*time.Hour)
			put(t, store, layout.DecisionKey(a.ID), []byte(`{"state":"aborted"}`))
			return ports.Fail("put", "", ports.ErrUnknown, nil)
		})
		if err := a.Decide(t.Context(), open); !errors.Is(err, ports.ErrUnknown) {
			t.Errorf("Decide answers %v", err)
		}
	})
}

// A refusal of the gate is no commit, and known to be none.
func TestAGateRefusesTheCommit(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		a := owner.locked(t, false, "new", "a.json", "b.json")
		closed := errors.New("closed")
		refuse := func(context.Context) (context.Context, context.CancelFunc, error) {
			return nil, nil, cas.Refuse(closed)
		}
		if err := a.Decide(t.Context(), refuse); !errors.Is(err, closed) || errors.Is(err, ports.ErrUnknown) {
			t.Fatalf("Decide answers %v", err)
		}
		if committed, err := a.Abort(t.Context()); committed || err != nil || len(keys(t, store, layout.TxPrefix)) > 0 {
			t.Errorf("Abort answers %v, %v", committed, err)
		}
	})
}

// Two helpers roll forward; between them a plain writer replaces the document.
func TestASlowHelperOverwritesNothing(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{true, false} {
		inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
			third := newClient(store)
			fill(t, store)
			a := owner.locked(t, false, "new", "doc.json", "fresh.json")
			if committed {
				decide(t, a)
			} else {
				put(t, store, layout.DecisionKey(a.ID), []byte(`{"state":"aborted"}`))
			}
			pause := other.plan.On(faults.Match{Method: faults.Put, Key: "doc.json"}).Pause()
			done := make(chan string)
			go func() { done <- other.reads(t, "doc.json") }()
			<-pause.Reached()
			state, err := third.Read(t.Context(), "doc.json")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := third.Registers.Replace(t.Context(), state, doc(9e18, "plain"), nil); err != nil {
				t.Fatal(err)
			}
			pause.Release()
			if got := <-done; got != "plain" {
				t.Errorf("the slow helper finds %q", got)
			}
			if err := a.Finish(t.Context()); committed && err != nil {
				t.Error(err)
			}
			if got := third.reads(t, "doc.json"); got != "plain" {
				t.Errorf("it is %q", got)
			}
		})
	}
}

// The lock of a create arrives late, after the transaction was ended and
// another client has created the object.
func TestALateCreateLock(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		late := owner.plan.On(faults.Match{Method: faults.Put, Key: "a.json"}).ApplyLate()
		owner.plan.On(faults.Match{Nth: 3, Times: faults.Always}).LoseRequest()
		a, writes := owner.attempt(t, false, "new", "a.json", "b.json")
		if err := a.Lock(t.Context(), writes...); err == nil {
			t.Fatal("the lock is there")
		}
		state, err := other.Read(t.Context(), "a.json")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Registers.Replace(t.Context(), state, doc(9, "other"), nil); err != nil {
			t.Fatal(err)
		}
		late.Apply(t.Context())
		if got := other.reads(t, "a.json"); got != "other" {
			t.Errorf("it is %q", got)
		}
	})
}

// What a create had locked and given up is a tombstone, which the late second
// copy of the lock can't replace.
func TestACreateLockThatIsReplayed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		replay := owner.plan.On(faults.Match{Method: faults.Put, Key: "a.json"}).Replay()
		a := owner.locked(t, false, "new", "a.json", "b.json")
		if _, err := a.Abort(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := other.locked(t, false, "again", "a.json", "b.json")
		decide(t, again)
		if err := again.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		if errs := replay.Apply(t.Context()); len(errs) != 1 || !errors.Is(errs[0], ports.ErrPrecondition) {
			t.Errorf("the replay answers %v", errs)
		}
		if got := other.reads(t, "a.json"); got != "again" {
			t.Errorf("it is %q", got)
		}
	})
}

// Locks are taken at the same time, but after a lost race the first one alone.
func TestACarefulAttemptTakesOneLockFirst(t *testing.T) {
	t.Parallel()
	for _, careful := range []bool{false, true} {
		inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
			a, writes := owner.attempt(t, false, "new", "c.json", "a.json", "b.json")
			a.Careful = careful
			pause := owner.plan.On(faults.Match{Method: faults.Put, Key: "a.json"}).Pause()
			done := make(chan error)
			go func() { done <- a.Lock(t.Context(), writes...) }()
			<-pause.Reached()
			synctest.Wait()
			var locked []string
			for _, key := range keys(t, store, "") {
				if document.IsLocked([]byte(holds(store, key))) {
					locked = append(locked, key)
				}
			}
			want := []string{"b.json", "c.json"}
			if careful {
				want = nil
			}
			if !slices.Equal(locked, want) {
				t.Errorf("careful: %v, locked are %q", careful, locked)
			}
			pause.Release()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}
