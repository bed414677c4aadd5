package services

import (
	"slices"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
)

// Main runs the tests, ends the servers that they shared, and then does what
// conformance.Main does, which looks for goroutines that are left. A package
// whose tests use a server has it as its TestMain:
//
//	func TestMain(m *testing.M) { services.Main(m) }
//
// It does not return.
func Main(m *testing.M) { conformance.Main(m, Stop) }

// Stop ends every server that the tests of this process share and removes
// their data. It is for a TestMain that can't use Main; after it, no function
// of this package may be called.
func Stop() {
	ending.Lock()
	defer ending.Unlock()
	for _, end := range slices.Backward(ending.list) {
		end()
	}
	ending.list = nil
}

// ending holds what Stop calls, the newest first.
var ending struct {
	sync.Mutex
	list []func()
}

func atEnd(f func()) {
	ending.Lock()
	defer ending.Unlock()
	ending.list = append(ending.list, f)
}
