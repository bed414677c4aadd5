package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// pinned is one line of tools/pinned.txt.
type pinned struct{ name, path, version string }

func readPinned(name string) ([]pinned, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var list []pinned
	for _, fields := range tableRows(string(data)) {
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: not name, package, version: %v", name, fields)
		}
		list = append(list, pinned{fields[0], fields[1], fields[2]})
	}
	return list, nil
}

// runTool prints the path of a pinned program, for the Makefile.
func runTool(r *repository, args []string) error {
	if len(args) != 1 {
		return errors.New("tool needs the name of one program of tools/pinned.txt")
	}
	name, err := r.installTool(args[0])
	if err == nil {
		r.printf("%s\n", name)
	}
	return err
}

// installTool builds a pinned program unless the cache has it, and returns
// its path.
func (r *repository) installTool(name string) (string, error) {
	list, err := readPinned(r.file("tools", "pinned.txt"))
	if err != nil {
		return "", err
	}
	for _, p := range list {
		if p.name == name {
			return p.install(r)
		}
	}
	return "", fmt.Errorf("tools/pinned.txt has no such program: %s", name)
}

// install builds beside the final place and renames, so that two runs at once
// never see half a program. Programs are static: they need no C compiler, and
// run in an image that holds nothing else.
func (p pinned) install(r *repository) (string, error) {
	cache, err := toolCache()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, p.name+"@"+p.version)
	program := filepath.Join(folder, p.name)
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if exists(program) {
		return program, nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	building, err := os.MkdirTemp(cache, "building-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(building) }()
	cmd := r.command(building, "go", "install", p.path+"@"+p.version)
	cmd.Env = append(cmd.Env, "GOBIN="+building, "CGO_ENABLED=0")
	if _, err := output(cmd); err != nil {
		return "", err
	}
	return program, os.Rename(filepath.Join(building, filepath.Base(program)), program)
}

// toolCache follows XDG on every system: one place to look and to delete.
func toolCache() (string, error) {
	if base := os.Getenv("XDG_CACHE_HOME"); base != "" {
		return filepath.Join(base, "smarterbase", "tools"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".cache", "smarterbase", "tools"), err
}
