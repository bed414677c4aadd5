package main

import "testing"

func TestArrows(t *testing.T) {
	t.Parallel()
	own := func(p string) string { return `import _ "` + modulePrefix + p + `"` + "\n" }
	runCases(t, findArrows, []checkCase{
		{
			name:    "allowed",
			modules: []string{"ports", "core", "adapters/fs", "simple", "conformance/engine"},
			files: map[string]string{
				"ports/a.go":                "package ports\nimport _ \"context\"\n",
				"core/a.go":                 "package core\n" + own("ports") + own("core/internal/layout"),
				"core/a_test.go":            "package core\n" + own("ports/faults"),
				"adapters/fs/a.go":          "package fs\n" + own("ports") + "import _ \"golang.org/x/sys/unix\"\n",
				"simple/a.go":               "package simple\n" + own("core") + own("adapters/fs"),
				"conformance/engine/a.go":   "package engine\n" + own("simple") + own("adapters/fs"),
				"core/internal/layout/a.go": "package layout\n",
			},
		},
		{
			name:    "core imports an adapter",
			modules: []string{"core", "adapters/memory"},
			files: map[string]string{
				"core/a.go":      "package core\n" + own("adapters/memory"),
				"core/a_test.go": "package core\n" + own("adapters/memory"),
			},
			want: []string{"core/a.go:2: core must not import adapters/memory: " + modulePrefix + "adapters/memory"},
		},
		{
			name:    "an adapter imports core and another adapter",
			modules: []string{"core", "adapters/fs", "adapters/bolt"},
			files:   map[string]string{"adapters/fs/a.go": "package fs\n" + own("core") + own("adapters/bolt")},
			want: []string{
				"adapters/fs/a.go:2: adapters/fs must not import core: " + modulePrefix + "core",
				"adapters/fs/a.go:3: adapters/fs must not import adapters/bolt: " + modulePrefix + "adapters/bolt",
			},
		},
		{
			name:    "foreign, behind a build constraint and in a test",
			modules: []string{"ports", "core"},
			files: map[string]string{
				"ports/a_windows.go": "//go:build windows\n\npackage ports\nimport _ \"golang.org/x/sys/windows\"\n",
				"core/a_test.go":     "package core\nimport _ \"github.com/stretchr/testify/require\"\n",
			},
			want: []string{
				"ports/a_windows.go:4: ports must not import foreign modules: golang.org/x/sys/windows",
				"core/a_test.go:2: core must not import foreign modules: github.com/stretchr/testify/require",
			},
		},
		{
			name:    "internal to another module",
			modules: []string{"conformance", "conformance/engine"},
			files:   map[string]string{"conformance/engine/a.go": "package engine\n" + own("conformance/internal/race")},
			want:    []string{"conformance/engine/a.go:2: internal to another module: " + modulePrefix + "conformance/internal/race"},
		},
		{
			name:    "the kit outside tests",
			modules: []string{"conformance", "simple"},
			files: map[string]string{
				"simple/a.go":      "package simple\n" + own("conformance"),
				"simple/a_test.go": "package simple\n" + own("conformance"),
			},
			want: []string{"simple/a.go:2: simple must not import conformance: " + modulePrefix + "conformance"},
		},
		{
			name:    "no rule",
			modules: []string{"novelty"},
			want:    []string{"novelty: no rule in tools/repo/arrow.go says what it may import"},
		},
	})
}
