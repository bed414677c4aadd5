package conformance

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Status is the outcome of a clause.
type Status string

// The outcomes of a clause.
const (
	Passed      Status = "passed"
	Failed      Status = "FAILED"
	Unsupported Status = "unsupported" // the adapter says so, and it was proven that it refuses
	Absent      Status = "absent"      // an optional interface or a function of the harness is not there
	Waived      Status = "waived"      // by the harness; not run
	NotRun      Status = "not run"     // excluded by -run or -skip
)

// Result is the outcome of one clause.
type Result struct {
	ID     string
	Text   string
	Status Status
	Note   string // why it is not just passed
}

// Report holds the outcome of every clause of a port, in the order of the kit.
type Report struct {
	Port    string // "ObjectStore", "Index", …
	Adapter string // what the adapter calls itself; may be empty
	Results []Result
}

// Count returns how many clauses ended with this status.
func (r Report) Count(s Status) int {
	n := 0
	for _, result := range r.Results {
		if result.Status == s {
			n++
		}
	}
	return n
}

// String is the report as an aligned table with a closing line of totals.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Port, r.Adapter)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, result := range r.Results {
		note := result.Note
		if note == "" {
			note = firstWords(result.Text, 90)
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", result.ID, result.Status, note)
	}
	_ = table.Flush() // a strings.Builder does not fail
	b.WriteString(r.totals())
	return b.String()
}

// firstWords cuts a text at the last word that begins before limit bytes.
func firstWords(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return text[:strings.LastIndex(text[:limit], " ")] + " …"
}

func (r Report) totals() string {
	parts := []string{fmt.Sprintf("%d clauses", len(r.Results))}
	for _, s := range []Status{Passed, Unsupported, Absent, Waived, NotRun, Failed} {
		if n := r.Count(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}
