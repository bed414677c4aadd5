package conformance

import (
	"slices"
	"testing"
)

// suite runs the clauses of one port as subtests of t.
type suite[H any] struct {
	port    string
	clauses []Clause[H]
	waive   map[string]string
}

func (s suite[H]) run(t *testing.T, h H) Report {
	t.Helper()
	report := Report{Port: s.port}
	s.refuseUnknownWaivers(t)
	for _, c := range s.clauses {
		result := Result{ID: c.ID, Text: c.Text, Status: NotRun}
		if reason, ok := s.waive[c.ID]; ok {
			result.Status, result.Note = Waived, reason
		} else {
			t.Run(c.ID, func(t *testing.T) { c.Run(t, h, &result) })
		}
		report.Results = append(report.Results, result)
	}
	return report
}

// refuseUnknownWaivers fails for a waiver that waives nothing, so that none
// outlives its clause or is misspelt, and for one without a reason.
func (s suite[H]) refuseUnknownWaivers(t *testing.T) {
	t.Helper()
	for id, reason := range s.waive {
		known := slices.ContainsFunc(s.clauses, func(c Clause[H]) bool { return c.ID == id })
		if !known {
			t.Errorf("waiver of the unknown clause %q", id)
		}
		if reason == "" {
			t.Errorf("waiver of %s without a reason", id)
		}
	}
}
