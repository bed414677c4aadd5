package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// testResult collects the events of one module.
type testResult struct {
	prefix   string // of package names, not shown
	packages map[string]*packageResult
	building map[string][]string // what compilers said, by import path
	other    []string            // what the go command said
	done     func(*packageResult)
}

// packageResult is what became of one package.
type packageResult struct {
	name     string
	verdict  string // "ok", "FAILED", "no tests"
	seconds  float64
	passed   int
	failed   int
	skipped  []skippedTest
	running  map[string]bool
	output   map[string][]string // by test; under "", of the package itself
	failures []string            // names of tests, in the order of their end
	report   []string            // everything worth reading about a failure
	missing  missingServices     // what its tests lacked
}

type skippedTest struct{ name, reason string }

func newTestResult(prefix string, done func(*packageResult)) *testResult {
	return &testResult{
		prefix:   prefix,
		packages: map[string]*packageResult{},
		building: map[string][]string{},
		done:     done,
	}
}

func (t *testResult) handle(e testEvent) {
	switch {
	case e.Action == "build-output":
		t.building[e.ImportPath] = append(t.building[e.ImportPath], e.Output)
	case e.Package == "":
	case e.Test != "":
		t.of(e.Package).testEvent(e)
	default:
		t.packageEvent(e)
	}
}

// of returns the package with that import path.
func (t *testResult) of(path string) *packageResult {
	p := t.packages[path]
	if p == nil {
		p = &packageResult{name: strings.TrimPrefix(path, t.prefix), running: map[string]bool{}, output: map[string][]string{}, missing: missingServices{}}
		t.packages[path] = p
	}
	return p
}

func (t *testResult) packageEvent(e testEvent) {
	p := t.of(e.Package)
	switch e.Action {
	case "output":
		p.output[""] = append(p.output[""], e.Output)
	case "pass", "fail", "skip":
		p.end(e, t.building[e.FailedBuild])
		t.done(p)
	}
}

func (p *packageResult) testEvent(e testEvent) {
	switch e.Action {
	case "run":
		p.running[e.Test] = true
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
		p.missing.read(e.Output)
	case "pass":
		p.passed++
		p.forget(e.Test)
	case "skip":
		p.skipped = append(p.skipped, skippedTest{e.Test, skipReason(p.output[e.Test])})
		p.forget(e.Test)
	case "fail":
		p.failures = append(p.failures, e.Test)
		delete(p.running, e.Test)
	}
}

// forget drops the output of a test that nobody will read.
func (p *packageResult) forget(test string) {
	delete(p.running, test)
	delete(p.output, test)
}

// end closes the package.
func (p *packageResult) end(e testEvent, building []string) {
	p.seconds, p.verdict = e.Elapsed, "ok"
	switch {
	case e.Action == "fail":
		p.fail(building)
	case p.passed+len(p.skipped) == 0:
		p.verdict = "no tests"
	}
	p.output = nil
}

// fail gathers what to read about a failure. Tests that were still running
// when their process died failed, too; a package that failed without a failed
// test (it did not build, or ended on its own) counts as one failure.
func (p *packageResult) fail(building []string) {
	p.verdict = "FAILED"
	p.failures = append(p.failures, slices.Sorted(maps.Keys(p.running))...)
	p.failed = max(len(p.failures), 1)
	p.report = append(p.report, building...)
	for _, test := range append(p.failures, "") {
		p.report = append(p.report, slices.DeleteFunc(p.output[test], isProgress)...)
	}
}

// isProgress tells lines that say when a test ran from those that say why it
// failed.
func isProgress(line string) bool { return strings.HasPrefix(line, "=== ") }

// String is the line of the package.
func (p *packageResult) String() string {
	line := fmt.Sprintf("%-9s %-44s", p.verdict, p.name)
	if p.verdict != "no tests" {
		line += fmt.Sprintf(" %7.1fs %5d passed", p.seconds, p.passed)
	}
	if p.failed > 0 {
		line += fmt.Sprintf(" %d failed", p.failed)
	}
	if len(p.skipped) > 0 {
		line += fmt.Sprintf(" %d skipped", len(p.skipped))
	}
	return strings.TrimRight(line, " ")
}

// skipReason is what a test said before it skipped itself.
func skipReason(lines []string) string {
	var said []string
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line != "" && !isProgress(line) && !strings.HasPrefix(line, "--- ") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, " ")
}
