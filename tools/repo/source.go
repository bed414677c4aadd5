package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// source is one Go file, whatever its build constraints: a rule that holds
// only for the machine at hand is no rule.
type source struct {
	path   string // below the root, with slashes
	module module
	data   []byte
	files  *token.FileSet
	syntax *ast.File
}

func (s source) test() bool      { return strings.HasSuffix(s.path, "_test.go") }
func (s source) generated() bool { return ast.IsGenerated(s.syntax) }
func (s source) folder() string  { return path.Dir(s.path) }
func (s source) lines() int      { return bytes.Count(s.data, []byte("\n")) }

// line returns the line of a position in this file.
func (s source) line(p token.Pos) int { return s.files.Position(p).Line }

// at builds a finding on a position of this file.
func (s source) at(p token.Pos, format string, args ...any) finding {
	return finding{file: s.path, line: s.line(p), text: fmt.Sprintf(format, args...)}
}

// imports returns each import path with its place.
func (s source) imports() map[string]token.Pos {
	found := map[string]token.Pos{}
	for _, spec := range s.syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			found[p] = spec.Pos()
		}
	}
	return found
}

// sources parses the Go files of a module, once.
func (r *repository) sources(m module) ([]source, error) {
	if list, ok := r.parsed[m.path]; ok {
		return list, nil
	}
	var list []source
	top := r.file(m.path)
	err := filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != top && (skipped(d.Name()) || exists(filepath.Join(name, "go.mod"))):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		s, err := r.parse(m, name)
		list = append(list, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the source of %s: %w", m.path, err)
	}
	r.parsed[m.path] = list
	return list, nil
}

func (r *repository) parse(m module, name string) (source, error) {
	rel, err := filepath.Rel(r.root, name)
	if err != nil {
		return source{}, err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	s := source{path: filepath.ToSlash(rel), module: m, data: data, files: token.NewFileSet()}
	s.syntax, err = parser.ParseFile(s.files, s.path, data, parser.ParseComments|parser.SkipObjectResolution)
	return s, err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
