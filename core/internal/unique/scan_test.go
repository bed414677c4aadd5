package unique_test

import (
	"context"
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/unique"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// A claim that changes while a scan makes it is read again. Where it can't be
// read, that ends the scan at once.
func TestAScanReportsThatAClaimCannotBeReadAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t, memory.StoreOptions{HashVersions: true})
	key, changed := f.need().Key, false
	f.put("c/me.json", `{"_rev":"`+rev1+`","v":"u"}`)
	f.plan.On(faults.Match{Method: faults.Put, Key: key}).Before(func(context.Context, faults.Call) error {
		f.put(key, claimed("other", "-"))
		changed = true
		return nil
	})
	f.plan.On(faults.Match{Method: faults.Get, Key: key, Times: faults.Always}).Before(func(context.Context, faults.Call) error {
		if changed {
			return ports.ErrPermission
		}
		return nil
	})
	_, err := f.Scan(t.Context(), []unique.Constraint{{Definition: definition}}, true)
	if !errors.Is(err, ports.ErrPermission) || f.plan.Calls(faults.Get) != 4 || f.plan.Calls(faults.Put) != 1 {
		t.Errorf("%v after %s", err, f.plan.Trace())
	}
}
