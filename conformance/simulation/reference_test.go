package simulation_test

import (
	"slices"
	"testing"
)

func init() {
	parents, children := keys("parents", "a", "b"), slices.Concat(keys("kids", "x", "y"), keys("wards", "x"), keys("limits", "x"))
	workloads["TestReferences"] = &workload{
		indexed: true, cascades: true, keys: slices.Concat(parents, children),
		start: map[string]doc{
			parents[0]: {V: "none"}, parents[1]: {V: "none"}, children[0]: {V: "a"}, children[1]: {V: "b"}, children[2]: {V: "a"},
		},
		after: func(r *recorder) { r.referredToIsThere(children) },
		act: func(c *client) {
			switch n := c.rng.IntN(10); {
			case n < 4:
				c.single(pick(c.rng, children))
			case n < 8:
				c.single(pick(c.rng, parents))
			default:
				c.mixed("kids/", children[:2])
			}
		},
	}
}

func TestReferences(t *testing.T) { simulateNamed(t, "TestReferences") }

// referredToIsThere checks that no document refers to one that is not there.
func (r *recorder) referredToIsThere(children []string) {
	for _, key := range children {
		v := r.last(key)
		if !v.exists || v.doc.V == "" {
			continue
		}
		if parent := r.last("parents/" + v.doc.V + ".json"); !parent.exists {
			r.problem("dangling: %s refers to %q, which is not there after step %d", key, v.doc.V, r.step)
		}
	}
}
