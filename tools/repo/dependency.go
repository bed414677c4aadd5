package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pureModules may have no foreign module at all, in tests neither, not even
// as a line in the module graph. No allow-list can say otherwise.
var pureModules = []string{"ports", "core", "conformance", "adapters/memory"}

// How near a foreign module comes to the user, nearest first.
const (
	linked = "build" // compiled into programs that import the module
	tested = "test"  // compiled into its tests
	named  = "graph" // only looked at when versions are chosen
)

// dependencyHeader explains an allow-list to who reads it in a change.
const dependencyHeader = `# Foreign modules of %s, written by "make deps-write". A new line is a decision:
# build = compiled into users' programs, test = into its tests, graph = only named.
`

// runDeps compares or, with -write, accepts what is there.
func runDeps(r *repository, args []string) error {
	write := false
	_, err := parseFlags("deps", args, func(f *flag.FlagSet) {
		f.BoolVar(&write, "write", false, "write the allow-lists")
	})
	if err == nil && write {
		err = r.reportOf(r.everyModule(r.writeDeps))
	}
	if err != nil {
		return err
	}
	return r.reportOf(findDeps(r))
}

// depsFile is the allow-list of a module, below the root.
func depsFile(m module) string { return "deps/" + m.path + ".txt" }

func (r *repository) writeDeps(m module) ([]finding, error) {
	lines, err := r.foreign(m)
	if err != nil {
		return []finding{{file: m.path, text: err.Error()}}, nil // the others can go on
	}
	name := r.file(depsFile(m))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	text := fmt.Sprintf(dependencyHeader, m.path)
	for _, line := range lines {
		text += line + "\n"
	}
	return nil, os.WriteFile(name, []byte(text), 0o644)
}

func findDeps(r *repository) ([]finding, error) {
	return r.everyModule(func(m module) ([]finding, error) {
		have, err := r.foreign(m)
		if err != nil {
			return []finding{{file: m.path, text: err.Error()}}, nil
		}
		allowed, err := r.allowed(m)
		return compareDeps(m, have, allowed), err
	})
}

// compareDeps is exact in both directions: a line that nothing needs any more
// would let a dependency come back unseen.
func compareDeps(m module, have, allowed []string) []finding {
	var found []finding
	for _, line := range have {
		switch {
		case slices.Contains(pureModules, m.path):
			found = append(found, finding{file: m.path, text: "must have no foreign module, has " + line})
		case !slices.Contains(allowed, line):
			found = append(found, finding{file: depsFile(m), text: "does not allow " + line})
		}
	}
	for _, line := range allowed {
		if !slices.Contains(have, line) {
			found = append(found, finding{file: depsFile(m), text: "allows what is not used: " + line})
		}
	}
	return found
}

// allowed reads an allow-list; a file that is missing allows nothing.
func (r *repository) allowed(m module) ([]string, error) {
	data, err := os.ReadFile(r.file(depsFile(m)))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var list []string
	for _, fields := range tableRows(string(data)) {
		list = append(list, strings.Join(fields, " "))
	}
	return list, nil
}

// ofPackage makes go list print the module of each package.
const ofPackage = "{{with .Module}}{{.Path}}{{end}}"

// listings ask for ever nearer modules; a later answer replaces an earlier one.
var listings = []struct {
	kind string
	args []string
}{
	{named, []string{"list", "-m", "-f", "{{.Path}}", "all"}},
	{tested, []string{"list", "-deps", "-test", "-f", ofPackage, "./..."}},
	{linked, []string{"list", "-deps", "-f", ofPackage, "./..."}},
}

// foreign lists the modules of others that m needs, as "<how near> <path>".
func (r *repository) foreign(m module) ([]string, error) {
	near := map[string]string{}
	for _, l := range listings {
		cmd := r.command(r.file(m.path), "go", l.args...)
		// One platform for everybody, or the lists would differ by machine.
		cmd.Env = append(cmd.Env, "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
		said, err := output(cmd)
		if err != nil {
			return nil, err
		}
		for p := range strings.FieldsSeq(said) {
			if !strings.HasPrefix(p, modulePrefix) {
				near[p] = l.kind
			}
		}
	}
	return sortedDeps(near), nil
}

func sortedDeps(near map[string]string) []string {
	var lines []string
	for p, kind := range near {
		lines = append(lines, kind+" "+p)
	}
	slices.SortFunc(lines, func(a, b string) int {
		return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a, b))
	})
	return lines
}

// distance orders lines by how near their module is.
func distance(line string) int {
	kind, _, _ := strings.Cut(line, " ")
	return slices.Index([]string{linked, tested, named}, kind)
}
