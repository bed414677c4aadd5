package simulation_test

import "testing"

// mostRuns bounds how many histories are run to shrink one.
const mostRuns = 3_000

// shrink takes away what a failing history does not need in order to fail:
// clients, kinds of faults, operations and single faults, as long as that
// helps.
func shrink(t *testing.T, w *workload, failed *history) config {
	t.Helper()
	best, runs := failed, 0
	try := func(c config) bool {
		if runs++; runs > mostRuns {
			return false
		}
		if h := play(t, w, c); len(h.problems) > 0 && h.step <= best.step {
			best = h
			return true
		}
		return false
	}
	for again := true; again && runs <= mostRuns; {
		again = false
		for best.processes > 1 {
			c := best.config
			if c.processes--; !try(c) {
				break
			}
			again = true
		}
		for f := busy; f < faultCount; f++ {
			if best.rates[f] > 0 && try(best.without(f)) {
				again = true
			}
		}
		for client := 1; client <= best.processes; client++ {
			for left := range best.share {
				if name := client*1000 + left; !best.drop[name] && try(best.dropping(name)) {
					again = true
				}
			}
		}
		for n := best.faults; n > 0; n-- {
			if n <= best.faults && !best.skip[n] && try(best.skipping(n)) {
				again = true
			}
		}
	}
	return best.config
}
