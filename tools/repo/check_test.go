package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	runCases(t, findUnformatted, []checkCase{
		{name: "formatted", modules: []string{"a"}, files: map[string]string{"a/a.go": "package a\n"}},
		{
			name:    "not formatted, behind a build constraint",
			modules: []string{"a"},
			files:   map[string]string{"a/a_plan9.go": "package  a\n"},
			want:    []string{"a/a_plan9.go: is not formatted; run gofmt -w"},
		},
	})
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"a"}, map[string]string{"a/a.go": "package  a\n"})
	for _, c := range []struct {
		name   string
		args   []string
		status int
		out    string
		err    string
	}{
		{"help", nil, 2, "", "release-check"},
		{"unknown", []string{"-root", r.root, "fly"}, 1, "", "no such command: fly"},
		{"no repository", []string{"-root", r.root + "/a", "arrows"}, 1, "", "modules.txt"},
		{"finding", []string{"-root", r.root, "format"}, 1, "a/a.go: is not formatted", ""},
		{"none", []string{"-root", r.root, "clock"}, 0, "", ""},
		{"figures", []string{"-root", r.root, "budgets", "-v"}, 0, "1 files", ""},
		{"each", []string{"-root", r.root, "each", "-m", "a", "go", "env", "GOWORK"}, 0, "== a\noff\n", ""},
		{"each fails", []string{"-root", r.root, "each", "go", "fly"}, 1, "failed in a\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			if status := run(c.args, &out, &errs); status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			if !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.err) {
				t.Errorf("said %q and %q, want %q and %q", out.String(), errs.String(), c.out, c.err)
			}
		})
	}
}
