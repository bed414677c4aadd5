package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// link is a Markdown link: its text and where it leads.
	link = regexp.MustCompile(`\[([^\[\]]*)\]\(([^()\s]+)\)`)

	// testName is a link text that names a function of a test file.
	testName = regexp.MustCompile("^`((?:Test|Fuzz|Example|Benchmark)\\w*)`$")
)

// TestLinksLeadSomewhere checks every relative link, and that a link that is
// called as a test leads to the file that holds it.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, p := range pages(t) {
		prose, _ := p.split()
		for i, line := range prose {
			for _, found := range link.FindAllStringSubmatch(line, -1) {
				if checked++; !leads(t, p.path, found[1], found[2]) {
					t.Errorf("%s:%d: %s", p.path, i+1, found[0])
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d links were found", checked)
	}
}

// leads reports whether a link leads to a file, and to the test that it names.
func leads(t *testing.T, from, text, to string) bool {
	t.Helper()
	if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") || strings.HasPrefix(to, "#") {
		return true
	}
	path, _, _ := strings.Cut(to, "#")
	path = filepath.Join(root, filepath.Dir(from), filepath.FromSlash(path))
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return false
	}
	named := testName.FindStringSubmatch(text)
	if named == nil || info.IsDir() {
		return named == nil
	}
	source, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(source), "\nfunc "+named[1]+"(") {
		t.Errorf("there is no %s in %s (%v)", named[1], to, err)
		return false
	}
	return true
}
