package simulation_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"
)

// In this workload clients sleep for days: between the lock and the commit,
// between what they read and what they make of it. Meanwhile others end their
// transactions, and maintenance removes the decisions.
func init() {
	three := keys("plain", "x", "y", "z")
	workloads["TestLongSleeps"] = &workload{
		sleeps: true, keys: three,
		start: map[string]doc{three[0]: {V: "a"}, three[1]: {V: "b", N: 1}, three[2]: {V: "c"}},
		tune: func(c *config, rng *rand.Rand) {
			c.slow, c.nap = false, nap{of: 2, least: 24 * time.Hour, most: 72 * time.Hour}
			c.rates = rates{stop: 20 + rng.IntN(60), kill: 20 + rng.IntN(60), lostAnswer: rng.IntN(20)}
		},
		act: func(c *client) {
			switch n := c.rng.IntN(12); {
			case n < 3:
				c.maintainTomorrow()
			case n < 6:
				for _, key := range three {
					coll, id := c.collection(key)
					c.get(coll, key, id)
				}
			case n < 9:
				c.overwrite(three)
			default:
				c.derive(three)
			}
		},
	}
}

func TestLongSleeps(t *testing.T) { simulateNamed(t, "TestLongSleeps") }

// maintainTomorrow runs maintenance, mostly a day later.
func (c *client) maintainTomorrow() {
	if c.rng.IntN(4) > 0 && (clock{c}).Sleep(background, 25*time.Hour) != nil {
		return
	}
	c.maintain()
}

// overwrite writes documents of which it reads none.
func (c *client) overwrite(all []string) {
	some := some(c.rng, all, 2, 2)
	_ = c.transact("overwrite", func(ctx context.Context, x *txn) error {
		for _, key := range some {
			if err := x.set(ctx, key, x.fresh(x.attempt)); err != nil {
				return err
			}
		}
		return nil
	})
}

// derive writes a document after it has read another.
func (c *client) derive(all []string) {
	two := some(c.rng, all, 2, 2)
	_ = c.transact("derive", func(ctx context.Context, x *txn) error {
		from, _, err := x.get(ctx, two[0])
		if err != nil {
			return err
		}
		return x.set(ctx, two[1], from)
	})
}
