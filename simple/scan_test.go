package simple_test

import (
	"fmt"
	"testing"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

// A scan of files with a filter, a sort and a limit makes at most ten
// allocations a document. It is here because the race detector, which counts
// its own, does not run on this module.
func TestScanAllocations(t *testing.T) {
	ctx := t.Context()
	const many = 2000
	users := collect[User](t, open(t, simple.FileURL(t.TempDir())+"?sync=none"))
	docs := make([]core.Document[User], many)
	for i := range docs {
		docs[i] = core.Document[User]{Value: User{ID: fmt.Sprintf("%04d", i), Name: fmt.Sprint("name ", i*7919%many)}}
	}
	if _, err := users.Core().CreateAll(ctx, docs); err != nil {
		t.Fatal(err)
	}
	if err := users.Core().WaitReady(ctx); err != nil { // a build in the background allocates, too
		t.Fatal(err)
	}
	query := users.Query().Where(core.Gte("name", "name 5")).OrderBy("name", core.Desc).Limit(50)
	allocations := testing.AllocsPerRun(3, func() {
		if found, err := query.All(ctx); err != nil || len(found) != 50 {
			t.Error(len(found), err)
		}
	})
	perDocument := allocations / many
	t.Logf("%.2f allocations a document", perDocument)
	if perDocument > 10 {
		t.Errorf("%.1f allocations a document, want at most 10", perDocument)
	}
}
