package main

import (
	"os"
	"path/filepath"
	"strings"
)

// goFindings runs a go command in every module, alone, and makes a finding of
// each failure.
func (r *repository) goFindings(args ...string) []finding {
	var found []finding
	for _, m := range r.modules {
		if _, err := output(r.command(r.file(m.path), "go", args...)); err != nil {
			found = append(found, finding{file: m.path, text: err.Error()})
		}
	}
	return found
}

func findUnbuildable(r *repository) ([]finding, error) {
	return r.goFindings("build", "-o", os.DevNull, "./..."), nil
}

func findUntidy(r *repository) ([]finding, error) {
	return r.goFindings("mod", "tidy", "-diff"), nil
}

// findVet is the one check that uses the workspace, so that go.work is known
// to hold together, too.
func findVet(r *repository) ([]finding, error) {
	args := []string{"vet"}
	for _, m := range r.modules {
		args = append(args, "./"+m.path+"/...")
	}
	cmd := r.command(r.root, "go", args...)
	cmd.Env = append(cmd.Env, "GOWORK="+r.file("go.work"))
	if _, err := output(cmd); err != nil {
		return []finding{{file: "go.work", text: err.Error()}}, nil
	}
	return nil, nil
}

// findLint runs golangci-lint module by module, as it can't do several.
func findLint(r *repository) ([]finding, error) {
	linter, err := r.installTool("golangci-lint")
	if err != nil {
		return nil, err
	}
	return r.everyModule(func(m module) ([]finding, error) {
		list, err := r.sources(m)
		if err != nil || len(list) == 0 {
			return nil, err // a module without Go files would be an error
		}
		cmd := r.command(r.file(m.path), linter, "run", "--config", r.file(".golangci.yml"), "./...")
		if _, err := output(cmd); err != nil {
			return []finding{{file: m.path, text: err.Error()}}, nil
		}
		return nil, nil
	})
}

// findDirty wants nothing changed and nothing left behind by tests and
// checks. It looks only where CI is set: elsewhere, uncommitted work is usual.
func findDirty(r *repository) ([]finding, error) {
	if os.Getenv("CI") == "" || !exists(filepath.Join(r.root, ".git")) {
		return nil, nil
	}
	said, err := output(r.command(r.root, "git", "status", "--porcelain"))
	if err != nil {
		return nil, err
	}
	var found []finding
	for line := range strings.Lines(said) {
		found = append(found, finding{file: "checkout", text: "not as committed: " + strings.TrimSpace(line)})
	}
	return found, nil
}
