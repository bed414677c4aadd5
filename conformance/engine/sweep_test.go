package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// harms are what can become of the Nth call. A crash is a call after which
// nothing answers any more.
var harms = []struct {
	name  string
	times int
	do    func(*faults.Rule)
}{
	{"fails", 1, func(r *faults.Rule) { r.Fail(ports.ErrUnavailable) }},
	{"fails three times", 3, func(r *faults.Rule) { r.Fail(ports.ErrBusy) }},
	{"loses its answer", 1, func(r *faults.Rule) { r.LoseAnswer() }},
	{"loses two answers", 2, func(r *faults.Rule) { r.LoseAnswer() }},
	{"is lost", 1, func(r *faults.Rule) { r.LoseRequest() }},
	{"is applied after the next one", 1, func(r *faults.Rule) { r.ApplyAfter(2) }},
	{"is applied much later", 1, func(r *faults.Rule) { r.ApplyAfter(9) }},
	{"is applied at the very end", 1, func(r *faults.Rule) { r.ApplyLate() }},
	{"is applied twice", 1, func(r *faults.Rule) { r.Duplicate() }},
	{"is applied again later", 1, func(r *faults.Rule) { r.ReplayAfter(7) }},
	{"is the last one", faults.Always, func(r *faults.Rule) { r.LoseRequest() }},
	{"is the last one, and done", faults.Always, func(r *faults.Rule) { r.LoseAnswer() }},
}

// TestWhateverCallFails fails the Nth call of a scenario in every way, for N =
// 1, 2, … until the scenario has no Nth call, and checks the data each time.
func TestWhateverCallFails(t *testing.T) {
	t.Parallel()
	eachHarm(t, false, func(t *testing.T, options memory.StoreOptions, attempts int) scenario {
		return newSweep(t, options, attempts)
	})
}

// scenario is what happens to a database while a call fails, and what must hold
// afterwards.
type scenario interface {
	faults() *faults.Plan
	run()
	verify()
}

// eachHarm fails the Nth call of a scenario in every way, for N = 1, 2, … until
// it has no Nth call. slow leaves local stores out under the race detector, too.
func eachHarm(t *testing.T, slow bool, begin func(t *testing.T, options memory.StoreOptions, attempts int) scenario) {
	for _, harm := range harms {
		for _, on := range []struct {
			name     string
			options  memory.StoreOptions
			attempts int
			slow     bool // left out under the race detector
		}{
			{"a local store", memory.StoreOptions{}, 4, slow},
			{"a store like S3 without retries", likeS3, 1, false},
			{"a store like S3", likeS3, 4, true},
		} {
			if on.slow && underRace {
				continue
			}
			t.Run(harm.name+" on "+on.name, func(t *testing.T) {
				t.Parallel()
				for n, hit := 1, true; hit; n++ {
					synctest.Test(t, func(t *testing.T) {
						w := begin(t, on.options, on.attempts)
						rule := w.faults().On(faults.Match{Nth: n, Times: harm.times})
						harm.do(rule)
						w.run()
						hit = rule.Hits() > 0
						w.verify()
					})
					if t.Failed() {
						t.Fatalf("where call %d %s", n, harm.name)
					}
				}
			})
		}
	}
}

// sweep is one run of the scenario. It keeps for each document the states
// that it can be in by what the writers were told; nil: there is none.
type sweep struct {
	t      *testing.T
	plan   *faults.Plan
	site   *site // without faults
	db     *core.DB
	people *core.Collection[person]
	states map[string][]*person
	flying map[string][]*person // creates of unknown outcome that may still land
	former []person             // everything that anybody ever was
}

func (w *sweep) faults() *faults.Plan { return w.plan }

func newSweep(t *testing.T, options memory.StoreOptions, attempts int) *sweep {
	w := &sweep{t: t, plan: faults.New(faults.Options{}), states: make(map[string][]*person), flying: make(map[string][]*person)}
	w.site = &site{store: memory.NewStore(options), index: memory.NewIndex(memory.IndexOptions{})}
	db, err := core.Open(t.Context(), faults.Store(w.site.store, w.plan), core.Options{
		Settings:   core.Settings{SkipProbe: true, Attempts: attempts},
		Components: core.Components{Index: faults.Index(w.site.index, w.plan)},
	})
	require.NoError(t, err)
	w.db = db
	for _, id := range []string{"ann", "bob", "cyn", "dan"} {
		w.states[id] = []*person{nil}
	}
	return w
}

// run is the scenario: the life of an indexed collection.
func (w *sweep) run() {
	ctx := w.t.Context()
	var err error
	if w.people, err = core.NewCollection[person](ctx, w.db, "people", core.Index("name", "-age").Named("by_name_and_age")); err != nil {
		w.told(err)
		return
	}
	w.create("ann", person{Name: "Ann", Age: 1, Tags: []string{"x", "y"}})
	w.create("bob", person{Name: "Bob", Age: 2})
	later(w.t, 2*time.Minute) // the index is built, without the many requests of a wait
	w.create("cyn", person{Name: "Cyn", Age: 3, Tags: []string{"x"}})
	w.update("ann", func(p *person) { p.Name, p.Age = "Anna", p.Age+10 })
	w.query("Anna")
	w.change("bob", func(p *person) { p.Tags = []string{"y"} }, func() error {
		_, err := w.people.Patch(ctx, "bob", `{"tags":["y"]}`)
		return err
	})
	w.put("dan", person{Name: "Dan", Age: 3})
	w.query("Cyn")
	w.remove("cyn")
	w.put("ann", person{Name: "Ann", Age: 5})
	w.create("cyn", person{Name: "Cyn again", Age: 30})
	w.update("dan", func(p *person) { p.Age++ })
	w.remove("bob")
	w.query("Bob")
}

// told checks that an error is one of those that faults can cause.
func (w *sweep) told(err error) {
	if err != nil && !isAny(err, core.ErrUnavailable, core.ErrOutcomeUnknown, core.ErrNotFound, core.ErrExists, core.ErrConflict) {
		w.t.Errorf("an error of an unexpected kind: %v", err)
	}
}

// apply works out in which states a document can be after a write. next says
// what the write makes of a state, if it can be based on it at all.
func (w *sweep) apply(id string, err error, next func(old *person) (*person, bool)) {
	w.told(err)
	var done []*person
	for _, old := range w.states[id] {
		if state, ok := next(old); ok {
			done = append(done, state)
			if state != nil {
				w.former = append(w.former, *state)
			}
		}
	}
	switch {
	case err == nil:
		w.states[id] = done
	case isAny(err, core.ErrOutcomeUnknown):
		if slices.Contains(w.states[id], nil) {
			w.flying[id] = append(w.flying[id], done...)
		}
		w.states[id] = append(w.states[id], done...)
	}
}

func (w *sweep) create(id string, p person) {
	_, err := w.people.Create(w.t.Context(), id, p)
	p.ID = id
	w.apply(id, err, func(old *person) (*person, bool) { return &p, old == nil })
}

func (w *sweep) put(id string, p person) {
	_, err := w.people.Put(w.t.Context(), id, p)
	p.ID = id
	w.apply(id, err, func(*person) (*person, bool) { return &p, true })
}

func (w *sweep) update(id string, fn func(p *person)) {
	w.change(id, fn, func() error {
		_, err := w.people.Update(w.t.Context(), id, func(p *person) error { fn(p); return nil })
		return err
	})
}

func (w *sweep) change(id string, fn func(p *person), write func() error) {
	w.apply(id, write(), func(old *person) (*person, bool) {
		if old == nil {
			return nil, false
		}
		changed := *old
		fn(&changed)
		return &changed, true
	})
}

func (w *sweep) remove(id string) {
	err := w.people.Delete(w.t.Context(), id)
	w.apply(id, err, func(*person) (*person, bool) { return nil, true })
	// The delete of what is not there writes nothing, so it ends no create
	// that is on its way.
	w.states[id] = append(w.states[id], w.flying[id]...)
}

// query checks an answer that was given under faults: it has exactly the
// documents that match, or may, and is an error otherwise.
func (w *sweep) query(name string) {
	docs, err := w.people.Query().Where(core.Eq("name", name)).All(w.t.Context())
	if err != nil {
		w.told(err)
		return
	}
	found := make(map[string]bool)
	for _, doc := range docs {
		found[doc.ID] = true
	}
	for id, states := range w.states {
		always, ever := true, false
		for _, p := range states {
			matches := p != nil && p.Name == name
			always, ever = always && matches, ever || matches
		}
		if always && !found[id] || !ever && found[id] {
			w.t.Errorf("the query for %s has %s: %v", name, id, found[id])
		}
	}
}

// verify looks at the data as a new process does that has no faults, after
// everything that was delayed has arrived.
func (w *sweep) verify() {
	t := w.t
	require.NoError(t, w.db.Close())
	w.plan.Heal()
	w.plan.Apply(t.Context())
	c := people(t, w.site.open(t))
	w.former = distinct(w.former)
	agree(t, c, w.former...)
	for id, states := range w.states {
		doc, err := c.Get(t.Context(), id)
		var now *person
		if !isAny(err, core.ErrNotFound) {
			require.NoError(t, err)
			now = &doc.Value
		}
		require.Contains(t, states, now, "document %s\n%s", id, w.plan.Trace())
	}
	agreeByIndex(t, w.site, c, w.former...)
}

// distinct leaves out people of the same name and age.
func distinct(list []person) (kept []person) {
	for _, p := range list {
		if !slices.ContainsFunc(kept, func(q person) bool { return q.Name == p.Name && q.Age == p.Age }) {
			kept = append(kept, p)
		}
	}
	return kept
}
