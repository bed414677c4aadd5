package main

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
)

// A clause of a contract stands in a comment of package ports as [OS-PUT-3],
// and in the kit as the string "OS-PUT-3" that registers its test.
var (
	clauseInComment = regexp.MustCompile(`\[([A-Z]{2}-[A-Z]{3}-[0-9]+)\]`)
	clauseLiteral   = regexp.MustCompile(`^[A-Z]{2}-[A-Z]{3}-[0-9]+$`)
)

// place is where a clause id stands.
type place struct {
	id   string
	file string
	line int
}

func (p place) finding(text string) finding {
	return finding{file: p.file, line: p.line, text: p.id + " " + text}
}

// findClauses compares both lists, in both directions.
func findClauses(r *repository) ([]finding, error) {
	var promised, proven []place
	_, err := r.everySource(func(s source) []finding {
		switch {
		case s.test():
		case s.folder() == "ports":
			promised = append(promised, clausesInComments(s)...)
		case s.folder() == "conformance":
			proven = append(proven, clauseLiterals(s)...)
		}
		return nil
	})
	found := slices.Concat(
		repeated(promised, "stands in ports a second time"),
		repeated(proven, "is registered a second time"),
		missing(promised, proven, "has no test in the kit"),
		missing(proven, promised, "is tested, but no port promises it"),
	)
	return found, err
}

func clausesInComments(s source) []place {
	var found []place
	for _, group := range s.syntax.Comments {
		if path.Base(s.path) == "doc.go" {
			continue // explains the notation by an example
		}
		for _, c := range group.List {
			for _, match := range clauseInComment.FindAllStringSubmatch(c.Text, -1) {
				found = append(found, place{match[1], s.path, s.line(c.Pos())})
			}
		}
	}
	return found
}

func clauseLiterals(s source) []place {
	var found []place
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if id, err := strconv.Unquote(lit.Value); err == nil && clauseLiteral.MatchString(id) {
			found = append(found, place{id, s.path, s.line(lit.Pos())})
		}
		return true
	})
	return found
}

func repeated(list []place, text string) []finding {
	var found []finding
	for i, p := range list {
		if slices.ContainsFunc(list[:i], func(q place) bool { return q.id == p.id }) {
			found = append(found, p.finding(text))
		}
	}
	return found
}

func missing(list, from []place, text string) []finding {
	var found []finding
	for _, p := range list {
		if !slices.ContainsFunc(from, func(q place) bool { return q.id == p.id }) {
			found = append(found, p.finding(text))
		}
	}
	return found
}
