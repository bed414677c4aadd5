package main

import "testing"

const documentedPackage = "// Package a is one.\npackage a\n"

func TestDocumentedIsAccepted(t *testing.T) {
	t.Parallel()
	runCases(t, findUndocumented, []checkCase{
		{
			name:    "documented, unexported, internal, tests, commands",
			modules: []string{"a"},
			files: map[string]string{
				"a/doc.go": documentedPackage,
				"a/x.go": `package a

// T is a type.
type T struct{ Field int }

// M is a method.
func (T) M() {}

type hidden[K any] struct{}

func (*hidden[K]) M() {}

// Sizes.
const (
	Small = 1
	Large = 2
)

var Limit = 3 // in bytes

// Port is a port.
type Port interface {
	// One and Two are described together.
	One()
	Two()

	// Three is alone.
	Three()
}

// Single does it.
type Single interface{ Do() }
`,
				"a/x_test.go":         "package a\nfunc Helper() {}\n",
				"a/internal/i/doc.go": "// Package i is internal.\npackage i\n",
				"a/internal/i/i.go":   "package i\nfunc Exported() {}\n",
				"a/cmd/main.go":       "package main\nfunc Exported() {}\n",
			},
		},
	})
}

func TestUndocumentedIsFound(t *testing.T) {
	t.Parallel()
	runCases(t, findUndocumented, []checkCase{
		{
			name:    "one of each",
			modules: []string{"a"},
			files: map[string]string{
				"a/doc.go": documentedPackage,
				"a/x.go": `package a

type T[K any] struct{}

func (*T[K]) M() {}

func F() {}

var V, w = 1, 2

// Port is a port.
type Port interface {
	// One is described.
	One()

	Two()
}
`,
				"a/b/b.go":          "// Package b has its comment elsewhere.\npackage b\n",
				"a/internal/i/i.go": "package i\n",
			},
			want: []string{
				"a/x.go:3: has no comment: type T",
				"a/x.go:5: has no comment: T.M",
				"a/x.go:7: has no comment: F",
				"a/x.go:9: has no comment: var V",
				"a/x.go:16: has no comment: method Port.Two",
				"a/b: has no package comment in a doc.go",
				"a/internal/i: has no package comment in a doc.go",
			},
		},
	})
}
