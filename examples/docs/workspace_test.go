package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	// So that their modules are at hand.
	_ "github.com/smarterbase/smarterbase/adapters/gcs"
	_ "github.com/smarterbase/smarterbase/adapters/minio"
	_ "github.com/smarterbase/smarterbase/simple"
)

// workspace is a module outside the repository that stands on this checkout.
// It is called example.com, so that pages can import the inventions of others.
type workspace struct{ dir string }

// mystore is the adapter that the pages about adapters take for an example.
const mystore = `package mystore

import "github.com/smarterbase/smarterbase/adapters/memory"

func Open(string) *memory.Store { return memory.NewStore(memory.StoreOptions{}) }
`

var (
	moduleLine  = regexp.MustCompile(`(?m)^module .*$`)
	replacement = regexp.MustCompile(`=> \.\./`)
)

// newWorkspace takes requirements and replacements from the module of the
// examples, which may use everything.
func newWorkspace(t *testing.T) workspace {
	t.Helper()
	w := workspace{t.TempDir()}
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, "examples", name))
		if err != nil {
			t.Fatal(err)
		}
		changed := moduleLine.ReplaceAllString(string(text), "module example.com")
		changed = replacement.ReplaceAllString(changed, "=> "+filepath.ToSlash(checkout)+"/")
		w.write(t, name, changed)
	}
	w.write(t, "mystore/mystore.go", mystore)
	return w
}

func (w workspace) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a go command in the workspace, without the network.
func (w workspace) run(t *testing.T, arguments ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", arguments...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, said)
	}
	return string(said)
}
