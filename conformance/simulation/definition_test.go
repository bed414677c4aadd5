package simulation_test

import (
	"context"
	"testing"

	"github.com/smarterbase/smarterbase/core"
)

func init() {
	three := keys("items", "x", "y", "z")
	workloads["TestDefinitionsChange"] = &workload{
		indexed: true, losses: true, keys: three,
		start: map[string]doc{three[0]: {V: "a"}, three[1]: {V: "b", N: 1}},
		act: func(c *client) {
			switch n := c.rng.IntN(12); {
			case n < 2:
				c.declare()
			case n < 5:
				c.single(pick(c.rng, three))
			case n < 7:
				c.ask("items/")
			default:
				c.mixed("items/", three)
			}
		},
	}
}

func TestDefinitionsChange(t *testing.T) { simulateNamed(t, "TestDefinitionsChange") }

// declare opens the collection as a newer program does, which wants another
// index, or one that has changed.
func (c *client) declare() {
	second := pick(c.rng, []core.IndexDefinition{core.Index("n"), core.Index("n", "v"), core.Index("-v", "n")}).Named("second")
	_ = c.do("declare", func(ctx context.Context, _ *operation) error {
		_, err := core.NewCollection[doc](ctx, c.db, "items", core.Index("v"), second)
		return err
	})
}
