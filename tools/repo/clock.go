package main

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

// clockRule bans names of a package in the non-test code of core, where time,
// chance and ids come in by option.
type clockRule struct {
	pkg    string   // import path
	names  []string // {"*"}: all of them
	except []string // names that are no ban under "*"
	files  []string // files of core, below the root, that may use them
	reason string
}

var clockRules = []clockRule{
	{
		pkg:    "time",
		names:  []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"},
		reason: "time comes from ports.Clock",
	},
	{
		pkg:    "context",
		names:  []string{"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
		files:  []string{"core/internal/index/deadline.go"},
		reason: "it waits by the wall clock; time comes from ports.Clock",
	},
	{
		pkg:    "math/rand",
		names:  []string{"*"},
		reason: "use math/rand/v2 with a source that was handed in",
	},
	{
		pkg:    "math/rand/v2",
		names:  []string{"*"},
		except: []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "Source", "PCG", "ChaCha8", "Zipf"},
		reason: "it is one source for the whole process; chance is handed in",
	},
	{
		pkg:    "crypto/rand",
		names:  []string{"*"},
		files:  []string{"core/random.go"},
		reason: "only the default source may use it",
	},
}

func findClock(r *repository) ([]finding, error) {
	return r.everySource(func(s source) []finding {
		if s.module.path != "core" || s.test() {
			return nil
		}
		var found []finding
		for _, rule := range clockRules {
			found = append(found, rule.findIn(s)...)
		}
		return found
	})
}

func (c clockRule) findIn(s source) []finding {
	name, ok := importName(s.syntax, c.pkg)
	if !ok || slices.Contains(c.files, s.path) {
		return nil
	}
	if name == "." {
		return []finding{{file: s.path, text: "must not import " + c.pkg + " into its own names"}}
	}
	var found []finding
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && c.bans(sel.Sel.Name) {
			found = append(found, s.at(sel.Pos(), "must not use %s.%s: %s", c.pkg, sel.Sel.Name, c.reason))
		}
		return true
	})
	return found
}

func (c clockRule) bans(name string) bool {
	return slices.Contains(c.names, name) || (slices.Contains(c.names, "*") && !slices.Contains(c.except, name))
}

// importName returns the name under which a file knows a package.
func importName(f *ast.File, pkg string) (string, bool) {
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil || p != pkg {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name, spec.Name.Name != "_"
		}
		return path.Base(strings.TrimSuffix(pkg, "/v2")), true
	}
	return "", false
}
