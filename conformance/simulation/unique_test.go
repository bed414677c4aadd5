package simulation_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/smarterbase/smarterbase/core"
)

func init() {
	names := keys("names", "x", "y", "z")
	start := map[string]doc{names[0]: {V: "a"}, names[1]: {V: "b"}}
	workloads["TestUniqueValues"] = &workload{
		keys: names, start: start, after: (*recorder).distinct, finish: (*history).takeEach, check: (*history).checkTaken,
		act: func(c *client) {
			switch n := c.rng.IntN(10); {
			case n < 7:
				c.single(pick(c.rng, names))
			default:
				c.free(names)
			}
		},
	}
	workloads["TestUniqueValuesInTransactions"] = &workload{
		keys: names, start: start, after: (*recorder).distinct, finish: (*history).takeEach, check: (*history).checkTaken,
		act: func(c *client) {
			switch n := c.rng.IntN(10); {
			case n < 3:
				c.single(pick(c.rng, names))
			case n < 6:
				c.swap(some(c.rng, names, 2, 2))
			default:
				c.mixed("names/", names)
			}
		},
	}
}

func TestUniqueValues(t *testing.T)               { simulateNamed(t, "TestUniqueValues") }
func TestUniqueValuesInTransactions(t *testing.T) { simulateNamed(t, "TestUniqueValuesInTransactions") }

// distinct checks that no two documents have the same value.
func (r *recorder) distinct() {
	for i, key := range r.workload.keys {
		v := r.last(key)
		for _, other := range r.workload.keys[:i] {
			if o := r.last(other); v.exists && o.exists && v.doc.V == o.doc.V {
				r.problem("duplicate: %s and %s both have the value %s after step %d", key, other, v.doc.V, r.step)
			}
		}
	}
}

// free gives a document a value, again and again until nobody has it.
func (c *client) free(all []string) {
	key := pick(c.rng, all)
	coll, id := c.collection(key)
	c.put(coll, key, id)
}

// swap exchanges the values of two documents.
func (c *client) swap(two []string) {
	_ = c.transact("swap", func(ctx context.Context, x *txn) error {
		a, there, err := x.get(ctx, two[0])
		if err != nil {
			return err
		}
		b, both, err := x.get(ctx, two[1])
		if err != nil {
			return err
		}
		if !there || !both {
			return errOwn
		}
		a.V, b.V = b.V, a.V
		if err := x.set(ctx, two[0], a); err != nil {
			return err
		}
		return x.set(ctx, two[1], b)
	})
}

// takeEach checks as a fresh client that each value can be taken that no
// document has, and no other.
func (h *history) takeEach(c *client) {
	coll := c.collections["names"]
	for _, value := range values {
		held := slices.ContainsFunc(h.workload.keys, func(key string) bool {
			v := h.recorder.last(key)
			return v.exists && v.doc.V == value
		})
		synctest.Wait()
		_, err := coll.Create(background, "probe", doc{V: value, T: "probe " + value})
		switch {
		case held && !isAny(err, core.ErrConstraint):
			h.problem("duplicate: at the end the value %s is taken, and a create with it answers %v", value, err)
		case !held && err != nil:
			h.problem("blocked: at the end nobody has the value %s, and a create with it answers %v", value, err)
		}
		if err == nil {
			h.must(coll.Delete(background, "probe"))
		}
	}
}

// checkTaken checks of each refusal that the document which it names had the
// value at some time meanwhile.
func (h *history) checkTaken() {
	for _, o := range h.operations {
		if o.taken == nil {
			continue
		}
		var value string
		if err := json.Unmarshal(o.taken.Value, &value); err != nil {
			h.problem("answer: %v names the value %s: %v", o, o.taken.Value, err)
		}
		key := "names/" + o.taken.Existing + ".json"
		if _, own := o.current().writes[key]; own && len(o.current().writes) > 1 {
			continue // the transaction itself gives it to two documents
		}
		line := h.recorder.lines[key]
		if len(line) == 0 || !slices.ContainsFunc(between(line, o.from, o.to), func(v version) bool { return v.exists && v.doc.V == value }) {
			h.problem("refused: %v names %s for the value %s, which it did not have meanwhile", o, o.taken.Existing, value)
		}
	}
}
