//go:build !race

package engine_test

// underRace says that the race detector is on.
const underRace = false
