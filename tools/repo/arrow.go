package main

import (
	"path"
	"slices"
	"strings"
)

// arrowRule says what the modules that match from may import, beside the
// standard library and themselves. Which foreign modules exactly is the
// business of deps/.
type arrowRule struct {
	from    string   // pattern of path.Match on the folder
	may     []string // siblings; "*" stands for all, ".." for the module around it
	tests   []string // further siblings for its tests
	foreign bool     // anything of others
}

// kit is what tests of most modules stand on.
var kit = []string{"ports", "conformance", "adapters/memory"}

// arrowRules: the first match counts. Arrows point one way,
// adapters -> ports <- core <- simple <- programs; no adapter imports core or
// another adapter, and only tests and programs import the kit.
var arrowRules = []arrowRule{
	{from: "ports"},
	{from: "core", may: []string{"ports"}, tests: kit},
	{from: "conformance", may: []string{"ports"}, tests: kit},
	{from: "adapters/memory", may: []string{"ports"}, tests: kit},
	{from: "adapters/*", may: []string{"ports"}, tests: kit, foreign: true},
	{from: "adapters/*/*wire", may: []string{"ports", ".."}, tests: kit, foreign: true},
	{from: "core/corewire", may: []string{"ports", ".."}, tests: kit, foreign: true},
	{from: "observability", may: []string{"ports"}, tests: kit, foreign: true},
	{from: "simple", may: []string{"core", "ports", "adapters/fs", "adapters/bolt", "adapters/memory"}, tests: kit},
	{from: "conformance/*", may: []string{"*"}, foreign: true},
	{from: "examples", may: []string{"*"}, foreign: true},
	{from: "cmd/*", may: []string{"*"}, foreign: true},
	{from: "bench", may: []string{"*"}, foreign: true},
	{from: "tools", foreign: true},
}

func arrowRuleFor(m module) (arrowRule, bool) {
	for _, rule := range arrowRules {
		if ok, err := path.Match(rule.from, m.path); ok && err == nil {
			return rule, true
		}
	}
	return arrowRule{}, false
}

func findArrows(r *repository) ([]finding, error) {
	var found []finding
	for _, m := range r.modules {
		if _, ok := arrowRuleFor(m); !ok {
			found = append(found, finding{file: m.path, text: "no rule in tools/repo/arrow.go says what it may import"})
		}
	}
	rest, err := r.everySource(func(s source) []finding {
		rule, ok := arrowRuleFor(s.module)
		if !ok {
			return nil
		}
		return r.wrongImports(s, rule)
	})
	return append(found, rest...), err
}

func (r *repository) wrongImports(s source, rule arrowRule) []finding {
	var found []finding
	for p, at := range s.imports() {
		if reason := r.importProblem(s, rule, p); reason != "" {
			found = append(found, s.at(at, "%s: %s", reason, p))
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return a.line - b.line })
	return found
}

func (r *repository) importProblem(s source, rule arrowRule, p string) string {
	owner, own := r.owner(p)
	switch {
	case !own && isStandard(p), own && owner == s.module:
		return ""
	case !own && rule.foreign:
		return ""
	case !own:
		return s.module.path + " must not import foreign modules"
	case isInternal(strings.TrimPrefix(p, owner.importPath())):
		return "internal to another module"
	case slices.Contains(rule.may, owner.path), slices.Contains(rule.may, "*"):
		return ""
	case slices.Contains(rule.may, "..") && owner.path == path.Dir(s.module.path):
		return ""
	case s.test() && slices.Contains(rule.tests, owner.path):
		return ""
	default:
		return s.module.path + " must not import " + owner.path
	}
}

// isStandard follows the go command: a first element without a dot belongs to
// the standard library.
func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

func isInternal(p string) bool {
	return slices.Contains(strings.Split(p, "/"), "internal")
}
