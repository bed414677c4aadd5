package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// goFloor is the go line of every go.mod and of go.work. It names a release,
// not a language version: a dependency that asks for 1.26.0 can't be used by
// a workspace that says 1.26, which sorts before it.
const goFloor = "1.26.0"

// runReplace writes what findWrongReplace would complain about.
func runReplace(r *repository, args []string) error {
	only := false
	_, err := parseFlags("replace", args, func(f *flag.FlagSet) {
		f.BoolVar(&only, "check", false, "change nothing, report what is wrong")
	})
	switch {
	case err != nil:
		return err
	case only:
		return r.reportOf(findWrongReplace(r))
	default:
		return r.writeReplace()
	}
}

func (r *repository) writeReplace() error {
	changes, err := r.replaceChanges()
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := os.WriteFile(r.file(c.path), c.want, 0o644); err != nil {
			return err
		}
		r.printf("wrote %s\n", c.path)
	}
	return nil
}

// runTidy tidies every module. Replacements come first, or tidy would look
// for siblings on the network, and last, as tidy may have dropped some.
func runTidy(r *repository, _ []string) error {
	if err := r.writeReplace(); err != nil {
		return err
	}
	if err := r.report(r.goFindings("mod", "tidy")); err != nil {
		return err
	}
	return r.writeReplace()
}

func findWrongReplace(r *repository) ([]finding, error) {
	changes, err := r.replaceChanges()
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, c := range changes {
		found = append(found, finding{file: c.path, text: "siblings or go line are not as wanted; run make tidy"})
	}
	unlisted, err := r.unlistedModules()
	if err != nil {
		return nil, err
	}
	unreleased, err := r.unreleasedRequirements()
	return slices.Concat(found, unlisted, unreleased), err
}

// change is the content that a file should have and has not.
type change struct {
	path string
	want []byte
}

func (r *repository) replaceChanges() ([]change, error) {
	var changes []change
	for _, m := range r.modules {
		f, data, err := r.readGoMod(m)
		if err != nil {
			return nil, err
		}
		want, err := r.wantedGoMod(m, f)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(want, data) {
			changes = append(changes, change{m.path + "/go.mod", want})
		}
	}
	data, want, err := r.wantedWorkspace()
	if err == nil && !bytes.Equal(data, want) {
		changes = append(changes, change{"go.work", want})
	}
	return changes, err
}

// wantedGoMod gives siblings their versions and relative replacements; other
// lines stay as they are.
func (r *repository) wantedGoMod(m module, f *modfile.File) ([]byte, error) {
	direct, err := r.imported(m)
	if err != nil {
		return nil, err
	}
	if err := r.setRequirements(f, direct); err != nil {
		return nil, err
	}
	if err := f.AddGoStmt(goFloor); err != nil {
		return nil, err
	}
	all, err := r.siblings(m)
	if err != nil {
		return nil, err
	}
	for _, old := range slices.Clone(f.Replace) {
		if strings.HasPrefix(old.Old.Path, modulePrefix) {
			if err := f.DropReplace(old.Old.Path, old.Old.Version); err != nil {
				return nil, err
			}
		}
	}
	f.Cleanup()
	text, err := f.Format()
	if err != nil {
		return nil, err
	}
	block, err := replaceBlock(m, all)
	if err != nil {
		return nil, err
	}
	f, err = modfile.Parse(f.Syntax.Name, append(text, block...), nil)
	if err != nil {
		return nil, err
	}
	f.Cleanup() // as go mod tidy would: no block around a single line
	return f.Format()
}

// setRequirements corrects the versions of siblings, adds those that are only
// imported so far, and gathers single lines into blocks.
func (r *repository) setRequirements(f *modfile.File, direct []module) error {
	var list []*modfile.Require
	scattered := 0
	for _, req := range f.Require {
		if m, ok := r.owner(req.Mod.Path); ok {
			req.Mod.Version = m.version
		}
		if !req.Syntax.InBlock {
			scattered++
		}
		list = append(list, &modfile.Require{Mod: req.Mod, Indirect: req.Indirect})
	}
	for _, m := range direct {
		i := slices.IndexFunc(list, func(q *modfile.Require) bool { return q.Mod.Path == m.importPath() })
		if i < 0 {
			req := &modfile.Require{}
			req.Mod.Path, req.Mod.Version = m.importPath(), m.version
			list = append(list, req)
		}
	}
	if scattered > 0 && len(list) > 1 {
		for _, req := range slices.Clone(f.Require) {
			if err := f.DropRequire(req.Mod.Path); err != nil {
				return err
			}
		}
		f.Cleanup()
	}
	f.SetRequireSeparateIndirect(list)
	return nil
}

func replaceBlock(m module, siblings []module) (string, error) {
	var b strings.Builder
	b.WriteString("\nreplace (\n")
	for _, s := range siblings {
		rel, err := relative(m, s)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s => %s\n", s.importPath(), rel)
	}
	b.WriteString(")\n")
	if len(siblings) == 0 {
		return "", nil
	}
	return b.String(), nil
}

// unreleasedRequirements finds released modules that nobody could use,
// because they require what is never tagged.
func (r *repository) unreleasedRequirements() ([]finding, error) {
	return r.everyModule(func(m module) ([]finding, error) {
		all, err := r.needed(m)
		var found []finding
		for _, s := range all {
			if m.released && !s.released {
				found = append(found, finding{file: m.path, text: "is released but requires a module that is not: " + s.path})
			}
		}
		return found, err
	})
}
