package conformance

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Main runs the tests and then fails if goroutines that they started are still
// there. Every module uses it:
//
//	func TestMain(m *testing.M) { conformance.Main(m) }
//
// Goroutines get two seconds to end. What the tests share and must be ended
// before that, such as a server, is ended by a function of atEnd; they are
// called in order, whatever the tests said. Main does not return.
func Main(m *testing.M, atEnd ...func()) {
	code := m.Run()
	for _, end := range atEnd {
		end()
	}
	if code == 0 {
		if left := leftGoroutines(2 * time.Second); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "%d goroutines are left after the tests:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
			code = 1
		}
	}
	os.Exit(code) //nolint:forbidigo // a TestMain ends its process: there is no other way to fail it
}

// leftGoroutines returns the stacks of the goroutines that are there after the
// limit, but for this one and those of the runtime and of package testing.
func leftGoroutines(limit time.Duration) (left []string) {
	eventually(limit, func() bool {
		left = nil
		for i, stack := range strings.Split(allStacks(), "\n\n") {
			if i > 0 && !expected(stack) { // the first one is this one
				left = append(left, stack)
			}
		}
		return len(left) == 0
	})
	return left
}

func allStacks() string {
	buffer := make([]byte, 1<<20)
	for {
		if n := runtime.Stack(buffer, true); n < len(buffer) {
			return strings.TrimSpace(string(buffer[:n]))
		}
		buffer = make([]byte, 2*len(buffer))
	}
}

// expected reports whether the stack is that of a goroutine which the runtime
// or the test framework keeps.
func expected(stack string) bool {
	for _, frame := range []string{
		"testing.(*M).startAlarm", "testing.runTests", "testing.RunTests", "testing.(*M).Run(", "testing.tRunner.func",
		"runtime.goexit0", "runtime.gc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.forcegchelper", "runtime.MHeap_Scavenger",
		"runtime.runfinq", "runtime.runFinalizers", "runtime.runCleanups", "runtime.ensureSigM", "runtime.ReadTrace",
		"os/signal.signal_recv", "os/signal.loop", "runtime/pprof.profileWriter", "runtime/pprof.readProfile",
		"testing.runFuzzing", "testing.runFuzzTests", "internal/fuzz.", "runtime/coverage.",
	} {
		if strings.Contains(stack, frame) {
			return true
		}
	}
	return false
}
