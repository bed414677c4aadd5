package simulation_test

import (
	"math/rand/v2"
	"testing"
	"time"
)

// In this workload callers give up: what they asked for is brought to an end
// behind their backs, while it may still be on its way.
func init() {
	three := keys("plain", "x", "y", "z")
	workloads["TestDeadlines"] = &workload{
		keys: three, start: map[string]doc{three[0]: {V: "a"}, three[1]: {V: "b", N: 1}, three[2]: {V: "c"}},
		tune: func(c *config, rng *rand.Rand) {
			c.slow, c.late, c.patience = false, true, 15*time.Second
			c.rates = rates{lateAnswer: 20 + rng.IntN(100), lostAnswer: rng.IntN(40), busy: rng.IntN(40)}
		},
		act: func(c *client) {
			switch n := c.rng.IntN(10); {
			case n < 3:
				c.single(pick(c.rng, three))
			case n < 6:
				c.overwrite(three)
			default:
				c.derive(three)
			}
		},
	}
}

func TestDeadlines(t *testing.T) { simulateNamed(t, "TestDeadlines") }
