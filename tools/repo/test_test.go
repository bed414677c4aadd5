package main

import (
	"errors"
	"strings"
	"testing"
)

// The packages of one small module: each ends in another way.
var smallPackages = map[string]string{
	"core/good/a_test.go": `package good
import "testing"
func TestA(t *testing.T) { t.Run("sub", func(t *testing.T) {}) }
func TestB(t *testing.T) { t.Skip("needs the moon") }
`,
	"core/bad/a_test.go": `package bad
import "testing"
func TestA(t *testing.T) { t.Log("quiet") }
func TestB(t *testing.T) { t.Error("loud") }
`,
	"core/broken/a_test.go": "package broken\nvar x int = \"no\"\n",
	"core/dead/a_test.go": `package dead
import "testing"
func TestA(t *testing.T) { panic("dead") }
`,
	"core/exit/a_test.go": `package exit
import ("os"; "testing")
func TestMain(m *testing.M) { os.Exit(3) }
`,
	"core/none/a.go": "package none\n",
}

func TestTestRun(t *testing.T) {
	t.Parallel()
	r, out := checkout(t, []string{"core"}, smallPackages)
	if err := runTest(r, nil); !errors.Is(err, errFailed) {
		t.Fatalf("the run answered %v", err)
	}
	said := out.String()
	for _, want := range []string{
		"ok        core/good ", "2 passed 1 skipped",
		"FAILED    core/bad ", "loud",
		"FAILED    core/broken ", "cannot use \"no\"",
		"FAILED    core/dead ", "panic: dead",
		"FAILED    core/exit ",
		"no tests  core/none\n",
		"\nskipped:\n  core/good TestB: a_test.go:4: needs the moon\n",
		"\n3 passed, 4 failed, 1 skipped\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("the run did not say %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "quiet") {
		t.Errorf("the output of a test that passed was printed:\n%s", said)
	}
}

func TestTestRunOfABrokenModule(t *testing.T) {
	t.Parallel()
	r, out := checkout(t, []string{"core"}, map[string]string{"core/go.mod": "modul\n", "core/a.go": "package core\n"})
	if err := runTest(r, nil); !errors.Is(err, errFailed) {
		t.Fatalf("the run answered %v", err)
	}
	if said := out.String(); !strings.Contains(said, "unknown directive: modul") || !strings.Contains(said, "\n0 passed, 1 failed, 0 skipped\n") {
		t.Errorf("the run said:\n%s", said)
	}
}

func TestTestRunOfNothing(t *testing.T) {
	t.Parallel()
	r, out := checkout(t, []string{"core"}, nil)
	if err := runTest(r, nil); err != nil {
		t.Fatalf("the run answered %v: %s", err, out)
	}
	if said := out.String(); !strings.HasSuffix(said, "\n0 passed, 0 failed, 0 skipped\n") {
		t.Errorf("the run said:\n%s", said)
	}
}

// Servers that tests lacked are listed once each, whether the tests were
// skipped or failed for it.
func TestTestRunListsMissingServices(t *testing.T) {
	t.Parallel()
	r, out := checkout(t, []string{"core"}, map[string]string{
		"core/a/a_test.go": `package a
import "testing"
func TestA(t *testing.T) { t.Skip("service not available: s3: no binary: none") }
func TestB(t *testing.T) { t.Skip("service not available: redis: PATH has none") }
`,
		"core/b/b_test.go": `package b
import "testing"
func TestC(t *testing.T) { t.Fatal("service not available: s3: no binary: none") }
`,
	})
	if err := runTest(r, nil); !errors.Is(err, errFailed) {
		t.Fatalf("the run answered %v", err)
	}
	want := "\nservices that could not be run (`make services` installs them):\n" +
		"  redis (tests: 1): PATH has none\n  s3 (tests: 2): no binary: none\n\n0 passed, 1 failed, 2 skipped\n"
	if said := out.String(); !strings.HasSuffix(said, want) {
		t.Errorf("the run said:\n%s", said)
	}
}

// A test that was still running when its process died is a failed one.
func TestDeadProcessFailsItsRunningTests(t *testing.T) {
	t.Parallel()
	var ended []*packageResult
	result := newTestResult("p/", func(p *packageResult) { ended = append(ended, p) })
	events := `{"Action":"start","Package":"p/x"}
{"Action":"run","Package":"p/x","Test":"TestA"}
{"Action":"output","Package":"p/x","Test":"TestA","Output":"last words\n"}
{"Action":"fail","Package":"p/x","Elapsed":2}
`
	err := readTestEvents(strings.NewReader(events), result.handle, func(line string) { t.Errorf("no event: %s", line) })
	if err != nil || len(ended) != 1 || ended[0].failed != 1 || strings.Join(ended[0].report, "") != "last words\n" {
		t.Errorf("ended %+v, %v", ended, err)
	}
}
