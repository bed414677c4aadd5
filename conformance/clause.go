package conformance

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
)

// Clause is one promise of a contract with the check that proves it. H is the
// harness of the port: StoreHarness, IndexHarness, LockerHarness,
// CounterHarness or CacheHarness.
type Clause[H any] struct {
	ID    string // as in the comments of package ports, without brackets
	Text  string // the promise, in the words of the contract or fewer
	Check func(t *T, h H)
}

// Source returns file and line of the check, such as
// "conformance/store_get.go:31".
func (c Clause[H]) Source() string {
	fn := runtime.FuncForPC(reflect.ValueOf(c.Check).Pointer())
	file, line := fn.FileLine(fn.Entry())
	return fmt.Sprintf("conformance/%s:%d", filepath.Base(file), line)
}

// Run checks the clause against what h makes, reports failures to tb, and
// stores the outcome in result, also when the check ends early.
func (c Clause[H]) Run(tb testing.TB, h H, result *Result) {
	t := &T{TB: tb, id: c.ID, text: c.Text, source: c.Source(), status: Passed}
	defer func() {
		if tb.Failed() {
			t.status, t.note = Failed, t.source
		}
		*result = Result{ID: c.ID, Text: c.Text, Status: t.status, Note: t.note}
	}()
	c.Check(t, h)
}

// T is the testing.TB of one check. Its failures name the clause.
type T struct {
	testing.TB
	id, text, source string

	status Status
	note   string
}

// Errorf reports a failure of the clause and goes on.
func (t *T) Errorf(format string, args ...any) {
	t.Helper()
	t.TB.Errorf("%s", t.message(format, args))
}

// Fatalf reports a failure of the clause and ends the check. It must be called
// on the goroutine of the check.
func (t *T) Fatalf(format string, args ...any) {
	t.Helper()
	t.TB.Fatalf("%s", t.message(format, args))
}

func (t *T) message(format string, args []any) string {
	return fmt.Sprintf("%s, %s: %s\n\tclause: %s", t.id, t.source, fmt.Sprintf(format, args...), t.text)
}

// unsupported records that the adapter says it can't, and that the check
// proved that it refuses.
func (t *T) unsupported(note string) { t.status, t.note = Unsupported, note }

// absent records that the clause is about something that the adapter or the
// harness has not.
func (t *T) absent(note string) { t.status, t.note = Absent, note }
