package conformance_test

import (
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
)

func TestReportIsATable(t *testing.T) {
	t.Parallel()
	r := conformance.Report{Port: "ObjectStore", Adapter: "file", Results: []conformance.Result{
		{ID: "OS-GET-1", Text: "Get of an absent key MUST answer ErrNotFound.", Status: conformance.Passed},
		{ID: "OS-DEL-2", Text: "unused", Status: conformance.Unsupported, Note: "conditional delete"},
		{ID: "OS-KEY-10", Text: "A text that is so long that nobody wants to read it to its very end in a table of many lines MUST be cut.", Status: conformance.Passed},
		{ID: "OS-PUT-6", Text: "unused", Status: conformance.Waived, Note: "the server has no limit"},
	}}
	want := `ObjectStore file
  OS-GET-1   passed       Get of an absent key MUST answer ErrNotFound.
  OS-DEL-2   unsupported  conditional delete
  OS-KEY-10  passed       A text that is so long that nobody wants to read it to its very end in a table of many …
  OS-PUT-6   waived       the server has no limit
4 clauses, 2 passed, 1 unsupported, 1 waived`
	if got := r.String(); got != want {
		t.Errorf("the report is\n%s\nwant\n%s", got, want)
	}
}
