package main

import "testing"

func TestClauses(t *testing.T) {
	t.Parallel()
	both := []string{"ports", "conformance"}
	runCases(t, findClauses, []checkCase{
		{
			name:    "equal lists",
			modules: both,
			files: map[string]string{
				"ports/store.go":           "package ports\n// [OS-PUT-1] one [OS-PUT-2]\n// two\n",
				"ports/doc.go":             "// Package ports explains [XX-YYY-9].\npackage ports\n",
				"conformance/put.go":       "package conformance\nvar a = clause{\"OS-PUT-1\", nil}\nvar b = \"OS-PUT-2\"\n",
				"conformance/kit_test.go":  "package conformance\nvar c = \"OS-PUT-1\"\n",
				"conformance/sub/other.go": "package sub\nvar c = \"OS-PUT-7\"\n",
				"conformance/text.go":      "package conformance\nvar t = \"as OS-PUT-8 says\"\n",
			},
		},
		{
			name:    "differences and duplicates",
			modules: both,
			files: map[string]string{
				"ports/store.go":     "package ports\n// [OS-PUT-1]\n// [OS-PUT-1]\n// [OS-GET-1]\n",
				"conformance/put.go": "package conformance\nvar a = \"OS-PUT-1\"\nvar b = \"OS-DEL-1\"\nvar c = \"OS-DEL-1\"\n",
			},
			want: []string{
				"ports/store.go:3: OS-PUT-1 stands in ports a second time",
				"ports/store.go:4: OS-GET-1 has no test in the kit",
				"conformance/put.go:4: OS-DEL-1 is registered a second time",
				"conformance/put.go:3: OS-DEL-1 is tested, but no port promises it",
				"conformance/put.go:4: OS-DEL-1 is tested, but no port promises it",
			},
		},
	})
}
