package main

import (
	"os"
	"strings"
	"testing"
)

// goMod builds the go.mod of a small repository.
func goMod(m, rest string) string {
	return "module " + modulePrefix + m + "\n\ngo " + goFloor + "\n" + strings.ReplaceAll(rest, "own/", modulePrefix)
}

const smallWorkspace = "go " + goFloor + "\n\nuse (\n\t./core\n\t./memory\n\t./ports\n)\n"

func TestReplacementsAreWritten(t *testing.T) {
	t.Parallel()
	modules := []string{"ports", "core", "memory"}
	r, _ := checkout(t, modules, map[string]string{
		"go.work":     "go 1.25\n\nuse ./core\n\nuse ./gone\n",
		"core/a.go":   "package core\nimport _ \"" + modulePrefix + "memory/sub\"\n",
		"core/go.mod": goMod("core", "\nrequire golang.org/x/sys v0.1.0\n\nrequire golang.org/x/mod v0.2.0 // indirect\n\nreplace own/gone => ../gone\n\nreplace golang.org/x/sys => ./sys\n"),
		"memory/go.mod": strings.Replace(goMod("memory", "\nrequire own/ports v0.0.9\n\nreplace own/ports v0.0.9 => ../elsewhere\n"),
			goFloor, "1.25", 1),
	})
	if err := runReplace(r, nil); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"go.work": smallWorkspace,
		"core/go.mod": goMod("core", `
replace golang.org/x/sys => ./sys

require (
	own/memory v0.1.0
	golang.org/x/sys v0.1.0
)

require golang.org/x/mod v0.2.0 // indirect

replace (
	own/memory => ../memory
	own/ports => ../ports
)
`),
		"memory/go.mod": goMod("memory", "\nrequire own/ports v0.1.0\n\nreplace own/ports => ../ports\n"),
		"ports/go.mod":  goMod("ports", ""),
	} {
		got, err := os.ReadFile(r.file(name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
	}
	if found, err := findWrongReplace(r); err != nil || len(found) > 0 {
		t.Errorf("after it was written: %v, %v", found, err)
	}
}

func TestWrongReplacementsAreFound(t *testing.T) {
	t.Parallel()
	modules := []string{"core", "memory", "ports"}
	const wrong = "siblings or go line are not as wanted; run make tidy"
	runCases(t, findWrongReplace, []checkCase{
		{name: "all right", modules: modules, files: map[string]string{"go.work": smallWorkspace}},
		{
			name:    "a version and a workspace",
			modules: modules,
			files: map[string]string{
				"go.work":       "go " + goFloor + "\n\nuse (\n\t./core\n\t./ports\n)\n",
				"memory/go.mod": goMod("memory", "\nrequire own/ports v0.2.0\n\nreplace own/ports => ../ports\n"),
			},
			want: []string{"memory/go.mod: " + wrong, "go.work: " + wrong},
		},
		{
			name:    "a folder that modules.txt forgot",
			modules: modules,
			files:   map[string]string{"go.work": smallWorkspace, "stray/go.mod": goMod("stray", "")},
			want:    []string{"stray: has a go.mod but no line in modules.txt"},
		},
		{
			name:    "a release that nobody could use",
			modules: modules,
			files: map[string]string{
				"go.work":     smallWorkspace,
				"modules.txt": "core s yes v0.1.0 no\nmemory - no - no\nports s yes v0.1.0 no\n",
				"core/go.mod": goMod("core", "\nrequire own/memory v0.0.0\n\nreplace own/memory => ../memory\n"),
			},
			want: []string{"core: is released but requires a module that is not: memory"},
		},
	})
}

func TestRelativeNamesAFolder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{"core", "ports", "../ports"},
		{"adapters/fs", "ports", "../../ports"},
		{"conformance", "conformance/engine", "./engine"},
		{"conformance/engine", "conformance", ".."},
	} {
		if got, err := relative(module{path: c.from}, module{path: c.to}); err != nil || got != c.want {
			t.Errorf("from %s to %s: %q, %v, want %q", c.from, c.to, got, err, c.want)
		}
	}
}
