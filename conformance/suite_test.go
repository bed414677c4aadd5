package conformance_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// childEnv asks the test binary to be the suite under test: a suite that
// fails, or leaves goroutines, has to run in a process of its own.
const childEnv = "CONFORMANCE_TEST_CHILD"

// stubCache is right in all but what it is told to do wrong.
type stubCache struct{ lies bool }

func (c stubCache) Load(ctx context.Context, name string) ([]byte, error) {
	if err := ports.ContextDone(ctx, "load", name); err != nil {
		return nil, err
	}
	if c.lies {
		return []byte("a lie"), nil
	}
	return nil, ports.Fail("load", name, ports.ErrNotFound, nil)
}

func (stubCache) Store(ctx context.Context, name string, _ []byte, _ time.Duration) error {
	return ports.ContextDone(ctx, "store", name)
}

func (stubCache) Remove(ctx context.Context, name string) error {
	return ports.ContextDone(ctx, "remove", name)
}

// TestChild is what the other tests run in a process of its own.
func TestChild(t *testing.T) {
	cache := func(lies bool) func(testing.TB) ports.Cache {
		return func(testing.TB) ports.Cache { return stubCache{lies} }
	}
	switch os.Getenv(childEnv) {
	case "good":
		conformance.TestCache(t, conformance.CacheHarness{New: cache(false), Waive: map[string]string{"CA-LOA-1": "time stands still here"}})
	case "lies":
		conformance.TestCache(t, conformance.CacheHarness{New: cache(true)})
	case "unknown waiver":
		conformance.TestCache(t, conformance.CacheHarness{New: cache(false), Waive: map[string]string{"CA-LOA-9": "misspelt", "CA-STO-1": ""}})
	case "leak":
		go func() { select {} }()
	}
}

// child runs TestChild in a process of its own.
func child(t *testing.T, what string) (output string, passed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

func TestSuiteRunsInAProcessOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		what   string
		passes bool
		prints []string
	}{
		{"good", true, []string{
			"--- PASS: TestChild/CA-LIE-1", "CA-LOA-1  waived  time stands still here", "5 clauses, 4 passed, 1 waived",
		}},
		{"lies", false, []string{
			"--- FAIL: TestChild/CA-LIE-1", "CA-LIE-1, conformance/cache.go:", "clause: A cache MUST NOT answer with bytes", "CA-LIE-1  FAILED  conformance/cache.go:",
		}},
		{"unknown waiver", false, []string{`waiver of the unknown clause "CA-LOA-9"`, "waiver of CA-STO-1 without a reason"}},
		{"leak", false, []string{"--- PASS: TestChild", "1 goroutines are left after the tests", "conformance_test.TestChild.func"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			output, passed := child(t, tt.what)
			if passed != tt.passes {
				t.Errorf("passed: %t, want %t", passed, tt.passes)
			}
			for _, line := range tt.prints {
				if !strings.Contains(output, line) {
					t.Errorf("the output lacks %q", line)
				}
			}
			if t.Failed() {
				t.Log(output)
			}
		})
	}
}
