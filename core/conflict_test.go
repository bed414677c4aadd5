package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

func openOn(t *testing.T, store ports.ObjectStore, components core.Components) *core.DB {
	t.Helper()
	db, err := core.Open(t.Context(), store, core.Options{Components: components})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func collect[T any](t *testing.T, db *core.DB, name string, definitions ...core.Definition) *core.Collection[T] {
	t.Helper()
	c, err := core.NewCollection[T](t.Context(), db, name, definitions...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type point struct {
	X int `json:"x"`
}

// A change that changes nothing is only acknowledged on what the document is.
func TestAChangeOfNothingOnAnOldRevisionIsAConflict(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	points := collect[point](t, openOn(t, memory.NewStore(memory.StoreOptions{}), core.Components{}), "points")
	old, err := points.Create(ctx, "a", point{1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := points.Put(ctx, "a", point{2}); err != nil {
		t.Fatal(err)
	}
	if _, err := points.Patch(ctx, "a", `{"x":1}`, core.IfRevision(old.Revision)); !errors.Is(err, core.ErrConflict) {
		t.Errorf("patch answers %v", err)
	}
	if _, err := points.Update(ctx, "a", func(*point) error { return nil }, core.IfRevision(old.Revision)); !errors.Is(err, core.ErrConflict) {
		t.Errorf("update answers %v", err)
	}
}

// oneWay can be encoded, but not decoded again.
type oneWay struct{ A int }

func (oneWay) MarshalJSON() ([]byte, error) { return []byte(`{"A":"text"}`), nil }

func TestWhatCanNotBeReadBackIsNotStored(t *testing.T) {
	t.Parallel()
	db := openOn(t, memory.NewStore(memory.StoreOptions{}), core.Components{})
	docs := collect[oneWay](t, db, "docs")
	if _, err := docs.Create(t.Context(), "a", oneWay{1}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("create answers %v", err)
	}
	if found, err := docs.Exists(t.Context(), "a"); found || err != nil {
		t.Errorf("it is there: %v, %v", found, err)
	}
	for range 2 { // free keys take it, and replace it
		if _, err := db.Put(t.Context(), "docs/b", oneWay{1}); err != nil {
			t.Errorf("put answers %v", err)
		}
	}
}

// pointed has its marshaler on the pointer.
type pointed struct{ Text string }

func (p *pointed) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]string{"t": p.Text}) }
func (p *pointed) UnmarshalJSON(data []byte) error {
	var m map[string]string
	err := json.Unmarshal(data, &m)
	p.Text = m["t"]
	return err
}

func TestMarshalersOfPointersCount(t *testing.T) {
	t.Parallel()
	docs := collect[pointed](t, openOn(t, memory.NewStore(memory.StoreOptions{}), core.Components{}), "docs")
	if _, err := docs.Create(t.Context(), "a", pointed{"hello"}); err != nil {
		t.Fatal(err)
	}
	if got, err := docs.Get(t.Context(), "a"); err != nil || got.Value.Text != "hello" {
		t.Errorf("got %+v, %v", got.Value, err)
	}
}

// A program that knows nothing of revisions leaves none, or the old one.
func TestEditsByOtherMeansAreConflicts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	points := collect[point](t, openOn(t, store, core.Components{}), "points")
	edit := func(text string) {
		if _, err := store.Put(ctx, "points/a.json", []byte(text), ports.Any); err != nil {
			t.Fatal(err)
		}
	}
	edit(`{"x":1}`)
	read, err := points.Get(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	edit(`{"x":2}`)
	if _, err := points.Put(ctx, "a", point{9}, core.IfRevision(read.Revision)); !errors.Is(err, core.ErrConflict) {
		t.Errorf("without a revision: %v", err)
	}
	if _, err := points.PutAll(ctx, []core.Document[point]{{ID: "a", Revision: read.Revision, Value: point{9}}}); !errors.Is(err, core.ErrConflict) {
		t.Errorf("in a batch: %v", err)
	}
	stored, err := points.Put(ctx, "a", point{3})
	if err != nil {
		t.Fatal(err)
	}
	edit(`{"_rev":"` + stored.Revision.String() + `","x":4}`)
	if _, err := points.Put(ctx, "a", point{9}, core.IfRevision(stored.Revision)); !errors.Is(err, core.ErrConflict) {
		t.Errorf("under the old revision: %v", err)
	}
}

// What a revision remembers belongs to its database.
func TestARevisionOfAnotherDatabaseRemembersNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var points [2]*core.Collection[point]
	var docs [2]core.Document[point]
	for i := range points {
		points[i] = collect[point](t, openOn(t, memory.NewStore(memory.StoreOptions{}), core.Components{}), "points")
		var err error
		if docs[i], err = points[i].Create(ctx, "a", point{i}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := points[1].Patch(ctx, "a", `{"y":1}`, core.IfRevision(docs[0].Revision)); !errors.Is(err, core.ErrConflict) {
		t.Errorf("patch answers %v", err)
	}
}

// suspended is the clock of a machine whose monotonic clock stands still.
type suspended struct{ ports.Clock }

func (suspended) Elapsed() time.Duration { return time.Hour }

func TestASuspendedMachineReadsTheManifestAgain(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	store, index := memory.NewStore(memory.StoreOptions{}), memory.NewIndex(memory.IndexOptions{})
	laptop := openOn(t, store, core.Components{Index: index, Clock: suspended{ports.SystemClock()}})
	if _, err := laptop.Put(ctx, "points/a", point{1}); err != nil { // holds "there is no manifest"
		t.Fatal(err)
	}
	points := collect[point](t, openOn(t, store, core.Components{Index: index}), "points", core.Index("x"))
	if err := points.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := laptop.Put(ctx, "points/b", point{7}); err != nil {
		t.Fatal(err)
	}
	var profile core.Profile
	ids, err := points.Query().Where(core.Eq("x", 7)).Profile(&profile).IDs(ctx)
	if err != nil || len(ids) != 1 || profile.Index == "" {
		t.Errorf("found %v, %v; %v", ids, err, profile)
	}
}
