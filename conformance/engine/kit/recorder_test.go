package kit_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
)

// recorder is a testing.TB that keeps failures to itself, so that a check can
// fail without failing the test around it. Methods that the kit doesn't use
// are not there: they panic.
type recorder struct {
	testing.TB
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Log(...any)               {}
func (r *recorder) Logf(string, ...any)      {}
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	r.FailNow()
}

func (r *recorder) FailNow() { runtime.Goexit() }

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) > 0
}

func (r *recorder) Cleanup(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, fn)
}

// record runs one clause to its end, cleanups included, and returns its
// failures.
func record[H any](t *testing.T, c conformance.Clause[H], h H) []string {
	t.Helper()
	r := &recorder{}
	r.ctx, r.cancel = context.WithCancel(t.Context())
	var result conformance.Result
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(r, h, &result)
	}()
	<-done
	r.cancel()
	for _, cleanup := range slices.Backward(r.cleanups) {
		cleanup()
	}
	if failed := result.Status == conformance.Failed; failed != (len(r.failures) > 0) && result.ID != "" {
		t.Errorf("the result is %+v with failures %q", result, r.failures)
	}
	return r.failures
}

// broken is an adapter with a fault, and the clause that it breaks.
type broken[H any] struct {
	clause  string
	fault   string // in a few words
	harness H
}

// raceTries is how often a broken adapter may pass: a check of what happens at
// the same time finds a fault on most runs, not on all.
const raceTries = 20

// mustFail runs each broken adapter against its clause.
func mustFail[H any](t *testing.T, clauses []conformance.Clause[H], adapters []broken[H]) {
	t.Helper()
	proven := map[string]bool{}
	for _, b := range adapters {
		i := slices.IndexFunc(clauses, func(c conformance.Clause[H]) bool { return c.ID == b.clause })
		if i < 0 {
			t.Fatalf("there is no clause %s", b.clause)
		}
		proven[b.clause] = true
		t.Run(b.clause+" "+b.fault, func(t *testing.T) {
			t.Parallel()
			var failures []string
			for tries := 0; len(failures) == 0; tries++ {
				if tries == raceTries {
					t.Fatalf("an adapter that %s passes %s, %d times", b.fault, b.clause, tries)
				}
				failures = record(t, clauses[i], b.harness)
			}
			for _, f := range failures {
				if !strings.HasPrefix(f, b.clause+", "+clauses[i].Source()) || !strings.Contains(f, clauses[i].Text) {
					t.Errorf("the failure %q does not name clause, source and text", f)
				}
			}
			t.Log(failures[0])
		})
	}
	for _, c := range clauses {
		if !proven[c.ID] {
			t.Errorf("no broken adapter shows that the check of %s can fail", c.ID)
		}
	}
}
