package main

import (
	"slices"
	"testing"
)

func TestDependenciesAreComparedBothWays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, module  string
		have, allowed []string
		want          []string
	}{
		{name: "equal", module: "adapters/fs", have: []string{"build x"}, allowed: []string{"build x"}},
		{
			name: "new, nearer and gone", module: "adapters/fs",
			have: []string{"build x", "test y"}, allowed: []string{"graph x", "test y", "test z"},
			want: []string{
				"deps/adapters/fs.txt: does not allow build x",
				"deps/adapters/fs.txt: allows what is not used: graph x",
				"deps/adapters/fs.txt: allows what is not used: test z",
			},
		},
		{
			name: "pure, whatever its list says", module: "core",
			have: []string{"graph x"}, allowed: []string{"graph x"},
			want: []string{"core: must have no foreign module, has graph x"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range compareDeps(module{path: c.module}, c.have, c.allowed) {
				got = append(got, f.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("findings %q, want %q", got, c.want)
			}
		})
	}
}

func TestDependenciesAreListedNearestFirst(t *testing.T) {
	t.Parallel()
	got := sortedDeps(map[string]string{"d": named, "c": linked, "b": tested, "a": named})
	if want := []string{"build c", "test b", "graph a", "graph d"}; !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
}

// The modules here import the standard library and each other alone, so that
// the go command needs no network.
func TestOwnModulesAreNoDependencies(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"ports", "core"}, map[string]string{
		"ports/a.go":       "package ports\n",
		"core/a.go":        "package core\nimport _ \"" + modulePrefix + "ports\"\n",
		"core/go.mod":      goMod("core", "\nrequire own/ports v0.1.0\n\nreplace own/ports => ../ports\n"),
		"deps/core.txt":    "# nothing\n",
		"deps/ports.txt":   "# nothing\nbuild example.com/gone\n",
		"deps/unknown.txt": "build example.com/ignored\n",
	})
	found, err := findDeps(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].text != "allows what is not used: build example.com/gone" {
		t.Errorf("findings %v", found)
	}
}
