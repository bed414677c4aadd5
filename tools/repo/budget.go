package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"path"
	"slices"
	"strings"
)

// The budgets. Files and functions of tests answer to the hard caps alone.
const (
	fileHardCap    = 600 // lines
	fileSoftCap    = 400 // reported, no failure
	fileMedian     = 150 // of a module
	functionCap    = 80  // lines, from func to the closing brace
	functionLong   = 40  // at most one in ten is longer
	functionMedian = 10
	longShare      = 10 // percent
)

// commentFloors: a contract is mostly prose. Percent of the lines that are
// not empty, in the root package of a module.
var commentFloors = map[string]int{"ports": 45}

// isKit reports whether the functions of a module are tests that are not in
// test files: a clause of the kit reads best as one script.
func isKit(m module) bool { return m.path == "conformance" }

// emptyNames say nothing about what is in a file or package.
var emptyNames = []string{"util", "utils", "helper", "helpers", "common", "misc", "types", "v2"}

// measure is what one module adds up to, tests left out.
type measure struct {
	module    module
	files     []int // lines
	functions []int // lines
	comments  int   // lines of its root package
	filled    int   // lines of its root package that are not empty
}

// runBudgets checks and, with -v, prints the figures.
func runBudgets(r *repository, args []string) error {
	verbose := false
	_, err := parseFlags("budgets", args, func(f *flag.FlagSet) {
		f.BoolVar(&verbose, "v", false, "print the figures of every module")
	})
	if err == nil && verbose {
		err = r.printMeasures()
	}
	if err != nil {
		return err
	}
	return r.reportOf(findOverBudget(r))
}

func (r *repository) printMeasures() error {
	_, err := r.everyModule(func(m module) ([]finding, error) {
		list, err := r.sources(m)
		r.printf("%s\n", measureModule(m, list))
		return nil, err
	})
	return err
}

func findOverBudget(r *repository) ([]finding, error) {
	files, err := r.everySource(func(s source) []finding {
		if s.generated() {
			return nil
		}
		return slices.Concat(fileFindings(s), functionFindings(s), nameFindings(s))
	})
	if err != nil {
		return nil, err
	}
	modules, err := r.everyModule(func(m module) ([]finding, error) {
		list, err := r.sources(m)
		return measureModule(m, list).findings(), err
	})
	return append(files, modules...), err
}

func fileFindings(s source) []finding {
	n := s.lines()
	switch {
	case n > fileHardCap:
		return []finding{{file: s.path, text: fmt.Sprintf("has %d lines, more than %d", n, fileHardCap)}}
	case n > fileSoftCap && !s.test():
		return []finding{{file: s.path, text: fmt.Sprintf("has %d lines, more than %d", n, fileSoftCap), note: true}}
	}
	return nil
}

func functionFindings(s source) []finding {
	var found []finding
	for _, d := range functions(s) {
		if n := s.length(d); n > functionCap {
			found = append(found, s.at(d.Pos(), "%s has %d lines, more than %d", funcName(d), n, functionCap))
		}
	}
	return found
}

// nameFindings looks at the parts of the file's name and at its folder.
func nameFindings(s source) []finding {
	stem := strings.TrimSuffix(path.Base(s.path), ".go")
	var found []finding
	for _, part := range append(strings.Split(stem, "_"), path.Base(s.folder())) {
		if slices.Contains(emptyNames, part) {
			found = append(found, finding{file: s.path, text: "is not named for what is in it: " + part})
		}
	}
	return found
}

func functions(s source) []*ast.FuncDecl {
	var list []*ast.FuncDecl
	for _, d := range s.syntax.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			list = append(list, f)
		}
	}
	return list
}

// length counts lines from func to the closing brace.
func (s source) length(d *ast.FuncDecl) int { return s.line(d.End()-1) - s.line(d.Type.Func) + 1 }

func measureModule(m module, list []source) measure {
	sum := measure{module: m}
	for _, s := range list {
		if !s.test() && !s.generated() {
			sum.add(s)
		}
	}
	return sum
}

func (m *measure) add(s source) {
	m.files = append(m.files, s.lines())
	for _, d := range functions(s) {
		m.functions = append(m.functions, s.length(d))
	}
	if s.folder() == m.module.path {
		comments, filled := commentLines(s.data)
		m.comments += comments
		m.filled += filled
	}
}

func (m measure) findings() []finding {
	var found []finding
	over := func(format string, args ...any) {
		found = append(found, finding{file: m.module.path, text: fmt.Sprintf(format, args...)})
	}
	if n := median(m.files); n > fileMedian {
		over("half of its files have more than %d lines: median %d", fileMedian, n)
	}
	if n := median(m.functions); n > functionMedian && !isKit(m.module) {
		over("half of its functions have more than %d lines: median %d", functionMedian, n)
	}
	if n := m.longFunctions(); n*100 > len(m.functions)*longShare {
		over("%d of its %d functions have more than %d lines", n, len(m.functions), functionLong)
	}
	if floor, ok := commentFloors[m.module.path]; ok && m.commentShare() < floor {
		over("%d %% of its lines are comment, less than %d %%", m.commentShare(), floor)
	}
	return found
}

func (m measure) longFunctions() int {
	n := 0
	for _, lines := range m.functions {
		if lines > functionLong {
			n++
		}
	}
	return n
}

func (m measure) commentShare() int { return m.comments * 100 / max(m.filled, 1) }

func (m measure) String() string {
	return fmt.Sprintf("%-20s %3d files, median %3d lines, longest %3d; %4d functions, median %2d, longest %2d, %d over %d; %2d %% comment",
		m.module.path, len(m.files), median(m.files), longest(m.files),
		len(m.functions), median(m.functions), longest(m.functions), m.longFunctions(), functionLong, m.commentShare())
}

func median(list []int) int {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[(len(sorted)-1)/2]
}

func longest(list []int) int {
	if len(list) == 0 {
		return 0
	}
	return slices.Max(list)
}

// What a line holds; code outweighs comment.
const (
	commentLine = 1
	codeLine    = 2
)

// commentLines counts the lines that hold comment and no code, and those that
// are not empty.
func commentLines(data []byte) (comments, filled int) {
	kinds := lineKinds(data)
	for _, kind := range kinds {
		if kind == commentLine {
			comments++
		}
	}
	return comments, len(kinds)
}

func lineKinds(data []byte) map[int]int {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(data))
	var s scanner.Scanner
	s.Init(file, data, nil, scanner.ScanComments)
	kinds := map[int]int{}
	for {
		pos, tok, lit := s.Scan()
		kind := codeLine
		switch {
		case tok == token.EOF:
			return kinds
		case tok == token.SEMICOLON && lit == "\n":
			continue // the scanner's own, at the end of a line
		case tok == token.COMMENT:
			kind = commentLine
		}
		for i := range strings.Count(lit, "\n") + 1 {
			line := file.Line(pos) + i
			kinds[line] = max(kinds[line], kind)
		}
	}
}
