package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestTheProgramOfTheREADMERuns builds it and starts it twice in an empty
// folder: each start adds a document, and finds all.
func TestTheProgramOfTheREADMERuns(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t)
	for _, p := range pages(t) {
		if _, blocks := p.split(); p.path == "README.md" && len(blocks) > 0 {
			w.write(t, "program/main.go", blocks[0].code)
		}
	}
	binary := filepath.Join(w.dir, "started")
	w.run(t, "build", "-o", binary, "./program")
	dir := t.TempDir()
	const ada = `\{[0-9a-f-]{36} Ada 36\}`
	for _, want := range []string{`^\[` + ada + `\] <nil>\n$`, `^\[` + ada + ` ` + ada + `\] <nil>\n$`} {
		cmd := exec.CommandContext(t.Context(), binary)
		cmd.Dir = dir
		said, err := cmd.CombinedOutput()
		if err != nil || !regexp.MustCompile(want).Match(said) {
			t.Errorf("it answers %v and prints %q, not %s", err, said, want)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "data/users/*.json"))
	if err != nil || len(files) != 2 {
		t.Errorf("documents %v, %v", files, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "data/.sb/index.bolt")); err != nil {
		t.Error(err)
	}
}
