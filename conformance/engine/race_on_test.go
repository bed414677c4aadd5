//go:build race

package engine_test

// underRace: the race detector makes everything some five times slower.
const underRace = true
