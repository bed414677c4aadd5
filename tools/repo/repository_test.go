package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// checkout writes a small repository: files by their path below the root. Of
// the modules it names, those without a go.mod among files get one.
func checkout(t *testing.T, modules []string, files map[string]string) (*repository, *bytes.Buffer) {
	t.Helper()
	root := t.TempDir()
	list := ""
	for _, m := range modules {
		list += fmt.Sprintf("%s set-%s yes v0.1.0 no\n", m, strings.ReplaceAll(m, "/", "-"))
		writeFile(t, root, m+"/go.mod", "module "+modulePrefix+m+"\n\ngo "+goFloor+"\n")
	}
	writeFile(t, root, "modules.txt", list)
	for name, text := range files {
		writeFile(t, root, name, text)
	}
	var out bytes.Buffer
	r, err := openRepository(root, &out)
	if err != nil {
		t.Fatalf("opening the checkout: %v", err)
	}
	return r, &out
}

func writeFile(t *testing.T, root, name, text string) {
	t.Helper()
	full := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkCase is a small repository and what a check must say about it.
type checkCase struct {
	name    string
	modules []string
	files   map[string]string
	want    []string // findings, in any order
}

func runCases(t *testing.T, find func(*repository) ([]finding, error), cases []checkCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, _ := checkout(t, c.modules, c.files)
			found, err := find(r)
			if err != nil {
				t.Fatalf("the check failed: %v", err)
			}
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.want))
			if !slices.Equal(got, want) {
				t.Errorf("findings:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
			}
		})
	}
}

func TestOwnerIsTheLongestMatch(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"conformance", "conformance/engine"}, nil)
	for p, want := range map[string]string{
		modulePrefix + "conformance":            "conformance",
		modulePrefix + "conformance/engine":     "conformance/engine",
		modulePrefix + "conformance/engine/sim": "conformance/engine",
		modulePrefix + "conformances":           "",
		"golang.org/x/mod":                      "",
	} {
		if m, _ := r.owner(p); m.path != want {
			t.Errorf("owner of %s: %q, want %q", p, m.path, want)
		}
	}
}

func TestSelectionRefusesUnknownModules(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"ports", "core"}, nil)
	if list, err := r.selection("core/, ports"); err != nil || len(list) != 2 || list[0].path != "core" {
		t.Errorf("selection: %v, %v", list, err)
	}
	if _, err := r.selection("ports,cores"); err == nil {
		t.Error("an unknown module was accepted")
	}
}

func TestSourcesStayInTheirModule(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"a", "a/b"}, map[string]string{
		"a/x.go":               "package a\n",
		"a/b/y.go":             "package b\n",
		"a/testdata/broken.go": "not Go",
		"a/_old/z.go":          "package old\n",
		"a/sub/s_test.go":      "package sub\n",
	})
	list, err := r.sources(r.modules[0])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, s.path)
	}
	if want := []string{"a/sub/s_test.go", "a/x.go"}; !slices.Equal(got, want) {
		t.Errorf("sources: %v, want %v", got, want)
	}
}
