package simulation_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mutant is a rule of a protocol that is taken away: each edit replaces a text
// that occurs once in a file.
type mutant struct {
	rule  string
	edits []edit
	tests []string // the workloads that must notice, one of them

	// directed is a test that must notice in place of them, where histories
	// hardly ever come to what the rule prevents.
	directed directed
}

// directed is a test of a package in a module.
type directed struct{ module, folder, test string }

type edit struct{ file, old, new string }

// root is the folder of the repository.
const root = "../.."

// caughtWithin is how many histories of a workload a mutant may survive.
const caughtWithin = "5000"

// TestMutants checks that each rule is still where the mutants look for it.
// With SB_MUTANTS set it builds each mutant, beside the tree, and lets the
// workloads find it.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.rule, func(t *testing.T) {
			dir := t.TempDir()
			overlay := m.write(t, dir)
			if os.Getenv("SB_MUTANTS") != "" && !t.Failed() {
				if m.directed == (directed{}) {
					m.mustBeCaught(t, dir, overlay)
				} else {
					m.directed.mustFail(t, overlay)
				}
			}
		})
	}
}

// write makes an overlay for the go command that holds the edited files.
func (m mutant) write(t *testing.T, dir string) (overlay string) {
	t.Helper()
	texts := make(map[string]string)
	for _, e := range m.edits {
		if _, read := texts[e.file]; !read {
			source, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				t.Fatal(err)
			}
			texts[e.file] = string(source)
		}
		if n := strings.Count(texts[e.file], e.old); n != 1 {
			t.Errorf("%s holds %d times: %q", e.file, n, e.old)
		}
		texts[e.file] = strings.Replace(texts[e.file], e.old, e.new, 1)
	}
	replace := make(map[string]string)
	for file, text := range texts {
		original, err := filepath.Abs(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		replace[original] = filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(replace[original], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listing, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, listing, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

var whenCaught = regexp.MustCompile(`history number (\d+), seed (\d+): \[?"?([a-z ]+)`)

func (m mutant) mustBeCaught(t *testing.T, dir, overlay string) {
	t.Helper()
	binary := filepath.Join(dir, "mutant.test")
	built, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, built)
	}
	for _, test := range m.tests {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		command := exec.CommandContext(ctx, binary, "-test.run", "^"+test+"$")
		command.Env = append(os.Environ(), "SB_MUTANTS=", "SB_SEED=1", "SB_SEEDS="+caughtWithin, whereMark+"="+filepath.Join(dir, "where"), "SB_SHRINK=0")
		output, err := command.CombinedOutput()
		cancel()
		if err == nil {
			t.Logf("%s: not caught", test)
			continue
		}
		if found := whenCaught.FindSubmatch(output); found != nil {
			t.Logf("%s: caught by history number %s: %s", test, found[1], found[3])
			return
		}
		t.Logf("%s: caught by %v:\n%.2000s", test, err, output)
		return
	}
	t.Errorf("nothing noticed that this rule is gone: %s", m.rule)
}

// mustFail runs a directed test under the overlay.
func (d directed) mustFail(t *testing.T, overlay string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay", overlay, "-run", "^"+d.test+"$", d.folder)
	command.Dir = filepath.Join(root, d.module)
	output, err := command.CombinedOutput()
	switch {
	case err == nil:
		t.Errorf("%s does not notice that this rule is gone:\n%s", d.test, output)
	case !strings.Contains(string(output), "--- FAIL: "+d.test):
		t.Errorf("%v: %s", err, output)
	default:
		t.Logf("%s: caught", d.test)
	}
}
