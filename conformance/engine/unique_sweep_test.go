package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// subscriber is what the tests below store.
type subscriber struct {
	Email string   `json:"email" sb:"unique,optional"`
	Tags  []string `json:"tags,omitempty" sb:"unique"`
	N     int      `json:"n,omitempty"`
}

// values are all that their documents ever have.
var knownEmails, knownTags = []string{"a", "b", "c", "d"}, []string{"x", "y"}

// TestUniqueValuesWhateverCallFails fails the Nth call of a scenario in every
// way, for N = 1, 2, … until it has no Nth call. Each time no value may be in two
// documents, and none that is in no document may be out of reach.
func TestUniqueValuesWhateverCallFails(t *testing.T) {
	t.Parallel()
	eachHarm(t, true, func(t *testing.T, options memory.StoreOptions, attempts int) scenario {
		return newUniqueSweep(t, options, attempts)
	})
}

// uniqueSweep is one run of the scenario.
type uniqueSweep struct {
	t       *testing.T
	plan    *faults.Plan
	site    *site // without faults
	db      *core.DB
	members *core.Collection[subscriber]
}

func (w *uniqueSweep) faults() *faults.Plan { return w.plan }

func newUniqueSweep(t *testing.T, options memory.StoreOptions, attempts int) *uniqueSweep {
	w := &uniqueSweep{t: t, plan: faults.New(faults.Options{})}
	w.site = &site{store: memory.NewStore(options)}
	db, err := core.Open(t.Context(), faults.Store(w.site.store, w.plan), core.Options{
		Settings: core.Settings{SkipProbe: true, Attempts: attempts},
	})
	require.NoError(t, err)
	w.db = db
	return w
}

// run is the scenario: values come and go.
func (w *uniqueSweep) run() {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Hour)
	defer cancel()
	var err error
	if w.members, err = core.NewCollection[subscriber](ctx, w.db, "members"); err != nil {
		w.told(err)
		return
	}
	put := func(id string, m subscriber) { _, err := w.members.Put(ctx, id, m); w.told(err) }
	set := func(id, email string) {
		_, err := w.members.Update(ctx, id, func(m *subscriber) error { m.Email = email; return nil })
		w.told(err)
	}
	put("ann", subscriber{Email: "a", Tags: []string{"x"}})
	_, err = w.members.Create(ctx, "bob", subscriber{Email: "b"})
	w.told(err)
	set("ann", "c")
	later(w.t, 2*time.Minute) // the constraints are ready
	put("cyn", subscriber{Email: "a", Tags: []string{"y"}})
	set("bob", "c") // that of ann, unless something failed
	w.told(w.members.Delete(ctx, "ann"))
	set("bob", "c")
	w.told(w.db.Tx(ctx, func(tx *core.Tx) error { // they swap
		in := w.members.In(tx)
		for _, id := range []string{"bob", "cyn"} {
			_, err := in.Update(ctx, id, func(m *subscriber) error {
				switch m.Email {
				case "a":
					m.Email = "c"
				case "c":
					m.Email = "a"
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	put("dan", subscriber{Email: "b", Tags: []string{"x"}})
	_, err = w.members.Patch(ctx, "cyn", `{"email":"d","tags":null}`)
	w.told(err)
	_, err = w.members.Create(ctx, "ann", subscriber{Email: "c", Tags: []string{"y"}})
	w.told(err)
}

// told checks that an error is one of those that faults can cause.
func (w *uniqueSweep) told(err error) {
	if err != nil && !isAny(err, core.ErrUnavailable, core.ErrOutcomeUnknown, core.ErrNotFound, core.ErrExists, core.ErrConflict, core.ErrConstraint) {
		w.t.Errorf("an error of an unexpected kind: %v", err)
	}
}

// verify looks at the data as a new process does that has no faults, before
// and after everything that was delayed has arrived.
func (w *uniqueSweep) verify() {
	t := w.t
	require.NoError(t, w.db.Close())
	w.plan.Heal()
	db := w.site.open(t)
	c := collection[subscriber](t, db, "members")
	require.NoError(t, c.WaitReady(t.Context()), w.plan)
	w.everyValueIsHeldOrFree(c, "early")
	w.plan.Apply(t.Context())
	w.everyValueIsHeldOrFree(c, "late")
}

// everyValueIsHeldOrFree reads who has which value, and then tries to take each.
func (w *uniqueSweep) everyValueIsHeldOrFree(c *core.Collection[subscriber], when string) {
	t, ctx := w.t, w.t.Context()
	docs, err := c.All(ctx)
	require.NoError(t, err)
	holder := make(map[string]string)
	for _, doc := range docs {
		for _, v := range append([]string{"email " + doc.Value.Email}, tagged(doc.Value.Tags)...) {
			if other, twice := holder[v]; twice && v != "email " {
				t.Errorf("%s is in %s and in %s\n%s", v, other, doc.ID, w.plan.Trace())
			}
			holder[v] = doc.ID
		}
	}
	try := func(v string, m subscriber) {
		_, err := c.Put(ctx, "probe", m)
		if id, held := holder[v]; held {
			var cause *core.UniqueError
			require.ErrorAs(t, err, &cause, "%s of %s, %s\n%s", v, id, when, w.plan.Trace())
			require.Equal(t, id, cause.Existing)
			return
		}
		require.NoError(t, err, "%s, %s\n%s", v, when, w.plan.Trace())
		require.NoError(t, c.Delete(ctx, "probe"))
	}
	for _, v := range knownEmails {
		try("email "+v, subscriber{Email: v, Tags: []string{"probe"}})
	}
	for _, v := range knownTags {
		try("tag "+v, subscriber{Tags: []string{v}})
	}
	allIsUnique(t, c)
}

func tagged(tags []string) (names []string) {
	if tags == nil {
		return []string{"tag null"}
	}
	for _, tag := range tags {
		names = append(names, fmt.Sprint("tag ", tag))
	}
	return names
}
