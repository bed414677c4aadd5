package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	modpath "golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// publish writes every released module into a tree that the go command takes
// for a module proxy, with the content that a release of this checkout would
// have.
func (r *repository) publish(tree string) error {
	for _, m := range r.modules {
		if !m.released {
			continue
		}
		if err := r.publishModule(tree, m); err != nil {
			return fmt.Errorf("packing %s: %w", m.path, err)
		}
	}
	return nil
}

func (r *repository) publishModule(tree string, m module) error {
	escaped, err := modpath.EscapePath(m.importPath())
	if err != nil {
		return err
	}
	folder := filepath.Join(tree, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	goMod, err := os.ReadFile(r.file(m.path, "go.mod"))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"list":              m.version + "\n",
		m.version + ".info": fmt.Sprintf(`{"Version":%q,"Time":%q}`, m.version, time.Now().UTC().Format(time.RFC3339)),
		m.version + ".mod":  string(goMod), // replacements in a dependency are ignored
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return r.zipModule(filepath.Join(folder, m.version+".zip"), m)
}

// zipModule packs a copy, because the go command puts the license of the
// repository into a module that has none of its own.
func (r *repository) zipModule(name string, m module) error {
	copied, err := os.MkdirTemp("", "smarterbase-module-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(copied) }()
	if err := os.CopyFS(copied, os.DirFS(r.file(m.path))); err != nil {
		return err
	}
	if err := r.addLicense(copied); err != nil {
		return err
	}
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	err = modzip.CreateFromDir(out, modpath.Version{Path: m.importPath(), Version: m.version}, copied)
	return errors.Join(err, out.Close())
}

func (r *repository) addLicense(folder string) error {
	name := filepath.Join(folder, "LICENSE")
	text, err := os.ReadFile(r.file("LICENSE"))
	if err != nil || exists(name) {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
