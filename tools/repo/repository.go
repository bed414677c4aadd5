package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// repository is the checkout that the program works on.
type repository struct {
	root    string // absolute
	modules []module
	out     io.Writer
	parsed  map[string][]source // by module path
}

func openRepository(root string, out io.Writer) (*repository, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	modules, err := readModules(filepath.Join(abs, "modules.txt"))
	if err != nil {
		return nil, err
	}
	return &repository{root: abs, modules: modules, out: out, parsed: map[string][]source{}}, nil
}

func (r *repository) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(r.out, format, args...)
}

// file returns the absolute name of a slash-separated path below the root.
func (r *repository) file(parts ...string) string {
	return filepath.Join(r.root, filepath.FromSlash(strings.Join(parts, "/")))
}

// owner finds the module that holds a package, by the longest match.
func (r *repository) owner(importPath string) (found module, ok bool) {
	for _, m := range r.modules {
		p := m.importPath()
		if (importPath == p || strings.HasPrefix(importPath, p+"/")) && len(m.path) > len(found.path) {
			found, ok = m, true
		}
	}
	return found, ok
}

// selection returns the modules named in a comma-separated list; all of them
// for an empty one.
func (r *repository) selection(list string) ([]module, error) {
	if list == "" {
		return r.modules, nil
	}
	var chosen []module
	for name := range strings.SplitSeq(list, ",") {
		name = strings.Trim(name, "/ ")
		i := slices.IndexFunc(r.modules, func(m module) bool { return m.path == name })
		if i < 0 {
			return nil, fmt.Errorf("modules.txt has no such module: %s", name)
		}
		chosen = append(chosen, r.modules[i])
	}
	return chosen, nil
}

// command prepares a program that runs in a module as its consumers would
// build it: alone, without the workspace.
func (r *repository) command(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+goFlags())
	return cmd
}

// goFlags keeps the caller's flags and turns version stamps off: they need a
// git that trusts the checkout, and no check reads them.
func goFlags() string { return strings.TrimSpace(os.Getenv("GOFLAGS") + " -buildvcs=false") }

// output runs a command and returns what it printed; the error of a failed
// one holds everything it said.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(stderr.String() + stdout.String())
		return "", fmt.Errorf("%s in %s: %w\n%s", strings.Join(cmd.Args, " "), cmd.Dir, err, said)
	}
	return stdout.String(), nil
}

// skipped says which folders hold no source of the module around them.
func skipped(name string) bool {
	return name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// moduleFolders finds every folder with a go.mod, in modules.txt or not.
func (r *repository) moduleFolders() ([]string, error) {
	var found []string
	err := filepath.WalkDir(r.root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != r.root && skipped(d.Name()) {
			return filepath.SkipDir
		}
		if !d.IsDir() && d.Name() == "go.mod" {
			rel, err := filepath.Rel(r.root, filepath.Dir(name))
			if err != nil {
				return err
			}
			found = append(found, filepath.ToSlash(rel))
		}
		return nil
	})
	return found, err
}
