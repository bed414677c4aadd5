package main

import (
	"bytes"
	"go/format"
	"strings"
	"time"
)

// check is a rule over the whole repository.
type check struct {
	name    string
	summary string
	find    func(*repository) ([]finding, error)
}

// checks lists them all, the quick ones first.
func checks() []check {
	return []check{
		{"format", "gofmt of every Go file", findUnformatted},
		{"replace", "requirements and replacements of siblings, go.work", findWrongReplace},
		{"arrows", "which module may import which", findArrows},
		{"clock", "no wall clock, sleep or global randomness in core", findClock},
		{"clauses", "clause ids in ports are those of the kit", findClauses},
		{"docs", "exported identifiers and packages are documented", findUndocumented},
		{"budgets", "sizes, file names, comment share", findOverBudget},
		{"build", "go build of every module alone", findUnbuildable},
		{"vet", "go vet in the workspace", findVet},
		{"tidy-check", "go mod tidy would change nothing", findUntidy},
		{"deps", "foreign modules are those in deps/", findDeps},
		{"lint", "golangci-lint in every module", findLint},
		{"tree", "with CI set: the checkout is clean", findDirty},
	}
}

// command runs one check alone.
func (c check) command(r *repository, _ []string) error {
	return r.reportOf(c.find(r))
}

// runCheck goes on after a failure: who reads it wants all of them at once.
func runCheck(r *repository, _ []string) error {
	failed := 0
	for _, c := range checks() {
		if !r.runOne(c) {
			failed++
		}
	}
	r.printf("%d checks, %d failed\n", len(checks()), failed)
	if failed > 0 {
		return errFailed
	}
	return nil
}

// runOne prints a line about a check and then its findings.
func (r *repository) runOne(c check) (ok bool) {
	start := time.Now()
	found, err := c.find(r)
	if err != nil {
		found = append(found, finding{file: c.name, text: err.Error()})
	}
	verdict := "ok"
	if failures(found) > 0 {
		verdict = "FAILED"
	}
	r.printf("%-7s %-11s %6.1fs  %s\n", verdict, c.name, time.Since(start).Seconds(), c.summary)
	for _, f := range found {
		r.printf("        %s\n", strings.ReplaceAll(strings.TrimSpace(f.String()), "\n", "\n            "))
	}
	return failures(found) == 0
}

func findUnformatted(r *repository) ([]finding, error) {
	return r.everySource(func(s source) []finding {
		want, err := format.Source(s.data)
		if err != nil || bytes.Equal(want, s.data) {
			return nil
		}
		return []finding{{file: s.path, text: "is not formatted; run gofmt -w"}}
	})
}
