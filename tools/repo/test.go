package main

import (
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// testTimeout is for one package: the slowest kill writers a hundred times,
// on the slowest machine, under the race detector.
const testTimeout = "20m"

// moduleRun is one line of the table at the end of a test run.
type moduleRun struct {
	module   module
	race     bool
	packages []*packageResult
	broken   string // why the go command could not even start
	seconds  float64
}

// runTest runs the tests of every module and ends with the line
// "N passed, N failed, N skipped". A test function, a subtest, an example and
// a fuzz seed each count as one.
func runTest(r *repository, args []string) error {
	modules, extra, err := r.chosen("test", args)
	if err != nil {
		return err
	}
	canRace, err := r.canRace()
	if err != nil {
		return err
	}
	var runs []moduleRun
	for _, m := range modules {
		runs = append(runs, r.testModule(m, m.race && canRace, extra))
	}
	return r.summarize(runs, canRace)
}

// canRace reports whether this machine can build with the race detector,
// which needs a C compiler on most systems.
func (r *repository) canRace() (bool, error) {
	said, err := output(r.command(r.root, "go", "env", "CGO_ENABLED"))
	return strings.TrimSpace(said) == "1", err
}

func (r *repository) testModule(m module, race bool, extra []string) moduleRun {
	start := time.Now()
	run := moduleRun{module: m, race: race}
	if list, err := r.sources(m); err == nil && len(list) == 0 {
		return run // the go command takes a module without packages for an error
	}
	result := newTestResult(modulePrefix, func(p *packageResult) {
		run.packages = append(run.packages, p)
		r.printPackage(p)
	})
	cmd := r.command(r.file(m.path), "go", testArgs(race, extra)...)
	if err := stream(cmd, result); err != nil && run.count().failed == 0 {
		run.broken = fmt.Sprintf("%v\n%s", err, strings.Join(result.other, ""))
		r.printf("FAILED    %s: %s\n", m.path, run.broken)
	}
	run.seconds = time.Since(start).Seconds()
	return run
}

func testArgs(race bool, extra []string) []string {
	args := []string{"test", "-json", "-timeout", testTimeout}
	if race {
		args = append(args, "-race")
	}
	return append(append(args, extra...), "./...")
}

// stream feeds what a go test -json prints into a result while it runs.
func stream(cmd *exec.Cmd, result *testResult) error {
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		_ = in.Close()
		ended <- err
	}()
	err := readTestEvents(out, result.handle, func(line string) { result.other = append(result.other, line) })
	if waited := <-ended; err == nil {
		err = waited
	}
	return err
}

func (r *repository) printPackage(p *packageResult) {
	r.printf("%s\n", p)
	for _, out := range p.report {
		r.printf("    %s", out)
	}
}

// tally is what the last line of a run says.
type tally struct{ packages, passed, failed, skipped int }

func (t tally) plus(u tally) tally {
	return tally{t.packages + u.packages, t.passed + u.passed, t.failed + u.failed, t.skipped + u.skipped}
}

func (m moduleRun) count() tally {
	var sum tally
	for _, p := range m.packages {
		sum = sum.plus(tally{1, p.passed, p.failed, len(p.skipped)})
	}
	if m.broken != "" {
		sum.failed++
	}
	return sum
}

func (r *repository) summarize(runs []moduleRun, canRace bool) error {
	r.printf("\n%-24s %8s %8s %8s %8s %8s  race\n", "module", "packages", "passed", "failed", "skipped", "seconds")
	var total tally
	for _, run := range runs {
		total = total.plus(run.count())
		r.printf("%s\n", run)
	}
	if !canRace && slices.ContainsFunc(runs, func(m moduleRun) bool { return m.module.race }) {
		r.printf("\nthe race detector was OFF: it needs cgo and a C compiler, and there is none\n")
	}
	r.printSkipped(runs)
	r.printMissing(runs)
	r.printf("\n%d passed, %d failed, %d skipped\n", total.passed, total.failed, total.skipped)
	if total.failed > 0 {
		return errFailed
	}
	return nil
}

// String is one line of the table.
func (m moduleRun) String() string {
	n, race := m.count(), "no"
	if m.race {
		race = "yes"
	}
	return fmt.Sprintf("%-24s %8d %8d %8d %8d %8.1f  %s",
		m.module.path, n.packages, n.passed, n.failed, n.skipped, m.seconds, race)
}

func (r *repository) printSkipped(runs []moduleRun) {
	title := "\nskipped:\n"
	for _, run := range runs {
		for _, p := range run.packages {
			for _, s := range p.skipped {
				r.printf("%s  %s %s: %s\n", title, p.name, s.name, s.reason)
				title = ""
			}
		}
	}
}
