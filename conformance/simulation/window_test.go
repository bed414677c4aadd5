package simulation_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/core"
)

// In this workload one client changes documents in an order in which the
// answers of others hold before and after, and at no moment in between: what
// validates them too loosely takes two moments for one.
func init() {
	three := keys("items", "x", "y", "z")
	workloads["TestMomentsBetween"] = &workload{
		indexed: true, keys: three,
		start: map[string]doc{three[0]: {V: "c"}, three[1]: {V: "c"}, three[2]: {V: "c"}},
		tune: func(c *config, rng *rand.Rand) {
			c.brisk, c.processes = true, 2+rng.IntN(2)
			c.rates = rates{stop: 200 + rng.IntN(300)}
			c.nap = nap{of: 1, most: 250 * time.Millisecond, at: afterALook}
		},
		act: func(c *client) {
			if c.number == mover {
				c.stir(pick(c.rng, orders), three)
			} else {
				c.askBetween(three[2])
			}
		},
	}
}

// mover is the client that changes documents.
const mover = 1

func TestMomentsBetween(t *testing.T) { simulateNamed(t, "TestMomentsBetween") }

// afterALook lets a client that asks sleep once it knows what it will rest on.
func afterALook(r *call) bool {
	return r.client.number != mover && (r.method == "query" || r.method == "stat")
}

// change gives a document a value.
type change struct {
	document int
	value    string
}

// orders are changes that end as they began for those who ask too late.
var orders = [][]change{
	{{0, "a"}, {2, "c"}, {1, "a"}, {0, "c"}}, // one document has the value whenever the other has not
	{{0, "a"}, {2, "c"}, {2, "c"}, {0, "c"}}, // the last document has a state of its own while one has the value
	{{1, "b"}, {2, "c"}, {0, "a"}, {1, "c"}}, // one value is there whenever the other is not
}

// stir makes the changes, and then lets no document have any of the values.
func (c *client) stir(order []change, all []string) {
	last := make(map[int]string)
	for _, step := range order {
		c.give(all[step.document], step.value)
		last[step.document] = step.value
	}
	if (clock{c}).Sleep(background, 100*time.Millisecond) != nil { // for those who ask to come to an end
		return
	}
	for i, key := range all {
		if value, touched := last[i]; touched && value != "c" {
			c.give(key, "c")
		}
	}
}

func (c *client) give(key, value string) {
	c.alter("give "+value, key, func(d *doc, _ *attempt) { d.V = value })
}

// askBetween asks for values, and then reads a document, in one transaction.
func (c *client) askBetween(key string) {
	both := c.rng.IntN(2) == 0
	_ = c.transact("ask", func(ctx context.Context, x *txn) error {
		for _, value := range []string{"a", "b"} {
			if value == "b" && !both {
				continue
			}
			q := question{core.Eq("v", value), func(d doc) bool { return d.V == value }, "v = " + value}
			if _, err := x.query(ctx, "items/", q); err != nil {
				return err
			}
		}
		_, _, err := x.get(ctx, key)
		return err
	})
}
