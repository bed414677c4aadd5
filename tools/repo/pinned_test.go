package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestPinnedProgramsAreRead(t *testing.T) {
	t.Parallel()
	name := filepath.Join("..", "pinned.txt")
	list, err := readPinned(name)
	if err != nil || len(list) == 0 {
		t.Fatalf("reading %s: %v, %v", name, list, err)
	}
	for _, p := range list {
		if !strings.HasPrefix(p.version, "v") || !strings.HasSuffix(p.path, "/"+p.name) {
			t.Errorf("%+v: its name is not the end of its package, or it has no version", p)
		}
	}
}

func TestUnknownProgramIsRefused(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"a"}, map[string]string{"tools/pinned.txt": "x example.com/x v1.0.0\n"})
	if _, err := r.installTool("y"); err == nil {
		t.Error("a program that is not pinned was accepted")
	}
}
