package main

import (
	"os"
	"slices"

	"golang.org/x/mod/modfile"
)

// wantedWorkspace returns go.work as it is and as modules.txt wants it.
func (r *repository) wantedWorkspace() (have, want []byte, err error) {
	name := r.file("go.work")
	if have, err = os.ReadFile(name); err != nil {
		return nil, nil, err
	}
	f, err := modfile.ParseWork(name, have, nil)
	if err != nil {
		return nil, nil, err
	}
	var listed []string
	for _, use := range slices.Clone(f.Use) {
		if !slices.ContainsFunc(r.modules, func(m module) bool { return "./"+m.path == use.Path }) {
			if err := f.DropUse(use.Path); err != nil {
				return nil, nil, err
			}
			continue
		}
		listed = append(listed, use.Path)
	}
	for _, m := range r.modules {
		if !slices.Contains(listed, "./"+m.path) {
			if err := f.AddUse("./"+m.path, ""); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := f.AddGoStmt(goFloor); err != nil {
		return nil, nil, err
	}
	f.SortBlocks()
	f.Cleanup()
	return have, modfile.Format(f.Syntax), nil
}

// unlistedModules finds folders with a go.mod that modules.txt forgot: no
// test and no check would ever look at them.
func (r *repository) unlistedModules() ([]finding, error) {
	folders, err := r.moduleFolders()
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, folder := range folders {
		if !slices.ContainsFunc(r.modules, func(m module) bool { return m.path == folder }) {
			found = append(found, finding{file: folder, text: "has a go.mod but no line in modules.txt"})
		}
	}
	return found, nil
}
