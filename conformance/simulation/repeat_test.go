package simulation_test

import (
	"maps"
	"slices"
	"testing"
)

// The same seed is the same history, step by step.
func TestASeedTellsTheSameStoryTwice(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(workloads)) {
		t.Run(name, func(t *testing.T) {
			w := workloads[name]
			for seed := uint64(1); seed <= scale("SB_REPEATS", 60); seed++ {
				c := configOf(w, seed)
				c.tell = true
				first, second := play(t, w, c).story, play(t, w, c).story
				for i := range max(len(first), len(second)) {
					if i >= len(first) || i >= len(second) || first[i] != second[i] {
						t.Fatalf("seed %d: line %d differs:\n%q\n%q", seed, i, first[max(0, i-3):min(len(first), i+1)], second[max(0, i-3):min(len(second), i+1)])
					}
				}
			}
		})
	}
}
