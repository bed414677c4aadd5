package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// readGoMod parses the go.mod of a module.
func (r *repository) readGoMod(m module) (*modfile.File, []byte, error) {
	name := r.file(m.path, "go.mod")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	f, err := modfile.Parse(name, data, nil)
	if err == nil && (f.Module == nil || f.Module.Mod.Path != m.importPath()) {
		err = fmt.Errorf("%s: the module path is not %s", name, m.importPath())
	}
	return f, data, err
}

// imported returns the siblings that the Go files of a module import, in
// tests too.
func (r *repository) imported(m module) ([]module, error) {
	list, err := r.sources(m)
	if err != nil {
		return nil, err
	}
	var found []module
	for _, s := range list {
		for p := range s.imports() {
			if owner, ok := r.owner(p); ok && owner != m && !slices.Contains(found, owner) {
				found = append(found, owner)
			}
		}
	}
	return found, nil
}

// needed returns the siblings that a module imports or requires itself.
func (r *repository) needed(m module) ([]module, error) {
	found, err := r.imported(m)
	if err != nil {
		return nil, err
	}
	f, _, err := r.readGoMod(m)
	if err != nil {
		return nil, err
	}
	for _, req := range f.Require {
		if owner, ok := r.owner(req.Mod.Path); ok && owner != m && !slices.Contains(found, owner) {
			found = append(found, owner)
		}
	}
	return found, nil
}

// siblings returns every module of the repository that the graph of m can
// reach: each of them needs a replacement, or m can't be built alone. They
// come in the order of their paths, in which go mod tidy keeps a block.
func (r *repository) siblings(m module) ([]module, error) {
	var found []module
	queue := []module{m}
	for len(queue) > 0 {
		next, err := r.needed(queue[0])
		if err != nil {
			return nil, err
		}
		queue = queue[1:]
		for _, n := range next {
			if n != m && !slices.Contains(found, n) {
				found, queue = append(found, n), append(queue, n)
			}
		}
	}
	slices.SortFunc(found, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return found, nil
}

// relative returns how a replace line in one module names another's folder.
func relative(from, to module) (string, error) {
	rel, err := filepath.Rel(filepath.FromSlash(from.path), filepath.FromSlash(to.path))
	if err != nil {
		return "", err
	}
	rel = filepath.ToSlash(rel)
	if rel[0] != '.' { // go.mod takes a bare name for a module path
		rel = "./" + rel
	}
	return rel, nil
}
