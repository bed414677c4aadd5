package simulation_test

import (
	"maps"
	"math/rand/v2"
	"time"
)

// config says what a history is made of. All of it follows from the seed;
// shrinking takes parts away.
type config struct {
	seed      uint64
	processes int
	share     int // operations of each process
	rates     rates
	hash      bool          // versions are hashes of the content
	deletes   bool          // the store has conditional deletes
	slow      bool          // much time passes between two calls now and then
	brisk     bool          // hardly any time passes between two calls
	late      bool          // a request can take effect after its caller gave up
	patience  time.Duration // callers wait at most so long; 0: as long as it takes
	nap       nap           // what some of the stops are

	drop map[int]bool // operations that are left out
	skip map[int]bool // faults that do not happen
	tell bool         // keep the story
}

// nap says that of so many stops one is between least and most.
type nap struct {
	of          int // 0: none
	least, most time.Duration
	at          func(*call) bool // stops happen only there; nil: anywhere
}

// rates are how many calls of a thousand meet a fault.
type rates [faultCount]int

// configOf draws a config.
func configOf(w *workload, seed uint64) config {
	rng := rand.New(rand.NewPCG(seed, 7))
	c := config{
		seed: seed, processes: 2 + rng.IntN(3), share: 3 + rng.IntN(4),
		hash: rng.IntN(2) == 0, deletes: rng.IntN(2) == 0, late: rng.IntN(8) > 0,
		slow: rng.IntN(4) == 0 || w.losses && rng.IntN(2) == 0,
	}
	for f, most := range mostOf {
		if rng.IntN(3) > 0 {
			c.rates[f] = rng.IntN(most + 1)
		}
	}
	switch rng.IntN(8) {
	case 0:
		c.rates = rates{}
	case 1, 2:
		for f := range c.rates {
			c.rates[f] *= 2
		}
	}
	if !w.indexed || !w.losses {
		c.rates[lossFault] = 0
	}
	if !c.late {
		for _, f := range []fault{lateAnswer, replay, lostRequest} {
			c.rates[f] = 0
		}
	}
	if w.tune != nil {
		w.tune(&c, rng)
	}
	return c
}

func (c config) without(f fault) config {
	c.rates[f] = 0
	return c
}

func (c config) skipping(numbers ...int) config {
	c.skip = with(c.skip, numbers)
	return c
}

func (c config) dropping(numbers ...int) config {
	c.drop = with(c.drop, numbers)
	return c
}

func with(set map[int]bool, numbers []int) map[int]bool {
	set = maps.Clone(set)
	if set == nil {
		set = make(map[int]bool)
	}
	for _, n := range numbers {
		set[n] = true
	}
	return set
}
