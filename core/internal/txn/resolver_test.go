package txn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// inBubble runs a test with an owner of transactions and another client.
func inBubble(t *testing.T, fn func(t *testing.T, store *memory.Store, owner, other *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := newStore()
		fn(t, store, newClient(store), newClient(store))
	})
}

// befores are the states that a lock can lie over, and what they are to a user.
var befores = []struct {
	name  string
	body  []byte
	value string
}{
	{"a document", doc(5, "old"), "old"},
	{"nothing", nil, ""},
	{"a tombstone", document.Tombstone(5), ""},
	{"a document of other means", []byte(`{"v":"foreign"}`), "foreign"},
}

// onBefores runs a test for each of them, at key "k.json".
func onBefores(t *testing.T, fn func(t *testing.T, store *memory.Store, owner, other *client, before string)) {
	t.Parallel()
	for _, b := range befores {
		t.Run(b.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
				if b.body != nil {
					put(t, store, "k.json", b.body)
				}
				fn(t, store, owner, other, b.value)
			})
		})
	}
}

func TestAnUndecidedLockShowsWhatWasBefore(t *testing.T) {
	onBefores(t, func(t *testing.T, store *memory.Store, owner, other *client, before string) {
		a := owner.locked(t, false, "new", "k.json")
		for _, mode := range []txn.Mode{txn.Plain, txn.Strict} {
			got, view := other.sees(t, "k.json", mode)
			if got != before || view.Pending != a.ID || !view.Locked {
				t.Errorf("mode %d sees %q, %+v", mode, got, view)
			}
		}
		if writes := other.plan.Calls(faults.AnyWrite); writes > 0 {
			t.Errorf("%d writes", writes)
		}
		decide(t, a)
		for _, mode := range []txn.Mode{txn.Plain, txn.Strict} {
			if got, view := other.sees(t, "k.json", mode); got != "new" || view.Pending != "" || !view.Locked {
				t.Errorf("once committed, mode %d sees %q, %+v", mode, got, view)
			}
		}
		if got := other.reads(t, "k.json"); got != "new" {
			t.Errorf("a writer finds %q", got)
		}
	})
}

func TestAReaderWaitsForATransactionThatRestsOnReads(t *testing.T) {
	onBefores(t, func(t *testing.T, store *memory.Store, owner, other *client, before string) {
		a := owner.locked(t, true, "new", "k.json")
		if got, view := other.sees(t, "k.json", txn.Strict); got != before || view.Pending != a.ID {
			t.Errorf("without waiting it is %q, %+v", got, view)
		}
		began := time.Now()
		time.AfterFunc(patience/2, func() { _ = a.Decide(context.Background(), open) })
		if got, view := other.sees(t, "k.json", txn.Plain); got != "new" || view.Pending != "" {
			t.Errorf("it is %q, %+v", got, view)
		}
		if took := time.Since(began); took < patience/2 || took >= patience {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAReaderEndsATransactionThatIsAwayTooLong(t *testing.T) {
	onBefores(t, func(t *testing.T, store *memory.Store, owner, other *client, before string) {
		a := owner.locked(t, true, "new", "k.json")
		began := time.Now()
		if got, view := other.sees(t, "k.json", txn.Plain); got != before || view.Pending != "" || !view.Locked {
			t.Errorf("it is %q, %+v", got, view)
		}
		if took := time.Since(began); took != patience {
			t.Errorf("it took %v", took)
		}
		if decided(store, a) != "aborted" {
			t.Errorf("the decision is %s", decided(store, a))
		}
		if err := a.Decide(t.Context(), open); !errors.Is(err, txn.ErrEnded) || errors.Is(err, ports.ErrUnknown) {
			t.Errorf("the owner is told %v", err)
		}
		if committed, err := a.Abort(t.Context()); committed || err != nil {
			t.Errorf("Abort answers %v, %v", committed, err)
		}
		if got := other.reads(t, "k.json"); got != before {
			t.Errorf("afterwards it is %q", got)
		}
	})
}

// A writer waits for every transaction, and then ends it and takes its lock
// off. No state ever comes back.
func TestAWriterReplacesTheLock(t *testing.T) {
	for _, reads := range []bool{false, true} {
		onBeforesOf(t, reads, func(t *testing.T, store *memory.Store, owner, other *client, before string) {
			exact := holds(store, "k.json")
			owner.locked(t, reads, "new", "k.json")
			began := time.Now()
			if got := other.reads(t, "k.json"); got != before || time.Since(began) != patience {
				t.Errorf("after %v it is %q", time.Since(began), got)
			}
			if after := holds(store, "k.json"); after == exact || after == "" {
				t.Errorf("the state came back: %q", after)
			}
		})
	}
}

func onBeforesOf(t *testing.T, reads bool, fn func(t *testing.T, store *memory.Store, owner, other *client, before string)) {
	t.Helper()
	name := "without reads"
	if reads {
		name = "with reads"
	}
	t.Run(name, func(t *testing.T) { onBefores(t, fn) })
}

func TestPatienceIsMeasuredOverAllCallsOfAProcess(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		a := owner.locked(t, true, "new", "j.json", "k.json")
		ctx, cancel := context.WithTimeout(t.Context(), patience*3/4)
		defer cancel()
		if _, err := other.Read(ctx, "j.json"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("the wait ends with %v", err)
		}
		began := time.Now()
		other.reads(t, "k.json") // another object of the same transaction
		if took := time.Since(began); took != patience/4 {
			t.Errorf("it took another %v", took)
		}
		if decided(store, a) != "aborted" {
			t.Error("it was not ended")
		}
	})
}

func TestALockSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	for wait, want := range map[string]time.Duration{
		"5s": 5 * time.Second, "0s": 0, "-1h": 0, "1000h": txn.MaxPatience, "": patience, "soon": patience,
	} {
		inBubble(t, func(t *testing.T, store *memory.Store, _, other *client) {
			lock := document.Lock{ID: "t1", Wait: wait}
			body, err := lock.Over(doc(5, "old"))
			if err != nil {
				t.Fatal(err)
			}
			put(t, store, "k.json", body)
			began := time.Now()
			if got := other.reads(t, "k.json"); got != "old" || time.Since(began) != want {
				t.Errorf("asked for %q, it is %q after %v", wait, got, time.Since(began))
			}
		})
	}
}

// A push and a commit race for the decision: whoever creates it first is right,
// for both of them.
func TestPushAgainstCommit(t *testing.T) {
	t.Parallel()
	for name, pushFirst := range map[string]bool{"the push is first": true, "the commit is first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
				put(t, store, "k.json", doc(5, "old"))
				a := owner.locked(t, false, "new", "k.json")
				slow := owner
				if !pushFirst {
					slow = other
				}
				pause := slow.plan.On(faults.Match{Method: faults.Put, KeyPrefix: layout.TxPrefix}).Pause()
				var commitErr error
				var found string
				commit := func() { commitErr = a.Decide(t.Context(), open) }
				push := func() { found = other.reads(t, "k.json") }
				first, second := push, commit
				if !pushFirst {
					first, second = commit, push
				}
				done := make(chan struct{})
				go func() { defer close(done); second() }()
				<-pause.Reached()
				first()
				pause.Release()
				<-done
				switch {
				case pushFirst && (found != "old" || !errors.Is(commitErr, txn.ErrEnded)):
					t.Errorf("the push finds %q, the commit answers %v", found, commitErr)
				case !pushFirst && (found != "new" || commitErr != nil):
					t.Errorf("the push finds %q, the commit answers %v", found, commitErr)
				}
			})
		})
	}
}

// A reader has the bytes of a lock in its hands; meanwhile the transaction
// commits, is rolled forward, and its decision is removed.
func TestAReaderDoesNotTrustAnOldLock(t *testing.T) {
	t.Parallel()
	for _, aborted := range []bool{false, true} {
		inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
			put(t, store, "k.json", doc(5, "old"))
			a := owner.locked(t, false, "new", "k.json")
			state, err := other.Registers.Read(t.Context(), "k.json")
			if err != nil {
				t.Fatal(err)
			}
			want := "new"
			if aborted {
				want = "newer"
				if _, err := a.Abort(t.Context()); err != nil {
					t.Fatal(err)
				}
				put(t, store, "k.json", doc(9e18, "newer"))
			} else {
				decide(t, a)
				if err := a.Finish(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := store.Delete(t.Context(), layout.DecisionKey(a.ID), ports.Any); err != nil {
					t.Fatal(err)
				}
			}
			view, now, err := other.Look(t.Context(), state, txn.Plain)
			if err != nil || value(t, view.Body) != want || view.Locked || now.Version == state.Version {
				t.Errorf("it sees %s, %+v, %v", view.Body, now, err)
			}
			settled, err := other.Settle(t.Context(), state)
			if err != nil || value(t, settled.Body) != want {
				t.Errorf("a writer sees %s, %v", settled.Body, err)
			}
		})
	}
}

func TestLargeValuesLieBesideTheDecision(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		large := strings.Repeat("x", 70<<10)
		a := owner.locked(t, false, large, "j.json", "k.json")
		if staged := keys(t, store, layout.TxPrefix); len(staged) != 2 {
			t.Fatalf("staged are %q", staged)
		}
		decide(t, a)
		if n := len(holds(store, layout.DecisionKey(a.ID))); n > 1000 {
			t.Errorf("the decision has %d bytes", n)
		}
		if got, _ := other.sees(t, "j.json", txn.Plain); got != large {
			t.Errorf("a reader sees %d bytes", len(got))
		}
		if got := other.reads(t, "k.json"); got != large {
			t.Errorf("a writer sees %d bytes", len(got))
		}
		state, err := other.Registers.Read(t.Context(), "j.json") // still locked
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := keys(t, store, layout.TxPrefix); len(left) != 1 {
			t.Errorf("left are %q", left)
		}
		// What was staged is gone, so the lock is old.
		if view, _, err := other.Look(t.Context(), state, txn.Plain); err != nil || value(t, view.Body) != large {
			t.Errorf("a reader of the old lock sees %d bytes, %v", len(view.Body), err)
		}
		if settled, err := other.Settle(t.Context(), state); err != nil || value(t, settled.Body) != large {
			t.Errorf("a writer with the old lock sees %d bytes, %v", len(settled.Body), err)
		}
	})
}

// Many small values are staged as well, once the decision is large.
func TestADecisionStaysSmall(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
		var names []string
		for i := range 40 {
			names = append(names, string(rune('A'+i))+".json")
		}
		text := strings.Repeat("x", 60<<10)
		a := owner.locked(t, false, text, names...)
		decide(t, a)
		if n := len(holds(store, layout.DecisionKey(a.ID))); n > 1<<20+10_000 {
			t.Errorf("the decision has %d bytes", n)
		}
		for _, name := range names {
			if other.reads(t, name) != text {
				t.Errorf("%s is something else", name)
			}
		}
	})
}

func TestDamageIsReportedAndNotTouched(t *testing.T) {
	t.Parallel()
	lock := document.Lock{ID: "t1", Wait: "0s"}
	good, err := lock.Over(doc(5, "old"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ body, decision string }{
		"a lock without a name":                 {`{"_tx":{"prev":"doc"},"v":1}`, ""},
		"no JSON":                               {`{"_tx":{"id":"t1","prev":"doc"},"v":`, ""},
		"a decision that is none":               {string(good), `{"state":"perhaps"}`},
		"a decision that does not name the key": {string(good), `{"state":"committed","writes":[{"key":"other.json","body":{}}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, store *memory.Store, _, other *client) {
				put(t, store, "k.json", []byte(c.body))
				if c.decision != "" {
					put(t, store, layout.DecisionKey("t1"), []byte(c.decision))
				}
				state, err := other.Registers.Read(t.Context(), "k.json")
				if err != nil {
					t.Fatal(err)
				}
				_, _, lookErr := other.Look(t.Context(), state, txn.Plain)
				_, settleErr := other.Settle(t.Context(), state)
				if !errors.Is(lookErr, ports.ErrCorrupt) || !errors.Is(settleErr, ports.ErrCorrupt) {
					t.Errorf("a reader is told %v, a writer %v", lookErr, settleErr)
				}
				if holds(store, "k.json") != c.body {
					t.Error("it was touched")
				}
			})
		})
	}
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	old := doc(5, "old")
	for _, c := range []struct {
		name string
		was  []byte
		then func(t *testing.T, store *memory.Store, owner *client)
		want bool
	}{
		{"nothing happened", old, func(*testing.T, *memory.Store, *client) {}, true},
		{"still nothing", nil, func(*testing.T, *memory.Store, *client) {}, true},
		{"another revision", old, func(t *testing.T, s *memory.Store, _ *client) { put(t, s, "k.json", doc(6, "old")) }, false},
		{"a fence", old, func(t *testing.T, s *memory.Store, o *client) {
			body, err := document.WithNonce(old, o.Nonce())
			if err != nil {
				t.Fatal(err)
			}
			put(t, s, "k.json", body)
		}, true},
		{"a lock that came and went", old, func(t *testing.T, _ *memory.Store, o *client) {
			if _, err := o.locked(t, false, "new", "k.json").Abort(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"over nothing a lock that came and went", nil, func(t *testing.T, _ *memory.Store, o *client) {
			if _, err := o.locked(t, false, "new", "k.json").Abort(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"a lock that is there", old, func(t *testing.T, _ *memory.Store, o *client) { o.locked(t, false, "new", "k.json") }, false},
		{"a commit that is not rolled forward", old, func(t *testing.T, _ *memory.Store, o *client) { decide(t, o.locked(t, false, "new", "k.json")) }, false},
		{"created and deleted", nil, func(t *testing.T, s *memory.Store, _ *client) { put(t, s, "k.json", document.Tombstone(7)) }, false},
		{"deleted and deleted again", document.Tombstone(5), func(t *testing.T, s *memory.Store, _ *client) { put(t, s, "k.json", document.Tombstone(7)) }, false},
		{"a tombstone purged", document.Tombstone(5), func(t *testing.T, s *memory.Store, _ *client) { _ = s.Delete(t.Context(), "k.json", ports.Any) }, false},
		{"edited by other means", []byte(`{"v":"a"}`), func(t *testing.T, s *memory.Store, _ *client) { put(t, s, "k.json", []byte(`{"v":"b"}`)) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
				if c.was != nil {
					put(t, store, "k.json", c.was)
				}
				state, err := other.Registers.Read(t.Context(), "k.json")
				if err != nil {
					t.Fatal(err)
				}
				c.then(t, store, owner)
				rev, _ := document.RevisionOf(c.was)
				seen := txn.Seen{State: state, Exists: value(t, c.was) != "", Revision: rev}
				if same, err := other.Unchanged(t.Context(), seen); same != c.want || err != nil {
					t.Errorf("%v, %v", same, err)
				}
			})
		})
	}
}

// What was read under the lock of an undecided transaction must still be
// undecided, and locked.
func TestUnchangedUnderALock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then func(t *testing.T, store *memory.Store, a *txn.Attempt)
		want bool
	}{
		"nothing happened": {func(*testing.T, *memory.Store, *txn.Attempt) {}, true},
		"it commits":       {func(t *testing.T, _ *memory.Store, a *txn.Attempt) { decide(t, a) }, false},
		"it commits and is forgotten": {func(t *testing.T, s *memory.Store, a *txn.Attempt) {
			decide(t, a)
			_ = a.Finish(t.Context())
			_ = s.Delete(t.Context(), layout.DecisionKey(a.ID), ports.Any)
		}, false},
		"it gives up": {func(t *testing.T, _ *memory.Store, a *txn.Attempt) { _, _ = a.Abort(t.Context()) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, store *memory.Store, owner, other *client) {
				put(t, store, "k.json", doc(5, "old"))
				a := owner.locked(t, false, "new", "k.json")
				state, err := other.Registers.Read(t.Context(), "k.json")
				if err != nil {
					t.Fatal(err)
				}
				view, state, err := other.Look(t.Context(), state, txn.Plain)
				if err != nil {
					t.Fatal(err)
				}
				c.then(t, store, a)
				seen := txn.Seen{State: state, Exists: true, Revision: 5, Pending: view.Pending}
				if same, err := other.Unchanged(t.Context(), seen); same != c.want || err != nil {
					t.Errorf("%v, %v", same, err)
				}
			})
		})
	}
}
