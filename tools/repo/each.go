package main

import (
	"errors"
	"flag"
	"os/exec"
	"strings"
)

// runEach runs a command in every module and goes on after a failure.
func runEach(r *repository, args []string) error {
	modules, args, err := r.chosen("each", args)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return errors.New("each needs a command to run")
	}
	var failed []string
	for _, m := range modules {
		r.printf("== %s\n", m.path)
		if err := r.show(r.command(r.file(m.path), args[0], args[1:]...)); err != nil {
			r.printf("%v\n", err)
			failed = append(failed, m.path)
		}
	}
	if len(failed) > 0 {
		r.printf("failed in %s\n", strings.Join(failed, ", "))
		return errFailed
	}
	return nil
}

// chosen reads the flag -m, which stands before the other arguments of a
// command, and returns the modules that it names and the rest.
func (r *repository) chosen(name string, args []string) ([]module, []string, error) {
	list := ""
	rest, err := parseFlags(name, args, func(f *flag.FlagSet) {
		f.StringVar(&list, "m", "", "modules, separated by commas; empty: all")
	})
	if err != nil {
		return nil, nil, err
	}
	modules, err := r.selection(list)
	return modules, rest, err
}

// show runs a command whose output goes to the user as it comes.
func (r *repository) show(cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = r.out, r.out
	return cmd.Run()
}
