package main

import "fmt"

// finding is one place where a rule is broken.
type finding struct {
	file string // below the root; a module or another name where no file fits
	line int    // 0 where no line fits
	text string
	note bool // reported, but no failure
}

func (f finding) String() string {
	place := f.file
	if f.line > 0 {
		place = fmt.Sprintf("%s:%d", f.file, f.line)
	}
	if f.note {
		return fmt.Sprintf("%s: note: %s", place, f.text)
	}
	return fmt.Sprintf("%s: %s", place, f.text)
}

// failures counts the findings that are no notes.
func failures(list []finding) int {
	n := 0
	for _, f := range list {
		if !f.note {
			n++
		}
	}
	return n
}

// everyModule calls visit for each module and collects what it finds.
func (r *repository) everyModule(visit func(module) ([]finding, error)) ([]finding, error) {
	var found []finding
	for _, m := range r.modules {
		more, err := visit(m)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

// everySource calls visit for each Go file of the repository and collects
// what it finds.
func (r *repository) everySource(visit func(source) []finding) ([]finding, error) {
	return r.everyModule(func(m module) ([]finding, error) {
		list, err := r.sources(m)
		var found []finding
		for _, s := range list {
			found = append(found, visit(s)...)
		}
		return found, err
	})
}

// reportOf is report for what a check answered.
func (r *repository) reportOf(list []finding, err error) error {
	if err != nil {
		return err
	}
	return r.report(list)
}

// report prints findings and answers errFailed if one of them is a failure.
func (r *repository) report(list []finding) error {
	for _, f := range list {
		r.printf("%s\n", f)
	}
	if failures(list) > 0 {
		return errFailed
	}
	return nil
}
