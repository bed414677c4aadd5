package main

import (
	"flag"
	"strings"
)

// runFuzz gives every fuzz function a while, one after another, as the go
// command fuzzes one at a time.
func runFuzz(r *repository, args []string) error {
	duration, list := "", ""
	_, err := parseFlags("fuzz", args, func(f *flag.FlagSet) {
		f.StringVar(&duration, "time", "10s", "for each function")
		f.StringVar(&list, "m", "", "modules, separated by commas; empty: all")
	})
	if err != nil {
		return err
	}
	modules, err := r.selection(list)
	if err != nil {
		return err
	}
	failed := 0
	for _, m := range modules {
		targets, err := r.fuzzTargets(m)
		if err != nil {
			return err
		}
		for _, t := range targets {
			if err := r.fuzz(t, duration); err != nil {
				failed++
			}
		}
	}
	return r.failed(failed, "fuzz functions")
}

func (r *repository) fuzz(t fuzzTarget, duration string) error {
	r.printf("== %s %s\n", t.folder, t.function)
	return r.show(r.command(r.file(t.folder), "go", "test",
		"-run", "^$", "-fuzz", "^"+t.function+"$", "-fuzztime", duration, "."))
}

// failed answers errFailed for a count above zero.
func (r *repository) failed(n int, what string) error {
	if n == 0 {
		return nil
	}
	r.printf("%d %s failed\n", n, what)
	return errFailed
}

// fuzzTarget is one fuzz function and the folder of its package.
type fuzzTarget struct{ folder, function string }

func (r *repository) fuzzTargets(m module) ([]fuzzTarget, error) {
	list, err := r.sources(m)
	var found []fuzzTarget
	for _, s := range list {
		if !s.test() {
			continue
		}
		for _, d := range functions(s) {
			if d.Recv == nil && strings.HasPrefix(d.Name.Name, "Fuzz") {
				found = append(found, fuzzTarget{s.folder(), d.Name.Name})
			}
		}
	}
	return found, err
}
