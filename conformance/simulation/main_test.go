package simulation_test

import (
	"os"
	"runtime"
	"strconv"
	"testing"
)

// TestMain lets goroutines run one at a time: that is quickest for histories,
// whose goroutines mostly wait for each other, and makes the same seed the same
// history. Many histories are run by several processes.
func TestMain(m *testing.M) {
	runtime.GOMAXPROCS(1)
	os.Exit(m.Run())
}

// scale is a number from the environment, or what is run normally.
func scale(name string, normal uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return normal
}
