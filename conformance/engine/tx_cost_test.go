package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
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

// counts is how many requests were made, by method.
func counts(plan *faults.Plan) string {
	var parts []string
	for _, m := range []faults.Method{faults.Get, faults.Stat, faults.Put, faults.Delete, faults.List, faults.Begin, faults.Query, faults.End} {
		if n := plan.Calls(m); n > 0 {
			parts = append(parts, fmt.Sprint(n, " ", m))
		}
	}
	return strings.Join(parts, ", ")
}

// cost runs fn, after what warms it up, and says what it cost: requests with what is left to the
// background, and how many rounds went by until it answered.
func (m *meter) cost(t *testing.T, warm, fn func()) string {
	t.Helper()
	warm()
	m.plan.Reset()
	m.plan.On(faults.Match{Times: faults.Always}).Delay(time.Second)
	began := time.Now()
	fn()
	rounds := time.Since(began).Round(time.Second) / time.Second
	later(t, time.Minute)
	m.plan.Heal()
	return fmt.Sprintf("%s; %d rounds", counts(m.plan), rounds)
}

// eight are the ids of the documents that transactions read and write.
var eight = []string{"a", "b", "c", "d", "e", "f", "g", "h"}

// getN reads the last n of them.
func getN(ctx context.Context, in *core.Collection[plain], n int) error {
	_, err := in.GetAll(ctx, eight[8-n:])
	return err
}

// updateN changes the first n of them.
func updateN(ctx context.Context, in *core.Collection[plain], n int) error {
	for i := range n {
		if _, err := in.Update(ctx, eight[i], func(p *plain) error { p.N++; return nil }); err != nil {
			return err
		}
	}
	return nil
}

// createN makes n documents, new1 and so on.
func createN(ctx context.Context, in *core.Collection[plain], n int) error {
	for i := range n {
		if _, err := in.Create(ctx, fmt.Sprint("new", i+1), plain{}); err != nil {
			return err
		}
	}
	return nil
}

// What transactions cost is what their documentation says, request by request.
func TestTheCostOfTransactions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		m := newMeter(memory.StoreOptions{LateWrites: true})
		db := m.open(t, func(o *core.Options) { o.MaintainEvery = -1 })
		c := collection[plain](t, db, "plain")
		for _, id := range eight {
			_, err := c.Put(ctx, id, plain{1})
			require.NoError(t, err)
		}
		tx := func(fn func(in *core.Collection[plain]) error, options ...core.TxOption) func() {
			return func() {
				require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error { return fn(c.In(tx)) }, options...))
			}
		}
		warm := func() { // the manifest of the collection is read, for the next ten seconds
			_, err := c.Put(ctx, "warm", plain{})
			require.NoError(t, err)
			synctest.Wait()
		}
		var doc core.Document[plain]
		for _, step := range []struct {
			name, want string
			do         func()
		}{
			{"nothing", "; 0 rounds", tx(func(*core.Collection[plain]) error { return nil })},
			{"one read", "1 get; 1 rounds", tx(func(in *core.Collection[plain]) error { return getN(ctx, in, 1) })},
			{"one read, twice", "1 get; 1 rounds", tx(func(in *core.Collection[plain]) error { _ = getN(ctx, in, 1); return getN(ctx, in, 1) })},
			{"three reads", "3 get, 3 stat; 2 rounds", tx(func(in *core.Collection[plain]) error { return getN(ctx, in, 3) })},
			{"three reads, read-only", "3 get, 3 stat; 2 rounds", tx(func(in *core.Collection[plain]) error { return getN(ctx, in, 3) }, core.ReadOnly())},
			{"one write", "1 get, 1 put; 2 rounds", tx(func(in *core.Collection[plain]) error { return updateN(ctx, in, 1) })},
			{"one document read and written", "1 get, 1 put; 2 rounds", tx(func(in *core.Collection[plain]) error {
				if _, err := in.Get(ctx, "a"); err != nil {
					return err
				}
				return updateN(ctx, in, 1)
			})},
			{"two writes", "2 get, 5 put; 4 rounds", tx(func(in *core.Collection[plain]) error { return updateN(ctx, in, 2) })},
			{"five writes", "5 get, 11 put; 7 rounds", tx(func(in *core.Collection[plain]) error { return updateN(ctx, in, 5) })},
			{"two writes and one read", "3 get, 1 stat, 5 put; 6 rounds", tx(func(in *core.Collection[plain]) error { _ = getN(ctx, in, 1); return updateN(ctx, in, 2) })},
			{"two writes and three reads", "5 get, 3 stat, 5 put; 6 rounds", tx(func(in *core.Collection[plain]) error { _ = getN(ctx, in, 3); return updateN(ctx, in, 2) })},
			{"one write and one read", "2 get, 1 stat, 3 put; 5 rounds", tx(func(in *core.Collection[plain]) error { _ = getN(ctx, in, 1); return updateN(ctx, in, 1) })},
			{"one read alone, for its revision", "1 get; 1 rounds", func() {
				var err error
				doc, err = c.Get(ctx, "h")
				require.NoError(t, err)
			}},
			{"an error of the function", "2 get, 2 stat; 3 rounds", func() {
				require.Equal(t, errOwn, db.Tx(ctx, func(tx *core.Tx) error { _ = updateN(ctx, c.In(tx), 2); return errOwn }))
			}},
			{"a rollback", "2 get; 2 rounds", func() {
				tx, err := db.Begin(ctx)
				require.NoError(t, err)
				require.NoError(t, updateN(ctx, c.In(tx), 2))
				tx.Rollback()
			}},
			{"two creates", "2 get, 5 put; 4 rounds", tx(func(in *core.Collection[plain]) error { return createN(ctx, in, 2) })},
			{"two deletes, read at once", "2 get, 5 put; 3 rounds", tx(func(in *core.Collection[plain]) error {
				_, err := in.DeleteAll(ctx, []string{"new1", "new2"})
				return err
			})},
		} {
			require.Equal(t, step.want, m.cost(t, warm, step.do), step.name)
		}
		require.NotZero(t, doc)
	})
}

// What nobody uses costs nothing: plain operations cost what they did before
// there were transactions; see TestRequestsWithoutIndex. One that meets a lock
// costs one read more, and whoever writes replaces the lock.
func TestTheCostOfMeetingALock(t *testing.T) {
	t.Parallel()
	const before = `{"_rev":"0f3k8q1vd2m7x","n":1}`
	undecided := lockFor("t1", "doc", false, "3s", before)
	for _, c := range []struct{ name, decision, get, put string }{
		{"undecided", "", "get DECISION -> not found; get plain/a.json; stat plain/a.json",
			"get DECISION -> not found; get plain/a.json; put DECISION if absent; put plain/a.json if version; put plain/a.json if version"},
		{"committed", `{"state":"committed","writes":[{"key":"plain/a.json","body":{"_rev":"1f3k8q1vd2m7x","n":2}}]}`, "get DECISION; get plain/a.json",
			"get DECISION; get plain/a.json; put plain/a.json if version; put plain/a.json if version"},
		{"aborted", `{"state":"aborted"}`, "get DECISION; get plain/a.json; stat plain/a.json",
			"get DECISION; get plain/a.json; put plain/a.json if version; put plain/a.json if version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				m := newMeter(likeS3)
				c1 := collection[plain](t, m.open(t), "plain")
				_, err := c1.Get(ctx, "none")
				require.ErrorIs(t, err, core.ErrNotFound)
				decision := decisionKey("t1")
				lock := undecided
				if c.decision == "" {
					lock = strings.Replace(undecided, `"3s"`, `"0s"`, 1)
				} else {
					m.put(t, decision, c.decision)
				}
				m.put(t, "plain/a.json", lock)
				short := func(requests string) string { return strings.ReplaceAll(requests, decision, "DECISION") }
				require.Equal(t, c.get, short(m.requests(func() { _, err = c1.Get(ctx, "a") })))
				require.NoError(t, err)
				require.Equal(t, c.put, short(m.requests(func() { _, err = c1.Put(ctx, "a", plain{9}) })))
				require.NoError(t, err)
			})
		})
	}
}

// decisionKey is the key of the decision of a transaction.
func decisionKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "_sb/tx/" + hex.EncodeToString(sum[:1]) + "/" + id + ".json"
}

func TestAConflictBeforeAnyLockMakesNoDecision(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		m := newMeter(likeS3)
		db := m.open(t)
		c := collection[plain](t, db, "plain")
		for _, id := range []string{"a", "b"} {
			_, err := c.Put(ctx, id, plain{1})
			require.NoError(t, err)
		}
		tx, err := db.Begin(ctx)
		require.NoError(t, err)
		for _, id := range []string{"a", "b"} {
			_, err = c.In(tx).Update(ctx, id, func(p *plain) error { p.N++; return nil })
			require.NoError(t, err)
			_, err = c.Put(ctx, id, plain{7})
			require.NoError(t, err)
		}
		m.plan.Reset()
		require.ErrorIs(t, tx.Commit(ctx), core.ErrConflict)
		require.LessOrEqual(t, m.plan.Calls(), 2, "%s", m.plan.Trace())
		require.NotContains(t, m.plan.Trace(), "_sb/tx/")
	})
}

func TestTheIndexTripsOfATransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		m := newMeter(likeS3)
		db := m.open(t)
		c, p := people(t, db), purses(t, db)
		ready(t, m.site, c)
		ready(t, m.site, p)
		for i := range 4 {
			_, err := c.Create(ctx, fmt.Sprint(i), person{Name: "old"})
			require.NoError(t, err)
		}
		synctest.Wait()
		m.plan.Reset()
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			for i := range 4 {
				if _, err := c.In(tx).Put(ctx, fmt.Sprint(i), person{Name: "new"}); err != nil {
					return err
				}
				if _, err := p.In(tx).Create(ctx, fmt.Sprint(i), purse{Kind: "x"}); err != nil {
					return err
				}
			}
			return nil
		}))
		synctest.Wait()
		require.Equal(t, 2, m.plan.Calls(faults.Begin), "one for each collection\n%s", m.plan.Trace())
		require.Equal(t, 17, m.plan.Calls(faults.Put))
		require.LessOrEqual(t, m.plan.Calls(faults.End), 2)
		m.plan.Reset()
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			_, err := c.In(tx).Query().Where(core.Eq("name", "new")).All(ctx)
			return err
		}))
		require.Equal(t, 2, m.plan.Calls(faults.Query), "a query is asked twice")
		require.Equal(t, 8+2, m.plan.Calls(faults.Get), "its documents, and the manifest\n%s", m.plan.Trace())
		require.Zero(t, m.plan.Calls(faults.AnyWrite))
	})
}

// bare is a store that answers from memory it already has, so that what is
// allocated is the database's own.
type bare struct {
	ports.ObjectStore
	object ports.Object
}

func (b bare) Get(context.Context, string, ports.GetOptions) (ports.Object, error) {
	o := b.object
	o.Data = slices.Clone(o.Data)
	return o, nil
}

func (b bare) List(context.Context, ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(func(ports.ObjectInfo, error) bool) {}
}

// The plain path of a read does not pay for transactions.
func TestAGetAllocatesWhatItAlwaysDid(t *testing.T) {
	ctx := t.Context()
	store := bare{memory.NewStore(memory.StoreOptions{}), ports.Object{
		ObjectInfo: ports.ObjectInfo{Version: "1"}, Data: []byte(`{"_rev":"0f3k8q1vd2m7x","name":"Ann","age":30}`),
	}}
	db, err := core.Open(ctx, store, core.Options{Settings: core.Settings{SkipProbe: true, MaintainEvery: -1}})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var into struct {
		Name string `json:"name"`
		Age  int    `json:"age"`
	}
	got := testing.AllocsPerRun(500, func() {
		if _, err := db.Get(ctx, "ann", &into); err != nil {
			t.Error(err)
		}
	})
	require.LessOrEqual(t, got, allocationsOfAGet)
}

// allocationsOfAGet is what a Get of a free key took before transactions, those
// of encoding/json included.
const allocationsOfAGet = 8.0
