package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestReleaseHoldsOneModule(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"kit", "kit/engine", "own"}, map[string]string{
		"LICENSE":            "free\n",
		"kit/a.go":           "package kit\n",
		"kit/testdata/x.txt": "x\n",
		"kit/engine/b.go":    "package engine\n",
		"own/LICENSE":        "own\n",
	})
	r.modules[1].released = false
	tree := t.TempDir()
	if err := r.publish(tree); err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(tree, filepath.FromSlash(modulePrefix))
	if exists(filepath.Join(base, "kit/engine")) {
		t.Error("a module that is not released was published")
	}
	for _, name := range []string{"list", "v0.1.0.info", "v0.1.0.mod", "v0.1.0.zip"} {
		if !exists(filepath.Join(base, "kit/@v", name)) {
			t.Errorf("the proxy lacks %s", name)
		}
	}
	head := modulePrefix + "kit@v0.1.0/"
	want := []string{head + "LICENSE", head + "a.go", head + "go.mod", head + "testdata/x.txt"}
	if got := zipNames(t, filepath.Join(base, "kit/@v/v0.1.0.zip")); !slices.Equal(got, want) {
		t.Errorf("the zip holds %v, want %v", got, want)
	}
}

func zipNames(t *testing.T, name string) []string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

func TestConsumerGraphIsCompared(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"ports", "fs"}, map[string]string{"deps/fs.txt": "build golang.org/x/sys\n"})
	graph := "example.com/user\n" + modulePrefix + "fs v0.1.0\n" + modulePrefix + "ports v0.1.0\ngolang.org/x/sys v0.1.0\ngolang.org/x/mod v0.1.0\n"
	found, err := r.foreignInGraph(consumer{name: "user", requires: []string{"fs"}}, graph)
	if err != nil || len(found) != 1 || found[0].String() != "consumer user: its user gets a module that deps/ does not allow: golang.org/x/mod" {
		t.Errorf("findings %v, %v", found, err)
	}
}

// A module of the small repository goes through the same path as a real
// consumer; it needs no network.
func TestConsumerIsBuiltFromTheRelease(t *testing.T) {
	t.Parallel()
	r, out := checkout(t, []string{"ports"}, map[string]string{
		"LICENSE":    "free\n",
		"ports/a.go": "package ports\n\nconst Word = \"released\"\n",
		"tools/repo/testdata/consumer/small/main.go": "package main\n\nimport \"" + modulePrefix + "ports\"\n\nfunc main() { println(ports.Word) }\n",
	})
	work := t.TempDir()
	t.Cleanup(func() { removeCache(work) })
	if err := r.publish(filepath.Join(work, "proxy")); err != nil {
		t.Fatal(err)
	}
	env, err := r.consumerEnv(work)
	if err != nil {
		t.Fatal(err)
	}
	found, err := r.consume(consumer{name: "small", requires: []string{"ports"}}, shell{filepath.Join(work, "small"), env})
	if err != nil || len(found) > 0 {
		t.Fatalf("findings %v, %v\n%s", found, err, out)
	}
	if data, err := os.ReadFile(filepath.Join(work, "small/go.mod")); err != nil || !slices.Contains(tableWords(data), "v0.1.0") {
		t.Errorf("the consumer's go.mod: %s, %v", data, err)
	}
}

func tableWords(data []byte) []string { return slices.Concat(tableRows(string(data))...) }
