package docs_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// imported are the packages that fragments can use, by name.
var imported = map[string]string{
	"bolt":        "github.com/smarterbase/smarterbase/adapters/bolt",
	"conformance": "github.com/smarterbase/smarterbase/conformance",
	"context":     "context",
	"core":        "github.com/smarterbase/smarterbase/core",
	"errors":      "errors",
	"faults":      "github.com/smarterbase/smarterbase/ports/faults",
	"fmt":         "fmt",
	"fs":          "github.com/smarterbase/smarterbase/adapters/fs",
	"json":        "encoding/json",
	"os":          "os",
	"prefix":      "github.com/smarterbase/smarterbase/ports/prefix",
	"memory":      "github.com/smarterbase/smarterbase/adapters/memory",
	"encryption":  "github.com/smarterbase/smarterbase/adapters/encryption",
	"gcs":         "github.com/smarterbase/smarterbase/adapters/gcs",
	"minio":       "github.com/smarterbase/smarterbase/adapters/minio",
	"redis":       "github.com/smarterbase/smarterbase/adapters/redis",
	"s3":          "github.com/smarterbase/smarterbase/adapters/s3",
	"ports":       "github.com/smarterbase/smarterbase/ports",
	"simple":      "github.com/smarterbase/smarterbase/simple",
	"slog":        "log/slog",
	"testing":     "testing",
	"time":        "time",
	"urls":        "github.com/smarterbase/smarterbase/ports/urls",
}

// TestCodeCompiles vets every block of Go code, with the lines of the page in
// the messages, and runs one clause of the kit as the pages tell adapters to.
func TestCodeCompiles(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	var kits []string
	for _, p := range pages(t) {
		_, blocks := p.split()
		for i, b := range blocks {
			folder := fmt.Sprintf("pages/%s_%d", strings.NewReplacer("/", "_", ".", "_").Replace(strings.ToLower(p.path)), i)
			name, text := b.file(t)
			w.write(t, folder+"/"+name, text)
			if strings.Contains(text, "conformance.TestObjectStore(") {
				kits = append(kits, "./"+folder)
			}
		}
	}
	w.run(t, "vet", "./...")
	if len(kits) != 2 {
		t.Errorf("the pages show the kit in %d places, not 2: %v", len(kits), kits)
	}
	said := w.run(t, append([]string{"test", "-v", "-run", "TestStore.*/OS-PUT-3"}, kits...)...)
	if n := strings.Count(said, "--- PASS: TestStore/OS-PUT-3"); n != len(kits) {
		t.Errorf("the clause passed %d times:\n%s", n, said)
	}
}

var packageClause = regexp.MustCompile(`(?m)^package (\w+)$`)

// file makes a Go file of a block and chooses its name.
func (b block) file(t *testing.T) (name, text string) {
	t.Helper()
	clause := packageClause.FindStringSubmatch(b.code)
	switch {
	case clause == nil:
		return "fragment.go", b.fragment(t)
	case strings.HasSuffix(clause[1], "_test"):
		name = "page_test.go"
	default:
		name = "page.go"
	}
	return name, b.at() + b.code
}

// at makes the compiler count in lines of the page.
func (b block) at() string {
	path, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(b.page)))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("//line %s:%d\n", path, b.line)
}

// fragment is a file around declarations, or around statements.
func (b block) fragment(t *testing.T) string {
	t.Helper()
	code := b.at() + b.code
	if !parses("package page\n" + code) {
		code = "func statements(ctx context.Context) error {\n" + code + "return nil\n}\n"
		if !parses("package page\n" + code) {
			t.Fatalf("%s:%d: neither declarations nor statements", b.page, b.line)
		}
	}
	var head strings.Builder
	head.WriteString("package page\n")
	for _, name := range packagesOf(code) {
		fmt.Fprintf(&head, "import %s %q\n", name, imported[name])
	}
	return head.String() + code
}

func parses(text string) bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	return err == nil
}

var qualifier = regexp.MustCompile(`\b([a-z][a-z0-9]*)\.[A-Z]`)

// packagesOf lists the known packages that a fragment uses.
func packagesOf(code string) (names []string) {
	for _, found := range qualifier.FindAllStringSubmatch(code, -1) {
		if name := found[1]; imported[name] != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
