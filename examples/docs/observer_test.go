package docs_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/simple"
)

// TestTheObserverTellsWhatBecomesOfAnIndex looks on while the index of a
// folder is lost and built anew, as docs/operating.md says one can.
func TestTheObserverTellsWhatBecomesOfAnIndex(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	withPets(t, folder, func(pets *simple.Collection[pet]) {
		if _, err := pets.Create(t.Context(), pet{"tom", "cat"}); err != nil {
			t.Fatal(err)
		}
	})
	if err := os.Remove(filepath.Join(folder, ".sb/index.bolt")); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var states, reasons []string
	var last ports.IndexBuildInfo
	var options core.Options
	options.Observer.IndexState = func(_ context.Context, info ports.IndexStateInfo) {
		mu.Lock()
		defer mu.Unlock()
		states = append(states, info.State)
		if info.Reason != "" {
			reasons = append(reasons, info.Reason)
		}
	}
	options.Observer.IndexBuild = func(_ context.Context, info ports.IndexBuildInfo) {
		mu.Lock()
		defer mu.Unlock()
		last = info
	}
	withPets(t, folder, func(*simple.Collection[pet]) {}, simple.WithCore(options))
	mu.Lock()
	defer mu.Unlock()
	if got := slices.Compact(states); !slices.Equal(got, []string{"ready", "building", "ready"}) || len(reasons) != 1 {
		t.Errorf("states %v with reasons %q", got, reasons)
	}
	if last != (ports.IndexBuildInfo{Collection: "pets", Documents: 1, Entries: 1, Done: true}) {
		t.Errorf("the build ended with %+v", last)
	}
}
