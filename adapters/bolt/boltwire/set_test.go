package boltwire_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/adapters/bolt/boltwire"
	"github.com/smarterbase/smarterbase/ports"
)

func TestTheCleanUpClosesTheIndex(t *testing.T) {
	t.Parallel()
	path := boltwire.Path(filepath.Join(t.TempDir(), "index.bolt"))
	index, cleanUp, err := boltwire.Open(t.Context(), path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := boltwire.Open(t.Context(), path, bolt.Options{}); !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("a second one: %v", err)
	}
	cleanUp()
	if _, err := index.Identity(t.Context()); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("after the clean-up: %v", err)
	}
}
