package conformance_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// entry is a clause without its check.
type entry struct{ id, text, source string }

func entriesOf[H any](clauses []conformance.Clause[H]) (all []entry) {
	for _, c := range clauses {
		all = append(all, entry{c.ID, c.Text, c.Source()})
	}
	return all
}

func everyClause() []entry {
	return slices.Concat(
		entriesOf(conformance.StoreClauses()), entriesOf(conformance.IndexClauses()), entriesOf(conformance.LockerClauses()),
		entriesOf(conformance.CounterClauses()), entriesOf(conformance.CacheClauses()),
	)
}

// TestEveryClauseOfThePortsHasOneCheck reads the comments of package ports,
// which lies beside this module in its repository.
func TestEveryClauseOfThePortsHasOneCheck(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "ports", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in ../ports (%v): the test needs the repository", err)
	}
	id := regexp.MustCompile(`\[([A-Z]{2}-[A-Z]{3}-[0-9]+)\]`)
	written := map[string]bool{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range id.FindAllStringSubmatch(string(source), -1) {
			written[match[1]] = true
		}
	}
	checks := map[string]int{}
	for _, c := range everyClause() {
		if checks[c.id]++; !written[c.id] {
			t.Errorf("%s has a check and is in no contract", c.id)
		}
	}
	for id := range written {
		if checks[id] != 1 {
			t.Errorf("%s is in a contract and has %d checks, want 1", id, checks[id])
		}
	}
}

func TestEveryClauseSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	source := regexp.MustCompile(`^conformance/([a-z_]+\.go):[0-9]+$`)
	seen := map[string]string{}
	for _, c := range everyClause() {
		match := source.FindStringSubmatch(c.source)
		if match == nil {
			t.Errorf("the source of %s is %q", c.id, c.source)
			continue
		}
		if _, err := os.Stat(match[1]); err != nil {
			t.Errorf("the source of %s: %v", c.id, err)
		}
		if other := seen[c.source]; other != "" {
			t.Errorf("%s and %s have one check", c.id, other)
		}
		seen[c.source] = c.id
		if !strings.HasSuffix(c.text, ".") || len(c.text) < 30 {
			t.Errorf("the text of %s is %q", c.id, c.text)
		}
	}
}
