package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

type leaf struct {
	Up string `json:"up" sb:"ref:trunks,on_delete:cascade"`
}

// jobWorld has a trunk with more leaves than one transaction deletes.
type jobWorld struct {
	t      *testing.T
	store  ports.ObjectStore
	db     *DB
	trunks *Collection[json.RawMessage]
	leaves *Collection[leaf]
}

const leafCount = 230

func newJobWorld(t *testing.T, options memory.StoreOptions) *jobWorld {
	w := &jobWorld{t: t, store: memory.NewStore(options)}
	w.db = w.open(w.store)
	w.trunks, w.leaves = w.collections(w.db)
	w.plant()
	return w
}

func (w *jobWorld) open(store ports.ObjectStore) *DB {
	w.t.Helper()
	db, err := Open(w.t.Context(), store, Options{Settings: Settings{SkipProbe: true, Attempts: 1}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (w *jobWorld) collections(db *DB) (*Collection[json.RawMessage], *Collection[leaf]) {
	w.t.Helper()
	trunks, err := NewCollection[json.RawMessage](w.t.Context(), db, "trunks")
	if err != nil {
		w.t.Fatal(err)
	}
	leaves, err := NewCollection[leaf](w.t.Context(), db, "leaves")
	if err != nil {
		w.t.Fatal(err)
	}
	return trunks, leaves
}

func (w *jobWorld) plant() {
	w.t.Helper()
	docs := make([]Document[leaf], leafCount)
	for i := range docs {
		docs[i] = Document[leaf]{ID: fmt.Sprint(i), Value: leaf{Up: "oak"}}
	}
	_, err := w.trunks.Put(w.t.Context(), "oak", json.RawMessage(`{}`))
	if err == nil {
		_, err = w.leaves.PutAll(w.t.Context(), docs)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// crash begins the delete in a process that ends after some of it.
func (w *jobWorld) crash() {
	w.t.Helper()
	plan := faults.New(faults.Options{})
	doomed := w.open(faults.Store(w.store, plan))
	trunks, _ := w.collections(doomed)
	const decisions = 2
	rule := plan.On(faults.Match{Method: faults.Put, KeyPrefix: layout.TxPrefix, Nth: decisions, Times: faults.Always}).LoseRequest()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	if err := trunks.Delete(ctx, "oak"); err == nil || rule.Hits() == 0 {
		w.t.Fatalf("the delete did not crash: %v", err)
	}
	plan.On(faults.Match{Times: faults.Always}).LoseRequest()
	_ = doomed.Close()
	if left := w.count(); left == 0 || left == leafCount {
		w.t.Fatalf("%d leaves are left, not some", left)
	}
	if w.jobs() != 1 {
		w.t.Fatalf("%d jobs are due, not 1", w.jobs())
	}
	w.sleep(2 * time.Minute)
}

func (w *jobWorld) sleep(d time.Duration) {
	if err := w.db.options.Clock.Sleep(w.t.Context(), d); err != nil {
		w.t.Fatal(err)
	}
}

func (w *jobWorld) count() int {
	w.t.Helper()
	n, err := w.leaves.Count(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// jobs is how many records say that something is due.
func (w *jobWorld) jobs() (n int) {
	w.t.Helper()
	for info, err := range w.store.List(w.t.Context(), ports.ListOptions{Prefix: layout.CascadePrefix}) {
		if err != nil {
			w.t.Fatal(err)
		}
		if job, err := w.db.readCascade(w.t.Context(), info.Key); err != nil {
			w.t.Fatal(err)
		} else if job != nil {
			n++
		}
	}
	return n
}

func (w *jobWorld) resume() {
	w.t.Helper()
	if err := w.db.resumeCascades(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if w.jobs() != 0 {
		w.t.Fatalf("%d jobs are due still", w.jobs())
	}
}

func (w *jobWorld) isThere() bool {
	w.t.Helper()
	there, err := w.trunks.Exists(w.t.Context(), "oak")
	if err != nil {
		w.t.Fatal(err)
	}
	return there
}

func onJobStores(t *testing.T, fn func(w *jobWorld)) {
	t.Parallel()
	for name, options := range map[string]memory.StoreOptions{
		"a local store":   {},
		"a store like S3": {HashVersions: true, NoConditionalDelete: true, LateWrites: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { fn(newJobWorld(t, options)) })
		})
	}
}

func TestACascadeThatCrashedIsResumed(t *testing.T) {
	onJobStores(t, func(w *jobWorld) {
		w.crash()
		w.resume()
		if w.isThere() || w.count() > 0 {
			w.t.Errorf("the trunk is there: %v, with %d leaves", w.isThere(), w.count())
		}
		w.resume() // nothing is due
	})
}

func TestACascadeIsGivenUpForADocumentThatWasWrittenSince(t *testing.T) {
	onJobStores(t, func(w *jobWorld) {
		w.crash()
		if _, err := w.trunks.Put(w.t.Context(), "oak", json.RawMessage(`{"wanted":true}`)); err != nil {
			w.t.Fatal(err)
		}
		left := w.count()
		w.resume()
		if !w.isThere() || w.count() != left {
			w.t.Errorf("the trunk is there: %v, with %d leaves, not %d", w.isThere(), w.count(), left)
		}
	})
}

func TestACascadeIsNotResumedForADocumentThatIsThereAnew(t *testing.T) {
	onJobStores(t, func(w *jobWorld) {
		w.crash()
		record, err := w.db.registers.Read(w.t.Context(), cascadeKey("oak"))
		if err != nil {
			w.t.Fatal(err)
		}
		if err := w.trunks.Delete(w.t.Context(), "oak"); err != nil {
			w.t.Fatal(err)
		}
		w.plant()
		// The record comes back, as if its removal had never been made.
		if _, err := w.store.Put(w.t.Context(), record.Key, record.Body, ports.Any); err != nil {
			w.t.Fatal(err)
		}
		w.resume()
		if !w.isThere() || w.count() != leafCount {
			w.t.Errorf("the trunk is there: %v, with %d leaves", w.isThere(), w.count())
		}
	})
}

func cascadeKey(id string) string {
	key, _ := node{"trunks", id}.place()
	return key
}

func TestACascadeThatSomebodyWorksOnIsLeftAlone(t *testing.T) {
	onJobStores(t, func(w *jobWorld) {
		w.crash()
		_, lock := node{"trunks", "oak"}.place()
		err := w.db.WithLock(w.t.Context(), lock, LockOptions{}, func(ctx context.Context, _ ports.Lease) error {
			return w.open(w.store).resumeCascades(ctx)
		})
		if err != nil || w.jobs() != 1 || !w.isThere() {
			w.t.Errorf("answered %v, %d jobs are due, the trunk is there: %v", err, w.jobs(), w.isThere())
		}
	})
}

func TestARecordOfACascadeThatMakesNoSenseIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newJobWorld(t, memory.StoreOptions{})
		for _, body := range []string{`not JSON`, `{"_rev":"0f3k8q1vd2m7x","collection":"trunks","id":"elm"}`} {
			if _, err := w.store.Put(t.Context(), cascadeKey("oak"), []byte(body), ports.Any); err != nil {
				t.Fatal(err)
			}
			if err := w.db.resumeCascades(t.Context()); !errors.Is(KindOf(err), ErrCorrupt) {
				t.Errorf("%s: %v", body, err)
			}
		}
		if !w.isThere() || w.count() != leafCount {
			t.Error("something was deleted")
		}
	})
}

func TestChildrenComeBeforeWhatTheyReferTo(t *testing.T) {
	t.Parallel()
	// a ← b ← d, a ← c ← d, a ← d: d goes first, though it was found with b.
	e := &expansion{}
	for i, kids := range [][]int{{1, 2, 3}, {3}, {3}, nil} {
		e.deletes = append(e.deletes, step{node: node{"n", string(rune('a' + i))}, kids: kids})
	}
	var order []string
	for _, n := range e.childrenFirst() {
		order = append(order, n.id)
	}
	if slices.Index(order, "d") != 0 || order[len(order)-1] != "a" || len(order) != 4 {
		t.Errorf("the order is %v", order)
	}
	e.deletes[3].kids = []int{1} // b and d refer to each other
	if order := e.childrenFirst(); len(order) != 4 || order[3].id != "a" {
		t.Errorf("the order with a circle is %v", order)
	}
}

func TestIDsAreTakenOutAndTheRestStays(t *testing.T) {
	t.Parallel()
	gone := func(id string) bool { return id == "x" || id == "é" }
	for _, c := range []struct{ members, field, want string }{
		{`{"a":"x"}`, "a", `{"a":null}`},
		{`{"a":"y"}`, "a", ""},
		{`{"a":7}`, "a", ""},
		{`{}`, "a", ""},
		{`{"a":["x"]}`, "a", `{"a":[]}`},
		{`{"a":[ "y" , "x",1.0, "\u00e9", null,["x"],"z"]}`, "a", `{"a":["y",1.0,null,["x"],"z"]}`},
		{`{"q\"":["x","y"]}`, `q"`, `{"q\"":["y"]}`},
	} {
		if got := string(without([]byte(c.members), c.field, gone)); got != c.want {
			t.Errorf("%s: %s, not %s", c.members, got, c.want)
		}
	}
}
