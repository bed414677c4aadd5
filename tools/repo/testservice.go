package main

import (
	"maps"
	"slices"
	"strings"
)

// missingMark begins what a test says that lacks a server; the name and the
// reason follow. Package conformance/services writes it.
const missingMark = "service not available: "

// missingService is a server that could not be run, and how many tests would
// have used it.
type missingService struct {
	name, why string
	tests     int
}

// missingServices collects them by name.
type missingServices map[string]missingService

// read looks for the mark in a line that a test printed.
func (m missingServices) read(line string) {
	_, text, ok := strings.Cut(line, missingMark)
	if !ok {
		return
	}
	name, why, ok := strings.Cut(text, ": ")
	if !ok {
		return
	}
	m.add(missingService{name, strings.TrimSpace(why), 1})
}

// add keeps the first reason: the others are most often the same.
func (m missingServices) add(s missingService) {
	if known, ok := m[s.name]; ok {
		s.why, s.tests = known.why, known.tests+s.tests
	}
	m[s.name] = s
}

// printMissing tells which servers no test could use, with the reason.
func (r *repository) printMissing(runs []moduleRun) {
	all := missingServices{}
	for _, run := range runs {
		for _, p := range run.packages {
			for _, name := range slices.Sorted(maps.Keys(p.missing)) {
				all.add(p.missing[name])
			}
		}
	}
	if len(all) == 0 {
		return
	}
	r.printf("\nservices that could not be run (`make services` installs them):\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r.printf("  %s (tests: %d): %s\n", name, all[name].tests, all[name].why)
	}
}
