package simulation_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/smarterbase/smarterbase/core"
)

// workload is what the clients of a history do.
type workload struct {
	indexed  bool // there is an index, on items
	losses   bool // which is lost now and then
	cascades bool // a delete can change other documents, too
	sleeps   bool // clients can be stopped for more than a day

	tune func(c *config, rng *rand.Rand) // makes histories that show what others seldom do

	keys    []string       // the documents that it works on
	start   map[string]doc // those that are there from the start
	act     func(c *client)
	changed func(r *recorder, key string) // a document has changed
	after   func(r *recorder)             // all documents have that change at this moment
	finish  func(h *history, c *client)   // at the end, as a fresh client
	check   func(h *history)              // after that

	template *template // made by the first history
}

// keys names documents of a folder.
func keys(folder string, ids ...string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = folder + "/" + id + ".json"
	}
	return names
}

// folders are the collections of the keys.
func (w *workload) folders() (names []string) {
	for _, key := range w.keys {
		if name, _, _ := strings.Cut(key, "/"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// collection finds the collection and the id of a key.
func (c *client) collection(key string) (*core.Collection[doc], string) {
	folder, name, _ := strings.Cut(key, "/")
	return c.collections[folder], strings.TrimSuffix(name, ".json")
}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// some picks up to most different elements.
func some[T any](rng *rand.Rand, from []T, least, most int) []T {
	n := min(least+rng.IntN(most-least+1), len(from))
	picked := make([]T, n)
	for i, at := range rng.Perm(len(from))[:n] {
		picked[i] = from[at]
	}
	return picked
}

// values are what a document can have in the field that is asked for.
var values = []string{"a", "b", "c"}

// fresh is a document that an attempt writes.
func (c *client) fresh(a *attempt) doc {
	return doc{V: pick(c.rng, values), N: c.rng.IntN(4), T: a.token}
}

func (h *history) must(err error) {
	if err != nil {
		h.problem("clean run: %v", err)
	}
}

// finish lets everything arrive that is still on its way, and then checks as a
// fresh client that each document can be read and written, and what queries
// answer.
func (h *history) finish() {
	h.note(nil, "the end: everything arrives")
	for h.land(true) {
	}
	h.direct, h.calm = true, true
	last := h.newClient(9, 0, 0)
	h.clients = append(h.clients, last)
	if err := last.open(); err != nil {
		h.must(err)
		return
	}
	for _, key := range h.workload.keys {
		h.readAtEnd(last, key)
	}
	h.queryAtEnd(last)
	if h.workload.finish != nil {
		h.workload.finish(h, last)
	}
	for _, key := range h.workload.keys {
		c, id := last.collection(key)
		before := h.recorder.last(key)
		value := "end of " + key
		if h.workload.cascades {
			value = "a" // which is there by now
		}
		_, err := c.Put(background, id, doc{V: value, N: before.doc.N, L: before.doc.L, T: "end"})
		synctest.Wait()
		h.must(err)
		if now := h.recorder.last(key); err == nil && (now.rev <= before.rev || now.doc.T != "end") {
			h.problem("end: %s was written, and is %+v", key, now)
		}
	}
}

func (h *history) readAtEnd(c *client, key string) {
	want := h.recorder.last(key)
	coll, id := c.collection(key)
	got, err := coll.Get(background, id)
	synctest.Wait()
	if isAny(err, core.ErrNotFound) {
		err = nil
	}
	h.must(err)
	if got.Value.T != want.doc.T || (got.ID != "") != want.exists {
		h.problem("end: %s reads as %+v, and is %+v", key, got.Value, want)
	}
	if now := h.recorder.last(key); now.rev != want.rev {
		h.problem("end: %s changed by reading, from %+v to %+v", key, want, now)
	}
}

// queryAtEnd compares what queries answer with what is there, by an index if
// there is one.
func (h *history) queryAtEnd(c *client) {
	items := c.collections["items"]
	if items == nil {
		return
	}
	for _, value := range values {
		var profile core.Profile
		var found []string
		for range 5 { // an index that was lost must be missed before it is built
			if h.workload.indexed {
				h.must(items.WaitReady(background))
			}
			synctest.Wait()
			ids, err := items.Query().Where(core.Eq("v", value)).Profile(&profile).IDs(background)
			h.must(err)
			if found = ids; !h.workload.indexed || profile.Index != "" {
				break
			}
		}
		if h.workload.indexed && profile.Index == "" {
			h.problem("end: a query scans: %s", profile)
		}
		var want []string
		for _, key := range h.workload.keys {
			if v := h.recorder.last(key); v.exists && v.doc.V == value && strings.HasPrefix(key, "items/") {
				_, id := c.collection(key)
				want = append(want, id)
			}
		}
		slices.Sort(found)
		slices.Sort(want)
		if !slices.Equal(found, want) {
			h.problem("end: a query for %s (%s) answers %v where %v is right", value, profile, found, want)
		}
	}
}

// question is a condition on documents.
type question struct {
	where core.Predicate
	holds func(doc) bool
	text  string
}

// question draws a condition: a value, two values, or one that has no index.
func (c *client) question() question {
	x, y, n := pick(c.rng, values), pick(c.rng, values), 1+c.rng.IntN(3)
	switch c.rng.IntN(6) {
	case 0:
		return question{core.In("v", x, y), func(d doc) bool { return d.V == x || d.V == y }, "v in " + x + y}
	case 1:
		return question{core.Gte("n", n), func(d doc) bool { return d.N >= n }, fmt.Sprint("n >= ", n)}
	default:
		return question{core.Eq("v", x), func(d doc) bool { return d.V == x }, "v = " + x}
	}
}

// ask runs a query outside of a transaction.
func (c *client) ask(folder string) {
	_ = c.do("query", func(ctx context.Context, o *operation) error {
		coll, _ := c.collection(folder)
		q := c.question()
		var profile core.Profile
		a := answered{from: c.history.step, folder: folder, holds: q.holds, tokens: make(map[string]string)}
		found, err := coll.Query().Where(q.where).Profile(&profile).All(ctx)
		a.to, a.plan = c.history.step, q.text+" "+profile.String()
		o.extra = fmt.Sprintf("%s answers %v", a.plan, found)
		if err != nil {
			return err
		}
		for _, d := range found {
			a.tokens[folder+d.ID+".json"] = d.Value.T
		}
		o.queries = append(o.queries, a)
		return nil
	})
}

// workloads are all that there are, by the name of their test.
var workloads = map[string]*workload{}

func simulateNamed(t *testing.T, name string) {
	t.Helper()
	simulate(t, name, workloads[name])
}
